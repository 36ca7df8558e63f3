// The receiving side of the protocol, message by message, without sockets.
#include "analytics/bus/delivery.hpp"

#include <catch2/catch.hpp>

using namespace ccproxy;
using namespace ccproxy::analytics;

namespace {

const RegistrySnapshot registry{"v1", {{"t1", sha256("k1"), "ann", "api", {}, false, false}}};

Hello hello(std::uint64_t first, std::uint64_t next, const std::string& version = "v1") {
    return {"p1", "0.1.0", first, next, version, 0};
}

struct Fixture {
    Delivery delivery{"instance-1", registry, {{"p1", 10}}};
    Moment now{1000, 1000};

    Welcome greet(const Hello& message, const std::string& route = "r1") {
        const Replies replies = delivery.on_control(route, message, now);
        REQUIRE_FALSE(replies.empty());
        CHECK(replies[0].routing_id == route);
        return std::get<Welcome>(replies[0].message);
    }
    Arrival event(std::uint64_t seq) { return delivery.on_event({"p1", seq}, now); }
    ProxyStatus status() { return delivery.status(now).at(0); }
};

Committed stored(std::uint64_t seq, std::uint32_t generation = 0) {
    return {{{"p1", {seq, generation}}}, {}, {}};
}

}  // namespace

TEST_CASE("a hello is answered with where to go on", "[bus]") {
    Fixture f;
    const Welcome welcome = f.greet(hello(5, 20));
    CHECK(welcome.instance_id == "instance-1");
    CHECK(welcome.resume_seq == 11);
    CHECK_FALSE(welcome.registry);
    CHECK(f.status().connected);
    CHECK(f.status().lag == 9);
}

TEST_CASE("the registry comes only with another version", "[bus]") {
    Fixture f;
    CHECK(f.greet(hello(11, 11, "")).registry == registry);
    CHECK(f.greet(hello(11, 11, "v0")).registry == registry);
    CHECK_FALSE(f.greet(hello(11, 11, "v1")).registry);
}

