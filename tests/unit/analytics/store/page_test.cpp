// Lists of logs: every sort, paged by number and by cursor, gives the whole list once; filters;
// totals.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/analytics/store/traffic.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using Catch::Contains;

namespace {

constexpr unsigned count = 103;

/// Logs with few different values, so that there are many ties, and with NULLs.
std::vector<RequestLog> fill(StoreWriter& writer) {
    std::mt19937 random(11);
    const auto below = [&](unsigned limit) { return static_cast<std::int64_t>(random() % limit); };
    std::vector<RequestLog> logs;
    std::vector<IngestItem> items;
    for (unsigned i = 1; i <= count; ++i) {
        Event event = make_event(i, 1'735'700'000'000 + below(6) * 1000);
        event.duration_ms = below(4);
        event.status_code = below(2) == 0 ? 200 : 529;
        event.success = event.status_code == 200;
        event.token_id = "token-" + std::to_string(below(3));
        event.conversation_id = below(2) == 0 ? "" : "c" + std::to_string(below(3));
        event.usage.output_tokens = below(3);
        if (below(3) == 0) event.ttft_ms.reset();
        if (below(3) == 0) {
            event.usage = {};
            event.usage_source = UsageSource::none;
        }
        const bool priced = below(3) != 0;
        const auto cost = priced ? std::optional<std::int64_t>(below(3)) : std::nullopt;
        logs.push_back({event, "proxy-1", cost});
        items.push_back(make_item(i, event, cost));
    }
    writer.append(items);
    return logs;
}

std::optional<std::int64_t> value_of(const RequestLog& log, SortField sort) {
    switch (sort) {
        case SortField::request_at:
            return log.event.request_at_ms;
        case SortField::duration_ms:
            return log.event.duration_ms;
        case SortField::ttft_ms:
            return log.event.ttft_ms;
        case SortField::total_tokens:
            if (log.event.usage_source == UsageSource::none) return std::nullopt;
            return log.event.usage.prompt_tokens() + log.event.usage.output_tokens;
        case SortField::cost:
            return log.cost_nano_usd;
        case SortField::status_code:
            return log.event.status_code;
    }
    return std::nullopt;
}

std::vector<std::string> sorted_ids(std::vector<RequestLog> logs, const PageRequest& page) {
    std::sort(logs.begin(), logs.end(), [&](const RequestLog& a, const RequestLog& b) {
        const auto key = [&](const RequestLog& log) {
            return std::pair(value_of(log, page.sort), log.event.id);
        };
        return page.ascending ? key(a) < key(b) : key(b) < key(a);
    });
    std::vector<std::string> ids;
    for (const RequestLog& log : logs) ids.push_back(log.event.id);
    return ids;
}

void collect(const LogPage& page, std::vector<std::string>& ids) {
    for (const RequestLog& log : page.logs) ids.push_back(log.event.id);
}

}  // namespace

TEST_CASE("pages and cursors both give the whole list, in order", "[store]") {
    StoreFixture store;
    const std::vector<RequestLog> logs = fill(*store.writer);
    const auto reader = store.reader();
    PageRequest request;
    request.sort = GENERATE(SortField::request_at, SortField::duration_ms, SortField::ttft_ms,
                            SortField::total_tokens, SortField::cost, SortField::status_code);
    request.ascending = GENERATE(true, false);
    request.limit = GENERATE(1, 10, 103, 200);
    const std::vector<std::string> expected = sorted_ids(logs, request);

    std::vector<std::string> by_page;
    for (request.page = 0;; ++request.page) {
        const LogPage page = reader->request_logs({}, request).value();
        CHECK(page.total == count);
        collect(page, by_page);
        if (page.next_cursor.empty()) break;
    }
    CHECK(by_page == expected);

    std::vector<std::string> by_cursor;
    request.page = 0;
    do {
        const LogPage page = reader->request_logs({}, request).value();
        CHECK(page.total == count);
        collect(page, by_cursor);
        request.cursor = page.next_cursor;
    } while (!request.cursor.empty());
    CHECK(by_cursor == expected);
}

