// Walks over the logs: every log that fits, once, whatever happens meanwhile.
#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

struct WalkFixture : StoreFixture {
    /// Many of the same moments; every third of another token, every fifth failed.
    void add(unsigned first, unsigned count) {
        std::vector<IngestItem> batch;
        for (unsigned i = first; i < first + count; ++i) {
            Event event = make_event(i, 1000 + i * 37 % 50);
            if (i % 3 == 0) event.token_id = "token-3";
            if (i % 4 == 0) event.conversation_id.clear();
            if (i % 7 == 0) event.conversation_id = "conversation-7";
            event.success = i % 5 != 0;
            batch.push_back(make_item(i, event));
        }
        writer->append(batch);
    }

    /// The ids in the order of the walk; `between` is called after each step.
    std::vector<std::string> walk(const LogFilter& filter, std::int64_t step,
                                  const std::function<void()>& between = {}) const {
        std::vector<std::string> ids;
        LogWalk walk = reader()->begin_log_walk(filter);
        while (!walk.at_end) {
            // Another reader each time.
            reader()->step_log_walk(walk, step,
                                    [&](const RequestLog& log) { ids.push_back(log.event.id); });
            if (between) between();
        }
        return ids;
    }

    /// The same by a page of the list, in no order.
    std::vector<std::string> list(const LogFilter& filter) const {
        PageRequest page;
        page.limit = 100'000;
        std::vector<std::string> ids;
        const LogPage found = reader()->request_logs(filter, page).value();
        for (const RequestLog& log : found.logs) ids.push_back(log.event.id);
        return ids;
    }
};

std::vector<std::string> sorted(std::vector<std::string> ids) {
    std::sort(ids.begin(), ids.end());
    return ids;
}

}  // namespace

TEST_CASE("A walk hands over each log once, the oldest first", "[store][walk]") {
    WalkFixture fixture;
    fixture.add(1, 300);
    for (const std::int64_t step : {1, 7, 299, 300, 301}) {
        std::vector<std::string> expected;
        LogWalk walk = fixture.reader()->begin_log_walk({});
        std::int64_t last_ms = 0;
        while (!walk.at_end) {
            fixture.reader()->step_log_walk(walk, step, [&](const RequestLog& log) {
                CHECK(log.event.request_at_ms >= last_ms);
                last_ms = log.event.request_at_ms;
                expected.push_back(log.event.id);
            });
        }
        CHECK(expected.size() == 300);
        CHECK(sorted(expected) == sorted(fixture.list({})));
    }
}

TEST_CASE("A walk and the list agree on every filter", "[store][walk]") {
    WalkFixture fixture;
    fixture.add(1, 300);
    std::vector<LogFilter> filters(12);
    filters[1].token_id = "token-3";
    filters[2].conversation_id = "conversation-7";
    filters[3].token_id = "token-3", filters[3].conversation_id = "conversation-7";
    filters[4].success = false;
    filters[5].status_code = 200, filters[5].token_id = "token-1";
    filters[6].from_ms = 1010, filters[6].to_ms = 1020;
    filters[7].from_ms = 1010, filters[7].token_id = "token-3", filters[7].success = true;
    filters[8].to_ms = 1010, filters[8].conversation_id = "conversation-1";
    filters[9].user_name = "ann", filters[9].account_id = "account-1", filters[9].mode = "api";
    filters[10].model = "claude-sonnet-4-5";
    filters[11].model = "none";
    for (const LogFilter& filter : filters) {
        CHECK(sorted(fixture.walk(filter, 13)) == sorted(fixture.list(filter)));
    }
    CHECK(fixture.walk(filters[3], 13).size() == 14);  // 21, 42 … 294.
    CHECK(fixture.walk(filters[11], 13).empty());
}

TEST_CASE("A log handed over has all its fields", "[store][walk]") {
    StoreFixture fixture;
    const Event full = make_event(1);
    Event bare;
    bare.id = make_event(2).id;
    bare.token_id = "t";
    bare.request_at_ms = full.request_at_ms + 1;
    bare.status_code = 499;
    fixture.writer->append({make_item(1, full, 77), make_item(2, bare, std::nullopt)});
    std::vector<RequestLog> logs;
    LogWalk walk = fixture.reader()->begin_log_walk({});
    fixture.reader()->step_log_walk(walk, 10, [&](const RequestLog& log) { logs.push_back(log); });
    REQUIRE(logs.size() == 2);
    for (const RequestLog& log : logs) {
        const RequestLog one = fixture.reader()->request_log(log.event.id).value();
        CHECK(log.event == one.event);
        CHECK(log.cost_nano_usd == one.cost_nano_usd);
        CHECK(log.proxy_id == one.proxy_id);
    }
    CHECK(logs[1].event.account_id.empty());
    CHECK(logs[1].event.usage == Usage{});
}

TEST_CASE("Logs that come meanwhile are not part of a walk, logs that go are skipped",
          "[store][walk]") {
    WalkFixture fixture;
    fixture.add(1, 100);
    const std::vector<std::string> before = fixture.list({});
    unsigned next = 101;
    const auto ids = fixture.walk({}, 10, [&] { fixture.add(next, 20), next += 20; });
    CHECK(sorted(ids) == sorted(before));

    int steps = 0;
    const auto left = fixture.walk({}, 10, [&] {
        if (++steps == 1) fixture.writer->purge_request_logs(1025, 1000);
    });
    CHECK(left.size() < fixture.list({}).size() + 11);
    CHECK(left.size() >= fixture.list({}).size());
}

TEST_CASE("A step that finds nothing looks at no more than it may", "[store][walk]") {
    WalkFixture fixture;
    fixture.add(1, 100);
    LogFilter nothing;
    nothing.model = "none";
    LogWalk walk = fixture.reader()->begin_log_walk(nothing);
    int steps = 0;
    while (!walk.at_end) {
        fixture.reader()->step_log_walk(walk, 10, [](const RequestLog&) { FAIL(); });
        ++steps;
    }
    CHECK(steps == 11);
}

TEST_CASE("A walk over an empty table ends at once", "[store][walk]") {
    const WalkFixture fixture;
    CHECK(fixture.walk({}, 10).empty());
}