TEST_CASE("the lag in time is that of the oldest event that is not stored", "[bus]") {
    Fixture f;
    f.now.steady_ms = 10'000;
    CHECK(f.status().lag_ms == 0);
    f.greet(hello(5, 13));
    f.now.steady_ms = 12'000;
    f.event(11);
    f.delivery.on_control("r1", Ping{"p1", "instance-1", 14, 0}, f.now);
    f.now.steady_ms = 15'000;
    CHECK(f.status().lag_ms == 5'000);
    f.delivery.on_committed(stored(12));
    CHECK(f.status().lag_ms == 3'000);
    f.delivery.on_committed(stored(13));
    CHECK(f.status().lag_ms == 0);
    // A journal that has gone back is behind from the moment that it says so.
    f.greet(hello(1, 5));
    f.now.steady_ms = 15'500;
    CHECK(f.status().lag_ms == 500);
}

TEST_CASE("it keeps up as long as no proxy that is there waits too long", "[bus]") {
    Fixture f;
    f.now.steady_ms = 10'000;
    CHECK(f.delivery.keeps_up(5'000, f.now));
    f.greet(hello(5, 13));
    f.now.steady_ms = 14'000;
    f.delivery.on_control("r1", Ping{"p1", "instance-1", 14, 0}, f.now);
    f.now.steady_ms = 15'000;
    CHECK(f.delivery.keeps_up(5'000, f.now));
    CHECK_FALSE(f.delivery.keeps_up(4'999, f.now));
    f.delivery.on_committed(stored(12));
    CHECK(f.delivery.keeps_up(4'999, f.now));
    // It is gone, and what it holds is with it.
    f.now.steady_ms = 14'000 + Delivery::silence_ms;
    CHECK(f.delivery.keeps_up(0, f.now));
}

TEST_CASE("a hello repeats the last ack, which may have been lost", "[bus]") {
    Fixture f;
    const Replies replies = f.delivery.on_control("r1", hello(1, 20), f.now);
    REQUIRE(replies.size() == 2);
    CHECK(std::get<Ack>(replies[1].message).seq == 10);
}

TEST_CASE("events go by the tracker and only after a hello", "[bus]") {
    Fixture f;
    CHECK_FALSE(f.event(11).take);
    CHECK(f.delivery.unannounced_events() == 1);
    f.greet(hello(1, 20));
    CHECK(f.event(11).take);
    CHECK_FALSE(f.event(11).take);
    CHECK_FALSE(f.event(10).take);
    CHECK(f.event(12).take);
    f.now.steady_ms += 5;
    const Arrival gap = f.event(14);
    CHECK_FALSE(gap.take);
    REQUIRE(gap.replies.size() == 1);
    CHECK(std::get<Resume>(gap.replies[0].message).resume_seq == 13);
    CHECK(f.event(15).replies.empty());
    const ProxyStatus status = f.status();
    CHECK(status.received == 2);
    CHECK(status.duplicates == 2);
    CHECK(status.gaps == 1);
    CHECK(status.resumes == 1);
}

TEST_CASE("a second hello goes on after what was received, stored or not", "[bus]") {
    Fixture f;
    f.greet(hello(1, 20));
    f.event(11);
    f.event(12);
    CHECK(f.greet(hello(11, 20), "r2").resume_seq == 13);
    CHECK(f.status().watermark == 10);
}

TEST_CASE("a commit is acknowledged to the route of the last hello", "[bus]") {
    Fixture f;
    f.greet(hello(1, 20), "r1");
    f.greet(hello(1, 20), "r2");
    f.event(11);
    const Replies replies = f.delivery.on_committed(stored(11));
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].routing_id == "r2");
    CHECK(std::get<Ack>(replies[0].message).seq == 11);
    CHECK(f.status().watermark == 11);
}

TEST_CASE("an ack says when a conversation's beginning was not there", "[bus]") {
    Fixture f;
    f.greet(hello(1, 20));
    f.event(11);
    f.event(12);
    CHECK_FALSE(std::get<Ack>(f.delivery.on_committed(stored(11)).at(0).message).lost_beginning);
    Committed committed = stored(12);
    committed.lost_beginning = {"p1", "another"};
    CHECK(std::get<Ack>(f.delivery.on_committed(committed).at(0).message).lost_beginning);
}

TEST_CASE("a ping is answered, or greeted when its sender is not known here", "[bus]") {
    Fixture f;
    const Ping ping{"p1", "instance-1", 25, 3};
    const auto is_greet = [](const Replies& replies) {
        return replies.size() == 1 && std::holds_alternative<Greet>(replies[0].message);
    };
    CHECK(is_greet(f.delivery.on_control("r1", ping, f.now)));
    f.greet(hello(1, 20), "r1");
    const Replies pong = f.delivery.on_control("r1", ping, f.now);
    REQUIRE(pong.size() == 1);
    CHECK(std::get<Pong>(pong[0].message).instance_id == "instance-1");
    CHECK(f.status().next_seq == 25);
    CHECK(f.status().dropped == 3);
    CHECK(is_greet(f.delivery.on_control("r2", ping, f.now)));
    CHECK(is_greet(f.delivery.on_control("r1", Ping{"p1", "instance-0", 25, 3}, f.now)));
    CHECK(is_greet(f.delivery.on_control("r1", Ping{"p2", "instance-1", 25, 3}, f.now)));
    f.delivery.on_unreachable("r1");
    CHECK(is_greet(f.delivery.on_control("r1", ping, f.now)));
}

TEST_CASE("a silent proxy counts as gone", "[bus]") {
    Fixture f;
    f.greet(hello(1, 20));
    f.now.steady_ms += Delivery::silence_ms;
    CHECK_FALSE(f.status().connected);
}

TEST_CASE("events that the journal no longer holds are counted as lost", "[bus]") {
    Fixture f;
    CHECK(f.greet(hello(15, 20)).resume_seq == 15);
    CHECK(f.status().lost == 4);
    CHECK(f.event(15).take);
    CHECK(f.greet(hello(15, 20)).resume_seq == 16);
    CHECK(f.status().lost == 4);
}

TEST_CASE("a journal that has gone back is taken whole, and old commits ack nothing", "[bus]") {
    Fixture f;
    f.greet(hello(1, 20));
    f.event(11);
    f.event(12);
    // After a power cut the proxy's next event is 9.
    CHECK(f.greet(hello(7, 9)).resume_seq == 7);
    CHECK(f.status().rewinds == 1);
    CHECK(f.delivery.on_committed(stored(12, 0)).empty());
    CHECK(f.status().watermark == 6);
    const Arrival first = f.event(7);
    CHECK(first.take);
    CHECK(first.rewinds);
    CHECK(first.generation == 1);
    CHECK_FALSE(f.event(8).rewinds);
    const Replies acks = f.delivery.on_committed(stored(8, 1));
    REQUIRE(acks.size() == 1);
    CHECK(std::get<Ack>(acks[0].message).seq == 8);
}

TEST_CASE("a change of tokens goes to every bound proxy, and to later hellos", "[bus]") {
    Fixture f;
    f.greet(hello(1, 20), "r1");
    Hello other = hello(1, 1);
    other.proxy_id = "p2";
    f.greet(other, "r2");
    const RegistryChange change{"v1", "v2", {{"t2", sha256("k2"), "ben", "web", {}, true, false}}};
    CHECK(f.delivery.on_registry_change(change).size() == 2);
    const Welcome welcome = f.greet(hello(1, 20, "v1"), "r1");
    REQUIRE(welcome.registry);
    CHECK(welcome.registry->version == "v2");
    CHECK(welcome.registry->tokens.size() == 2);
}

TEST_CASE("the number of proxies is bounded, and silent ones make room", "[bus]") {
    Fixture f;
    const auto say_hello = [&](std::size_t i) {
        Hello message = hello(1, 1);
        message.proxy_id = "many-" + std::to_string(i);
        return f.delivery.on_control("route-" + std::to_string(i), message, f.now).size();
    };
    for (std::size_t i = 0; i < Delivery::max_announced; ++i) REQUIRE(say_hello(i) > 0);
    CHECK(say_hello(5000) == 0);
    CHECK(f.delivery.refused_proxies() == 1);
    f.now.steady_ms += Delivery::silence_ms;
    CHECK(say_hello(5000) > 0);
    CHECK(f.delivery.status(f.now).size() == Delivery::max_announced + 1);
}

TEST_CASE("messages that no proxy sends are counted", "[bus]") {
    Fixture f;
    CHECK(f.delivery.on_control("r1", Ack{5}, f.now).empty());
    CHECK(f.delivery.unexpected_messages() == 1);
}

TEST_CASE("each proxy hears up to where its own events are counted", "[bus]") {
    Fixture f;
    f.greet(hello(11, 11));
    Hello other = hello(1, 1);
    other.proxy_id = "p2";
    f.greet(other, "r2");
    const DayOfTokens day{5'000, {{"t1", 70}}, {{"p1", 12}}};
    const Replies replies = f.delivery.on_day_of_tokens(day);
    REQUIRE(replies.size() == 2);
    const auto& first = std::get<DailyUsage>(replies[0].message);
    CHECK(replies[0].routing_id == "r1");
    CHECK(first.ends_at_ms == 5'000);
    CHECK(first.counted_seq == 12);
    CHECK(first.tokens == day.tokens);
    CHECK(std::get<DailyUsage>(replies[1].message).counted_seq == 0);

    Hello late = hello(1, 1);
    late.proxy_id = "p3";
    const Replies greeted = f.delivery.on_control("r3", late, f.now);
    REQUIRE(greeted.size() == 2);
    CHECK(std::get<DailyUsage>(greeted[1].message).tokens == day.tokens);
}
