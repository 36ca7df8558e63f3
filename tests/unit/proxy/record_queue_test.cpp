#include "proxy/record_queue.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "proxy/journal/reader.hpp"
#include "proxy/net/task.hpp"
#include "tests/unit/proxy/journal/journal_fixture.hpp"
#include "tests/unit/temp_folder.hpp"

namespace ccproxy {
namespace {

Event event_of(const std::string& name) {
    Event event;
    event.id = std::string("01a2076a-d1a0-70ba-a785-9764869d8c69");
    event.user_name = name;
    event.token_id = std::string("token");
    event.mode = std::string("api");
    event.request_at_ms = event.response_at_ms = 1'700'000'000'000;
    event.status_code = 200;
    event.usage.output_tokens = 10;
    return event;
}

struct Fixture {
    test::TempFolder folder;
    journal::Journal journal;
    limits::TokenLimiter limiter;
    SystemClock clock;
    net::EventLoop loop;
    RecordQueue queue{loop, journal, limiter, clock};
    std::shared_ptr<TokenEntry> token = std::make_shared<TokenEntry>();
    std::string said;  ///< What the requests did, in order.

    explicit Fixture(std::int64_t max_bytes = 1 << 30) : journal(options(max_bytes)) {}

    [[nodiscard]] journal::JournalOptions options(std::int64_t max_bytes) const {
        journal::JournalOptions made;
        made.max_bytes = max_bytes;
        made.folder = folder.file("journal");
        made.proxy_name = "test";
        return made;
    }

    net::Task<void> request(std::string name, std::size_t error_bytes = 0) {
        Event event = event_of(name);
        event.error_message = journal::noise(error_bytes);
        queue.add(event, token);
        said.append(name).append(" waits, ");
        co_await queue.written();
        said.append(name).append(" goes on after ");
        said.append(std::to_string(journal.last_seq())).append(", ");
    }
    void begin(std::string name, std::size_t error_bytes = 0) {
        net::spawn(request(std::move(name), error_bytes),
                   [](const std::exception_ptr& failure) { CHECK_FALSE(failure); });
    }
    /// The only turn of the loop, in which `actions` run.
    void turn(const std::function<void()>& actions) {
        loop.post(actions);
        loop.stop();
        loop.run();
    }
    [[nodiscard]] std::vector<std::string> recorded() const {
        journal::JournalReader reader(journal.folder());
        std::vector<std::string> names;
        while (const auto entry = reader.next(journal.last_seq())) {
            names.push_back(decode_event(entry->event).value().user_name);
        }
        return names;
    }
};

}  // namespace

TEST_CASE("requests that end in one turn are recorded together, before any goes on") {
    Fixture f;
    f.turn([&] {
        f.begin("a");
        f.begin("b");
        CHECK(f.journal.last_seq() == 0);
    });
    CHECK(f.said == "a waits, b waits, a goes on after 2, b goes on after 2, ");
    CHECK(f.recorded() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("who has nothing to wait for goes on at once") {
    Fixture f;
    bool went_on = false;
    const auto wait = [&]() -> net::Task<void> {
        co_await f.queue.written();
        went_on = true;
    };
    net::spawn(wait(), [](const std::exception_ptr&) {});
    CHECK(went_on);
}

TEST_CASE("what nobody waits for is written in its turn all the same") {
    Fixture f;
    f.turn([&] { f.queue.add(event_of("aborted"), f.token); });
    CHECK(f.recorded() == std::vector<std::string>{"aborted"});
}

TEST_CASE("an event too large to be packed is written at once, behind those that wait") {
    Fixture f;
    const auto say = [&](const std::string& name, std::size_t bytes) {
        ConversationText text;
        text.prompt = R"("system":")" + std::string(bytes, 's') + R"(","messages":[])";
        const Event event = event_of(name);
        f.queue.add(event, encode_event(event, text), f.token);
    };
    f.turn([&] {
        f.begin("a");
        say("short", 1'000);
        CHECK(f.journal.last_seq() == 0);
        say("long", 100'000);
        CHECK(f.journal.last_seq() == 3);
        say("short", 1'000);
    });
    CHECK(f.recorded() == std::vector<std::string>{"a", "short", "long", "short"});
    CHECK(f.queue.dropped() == 0);
}

TEST_CASE("what waits takes its room in the journal, and what finds none is counted") {
    Fixture f(20'000);
    f.turn([&] {
        CHECK(f.queue.has_room(19'000));
        f.begin("a", 1'000);
        CHECK_FALSE(f.queue.has_room(19'000));
        for (int i = 0; i < 25; ++i) f.begin("b", 1'000);
    });
    CHECK(f.queue.dropped() > 0);
    CHECK(f.queue.dropped() + f.recorded().size() == 26);
}

TEST_CASE("of many that end in one turn a part is written earlier") {
    Fixture f;
    std::size_t begun = 0;
    f.turn([&] {
        while (f.journal.last_seq() == 0 && begun < 100'000) {
            f.begin(std::to_string(++begun), 1'000);
        }
    });
    CHECK(begun < 1'000);
    CHECK(f.recorded().size() == begun);
    CHECK(f.said.ends_with(std::to_string(begun).append(", ")));
}

TEST_CASE("the tokens of a recorded event count") {
    Fixture f;
    f.token->id = std::string("t");
    f.token->limits.tokens_per_day = 15;
    const auto admits = [&] {
        return !f.limiter.admit(*f.token, f.clock.unix_ms(), 1).exceeded.has_value();
    };
    f.turn([&] {
        f.begin("a");
        f.begin("b");
        CHECK(admits());
    });
    CHECK_FALSE(admits());
}

}  // namespace ccproxy