TEST_CASE("a cursor goes on where it was although new rows have come", "[store]") {
    StoreFixture store;
    store.writer->append({make_item(1, make_event(1, 1000)), make_item(2, make_event(2, 2000))});
    const auto reader = store.reader();
    PageRequest request;
    request.limit = 1;
    request.cursor = reader->request_logs({}, request).value().next_cursor;
    store.writer->append({make_item(3, make_event(3, 3000))});
    const LogPage page = reader->request_logs({}, request).value();
    REQUIRE(page.logs.size() == 1);
    CHECK(page.logs[0].event.id == make_event(1).id);
    CHECK(page.total == 3);
}

TEST_CASE("filters choose, alone and together, and total counts what they choose", "[store]") {
    StoreFixture store;
    const std::vector<RequestLog> logs = fill(*store.writer);
    struct Case {
        LogFilter filter;
        std::function<bool(const Event&)> fits;
    };
    Case c;
    SECTION("token") {
        c.filter.token_id = "token-1";
        c.fits = [](const Event& e) { return e.token_id == "token-1"; };
    }
    SECTION("conversation") {
        c.filter.conversation_id = "c2";
        c.fits = [](const Event& e) { return e.conversation_id == "c2"; };
    }
    SECTION("success") {
        c.filter.success = false;
        c.fits = [](const Event& e) { return !e.success; };
    }
    SECTION("status and time, from inclusive, to exclusive") {
        c.filter.status_code = 200;
        c.filter.from_ms = 1'735'700'001'000;
        c.filter.to_ms = 1'735'700'003'000;
        c.fits = [](const Event& e) {
            return e.status_code == 200 && e.request_at_ms >= 1'735'700'001'000 &&
                   e.request_at_ms < 1'735'700'003'000;
        };
    }
    SECTION("all that make_event has in common") {
        c.filter.account_id = "account-1";
        c.filter.user_name = "ann";
        c.filter.mode = "api";
        c.filter.model = "claude-sonnet-4-5";
        c.fits = [](const Event&) { return true; };
    }
    SECTION("none") {
        c.filter.model = "claude' OR 1=1 --";
        c.fits = [](const Event&) { return false; };
    }
    std::vector<RequestLog> fitting;
    for (const RequestLog& log : logs) {
        if (c.fits(log.event)) fitting.push_back(log);
    }
    PageRequest request;
    request.limit = 7;
    std::vector<std::string> ids;
    do {
        const LogPage page = store.reader()->request_logs(c.filter, request).value();
        CHECK(page.total == static_cast<std::int64_t>(fitting.size()));
        collect(page, ids);
        request.cursor = page.next_cursor;
    } while (!request.cursor.empty());
    CHECK(ids == sorted_ids(fitting, request));
}

