// The bounds of the inbox, what it hands out, and what its end does.
#include "analytics/ingest/inbox.hpp"

#include <catch2/catch.hpp>
#include <future>

using namespace ccproxy::analytics;
using std::chrono::milliseconds;

namespace {

constexpr auto never = std::chrono::steady_clock::time_point::max();

Inbox::Time now() {
    return std::chrono::steady_clock::now();
}

QueuedEvent event(std::uint64_t seq, std::size_t bytes = 10, std::uint32_t generation = 0) {
    QueuedEvent queued;
    queued.item.proxy_id = std::string("p");
    queued.item.seq = seq;
    queued.bytes = bytes;
    queued.generation = generation;
    return queued;
}

}  // namespace

TEST_CASE("the inbox is full by number or by bytes until a batch is released", "[ingest]") {
    Inbox inbox({3, 100}, {1, milliseconds(0)});
    CHECK(inbox.has_room());
    SECTION("by number") {
        for (std::uint64_t seq = 1; seq <= 3; ++seq) inbox.push(event(seq));
    }
    SECTION("by bytes") {
        inbox.push(event(1, 5000));
    }
    CHECK_FALSE(inbox.has_room());
    const Inbox::Work work = inbox.wait(never, true);
    CHECK_FALSE(inbox.has_room());  // A batch that is being written still takes its room.
    inbox.release(work.batch);
    CHECK(inbox.has_room());
    CHECK(inbox.level().events == 0);
    CHECK(inbox.level().bytes == 0);
}

TEST_CASE("a batch ends with the event with which it has the bytes that were asked for",
          "[ingest]") {
    Inbox inbox({100, 10'000}, {3, milliseconds(60'000)});
    for (std::uint64_t seq = 1; seq <= 5; ++seq) inbox.push(event(seq));
    CHECK(inbox.wait(never, true, 1).batch.items.size() == 1);
    CHECK(inbox.wait(never, true, 20).batch.items.size() == 2);
    CHECK(inbox.wait(now(), true, 20).batch.items.empty());  // Two of them are no batch yet.
    inbox.close();
    CHECK(inbox.wait(never, true, 100).batch.items.size() == 2);
}

TEST_CASE("a batch keeps the order and knows each proxy's last seq", "[ingest]") {
    Inbox inbox({100, 10'000}, {3, milliseconds(60'000)});
    inbox.push(event(8, 10, 0));
    inbox.push(event(2, 20, 1));
    inbox.push(event(3, 30, 1));
    const Batch batch = inbox.wait(never, true).batch;
    REQUIRE(batch.items.size() == 3);
    CHECK(batch.items[0].seq == 8);
    CHECK(batch.items[2].seq == 3);
    CHECK(batch.bytes == 60);
    CHECK(batch.proxies.at("p").seq == 3);
    CHECK(batch.proxies.at("p").generation == 1);
}

TEST_CASE("any number of events that wait comes out in the order in which it came", "[ingest]") {
    Inbox inbox({100'000, 10'000'000}, {1, milliseconds(0)});
    std::uint64_t pushed = 0;
    std::uint64_t taken = 0;
    for (const std::uint64_t more : {30, 1'500, 40, 5'000, 0, 3}) {
        for (std::uint64_t i = 0; i < more; ++i) inbox.push(event(++pushed));
        // Some stay behind, and more come behind these.
        const Batch batch = inbox.wait(never, true).batch;
        for (const IngestItem& item : batch.items) REQUIRE(item.seq == ++taken);
        inbox.release(batch);
    }
    CHECK(inbox.level().events == pushed - taken);
    while (taken < pushed) {
        for (const IngestItem& item : inbox.wait(never, true).batch.items) {
            REQUIRE(item.seq == ++taken);
        }
    }
}

TEST_CASE("fewer events than a batch wait for their time", "[ingest]") {
    Inbox inbox({100, 10'000}, {3, milliseconds(20)});
    inbox.push(event(1));
    CHECK(inbox.wait(now(), true).batch.items.empty());
    CHECK(inbox.wait(never, true).batch.items.size() == 1);
}

TEST_CASE("another thread's event and command end the wait", "[ingest]") {
    Inbox inbox({100, 10'000}, {1, milliseconds(60'000)});
    auto batch = std::async(std::launch::async, [&] { return inbox.wait(never, true); });
    inbox.push(event(1));
    CHECK(batch.get().batch.items.size() == 1);
    auto command = std::async(std::launch::async, [&] { return inbox.wait(never, true); });
    CHECK(inbox.post([] {}));
    CHECK(command.get().commands.size() == 1);
}

TEST_CASE("commands come at once although no batch is wanted", "[ingest]") {
    Inbox inbox({100, 10'000}, {1, milliseconds(0)});
    inbox.push(event(1));
    inbox.post([] {});
    const Inbox::Work work = inbox.wait(never, false);
    CHECK(work.commands.size() == 1);
    CHECK(work.batch.items.empty());
    CHECK_FALSE(work.empty);
}

TEST_CASE("a closed inbox gives out what it holds and takes nothing", "[ingest]") {
    Inbox inbox({100, 10'000}, {50, milliseconds(60'000)});
    inbox.push(event(1));
    inbox.close();
    CHECK_FALSE(inbox.has_room());
    CHECK_FALSE(inbox.post([] {}));
    inbox.push(event(2));
    const Inbox::Work work = inbox.wait(never, true);
    CHECK(work.closed);
    CHECK(work.empty);
    CHECK(work.batch.items.size() == 1);
    CHECK(inbox.wait(never, true).batch.items.empty());
}