namespace {

constexpr std::int64_t start_ms = 1'735'689'600'000;
constexpr std::int64_t day_ms = 86'400'000;

/// Of several days, with users of one, of two, and of more tokens than are walked one by one.
std::vector<IngestItem> traffic_of_users() {
    std::vector<IngestItem> items = random_traffic(7, 400, start_ms, start_ms + 4 * day_ms);
    for (unsigned i = 0; i < items.size(); ++i) {
        Event& event = std::get<PricedEvent>(items[i].content).event;
        event.request_at_ms -= event.request_at_ms % 1'000'000;  // Many at the same moment.
        if (i % 8 != 0) continue;
        event.token_id = "token-of-crowd-" + std::to_string(i % 40);
        event.user_name = i % 40 < 5 ? "small-crowd" : "crowd-" + std::to_string(i % 2);
    }
    for (unsigned i = 0; i < 20; ++i) {
        Event event = make_event(50'000 + i, start_ms + i * 10'000'000);
        event.token_id = "token-of-many-" + std::to_string(i);
        event.user_name = "many";
        items.push_back(make_item(1'000 + i, event));
    }
    return items;
}

LogFilter random_filter(std::mt19937& random, const std::vector<IngestItem>& items) {
    const Event& some = std::get<PricedEvent>(items[random() % items.size()].content).event;
    LogFilter filter;
    const auto choose = [&](std::optional<std::string>& member, const std::string& value) {
        if (random() % 3 == 0 && !value.empty()) member = value;
    };
    choose(filter.token_id, some.token_id);
    choose(filter.user_name, some.user_name);
    choose(filter.account_id, some.account_id);
    choose(filter.mode, some.mode);
    choose(filter.model, some.model);
    if (random() % 2 == 0) filter.success = random() % 4 == 0;
    if (random() % 4 == 0) filter.from_ms = some.request_at_ms - 7'000'000;
    if (random() % 4 == 0) filter.to_ms = some.request_at_ms + 7'000'000;
    return filter;
}

bool fits(const LogFilter& filter, const Event& event) {
    const auto is = [](const auto& wanted, const auto& value) {
        return !wanted || *wanted == value;
    };
    return is(filter.token_id, event.token_id) && is(filter.user_name, event.user_name) &&
           is(filter.account_id, event.account_id) && is(filter.mode, event.mode) &&
           is(filter.model, event.model) && is(filter.success, event.success) &&
           event.request_at_ms >= filter.from_ms.value_or(0) &&
           event.request_at_ms < filter.to_ms.value_or(INT64_MAX);
}

}  // namespace

TEST_CASE("pages of any filter give what looking at every log gives", "[store]") {
    StoreFixture store;
    const std::vector<IngestItem> items = traffic_of_users();
    append_in_batches(*store.writer, items);
    const auto reader = store.reader();
    std::mt19937 random(23);
    for (int i = 0; i < 300; ++i) {
        LogFilter filter = random_filter(random, items);
        PageRequest request;
        request.ascending = random() % 2 == 0;
        request.limit = 1 + static_cast<std::int64_t>(random() % 40);
        std::vector<RequestLog> fitting;
        for (const IngestItem& item : items) {
            const PricedEvent& priced = std::get<PricedEvent>(item.content);
            if (fits(filter, priced.event)) fitting.push_back({priced.event, "", {}});
        }
        std::vector<std::string> ids;
        do {
            const LogPage page = reader->request_logs(filter, request).value();
            CHECK(page.total == static_cast<std::int64_t>(fitting.size()));
            CHECK(page.total_is_exact);
            collect(page, ids);
            request.cursor = page.next_cursor;
        } while (!request.cursor.empty());
        CHECK(ids == sorted_ids(fitting, request));
    }
}

TEST_CASE("what fits is counted although there are more groups than are looked up", "[store]") {
    StoreFixture store;
    std::vector<IngestItem> items;
    for (unsigned i = 1; i <= 310; ++i) {
        // Hours before the newest one come from roll-ups.
        Event event = make_event(i, start_ms + (i == 310 ? day_ms : 0));
        event.mode = i <= 300 ? "api" : "web";
        event.model = "model-" + std::to_string(i);
        items.push_back(make_item(i, event));
    }
    store.writer->append(items);
    LogFilter filter;
    filter.mode = "api";
    PageRequest request;
    request.limit = 400;
    const LogPage page = store.reader()->request_logs(filter, request).value();
    CHECK(page.logs.size() == 300);
    CHECK(page.total == 300);
}

TEST_CASE("a cursor of another sort, and a page out of range, are refused", "[store]") {
    StoreFixture store;
    fill(*store.writer);
    const auto reader = store.reader();
    PageRequest request;
    request.limit = 5;
    request.cursor = reader->request_logs({}, request).value().next_cursor;
    REQUIRE_FALSE(request.cursor.empty());
    request.ascending = true;
    CHECK_THAT(reader->request_logs({}, request).error().message, Contains("cursor"));
    request.ascending = false;
    request.sort = SortField::cost;
    CHECK_THAT(reader->request_logs({}, request).error().message, Contains("cursor"));
    PageRequest outside;
    outside.page = INT64_MAX;
    CHECK_THAT(reader->request_logs({}, outside).error().message, Contains("page"));
}

TEST_CASE("the usual lists walk an index instead of sorting all rows", "[store]") {
    StoreFixture store;
    const auto plan = [&](const std::string& where) {
        return store.query("EXPLAIN QUERY PLAN SELECT * FROM request_logs " + where +
                           " ORDER BY request_at DESC, id DESC LIMIT 50");
    };
    CHECK_THAT(plan(""), Contains("request_logs_by_time") && !Contains("FOR ORDER BY"));
    CHECK_THAT(plan("WHERE (request_at, id) < (5, 'x')"), Contains("SEARCH"));
    CHECK_THAT(plan("WHERE token_id = 'x'"), Contains("request_logs_by_token"));
    CHECK_THAT(plan("WHERE conversation_id = 'x'"), Contains("request_logs_by_conversation"));
}
