// What the tracker says to events in and out of turn.
#include "analytics/bus/sequence_tracker.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace ccproxy::analytics;
using Verdict = SequenceTracker::Verdict;

TEST_CASE("events in turn are taken, old ones are duplicates", "[bus]") {
    SequenceTracker tracker(5);
    CHECK(tracker.see(4, 0) == Verdict::duplicate);
    CHECK(tracker.see(5, 0) == Verdict::take);
    CHECK(tracker.see(5, 0) == Verdict::duplicate);
    CHECK(tracker.see(6, 0) == Verdict::take);
    CHECK(tracker.expected() == 7);
}

TEST_CASE("a gap asks once, and again after a second without progress", "[bus]") {
    SequenceTracker tracker(1);
    CHECK(tracker.see(3, 0) == Verdict::gap_ask_to_resume);
    CHECK(tracker.see(4, 0) == Verdict::gap);
    CHECK(tracker.see(5, 999) == Verdict::gap);
    CHECK(tracker.see(6, 1000) == Verdict::gap_ask_to_resume);
    CHECK(tracker.see(7, 1500) == Verdict::gap);
    CHECK(tracker.expected() == 1);
    CHECK(tracker.see(1, 1600) == Verdict::take);
    CHECK(tracker.see(3, 1601) == Verdict::gap_ask_to_resume);
}

TEST_CASE("after a resume the rest of the old window asks nothing", "[bus]") {
    SequenceTracker tracker(1);
    tracker.resume_from(10, 5000);
    CHECK(tracker.see(12, 5001) == Verdict::gap);
    CHECK(tracker.see(13, 6001) == Verdict::gap_ask_to_resume);
    CHECK(tracker.see(10, 6002) == Verdict::take);
}

TEST_CASE("over a lossy way every event is taken once and in order", "[bus]") {
    std::mt19937 random(3);
    SequenceTracker tracker(1);
    std::vector<std::uint64_t> taken;
    std::uint64_t next = 1;
    for (std::int64_t now = 0; taken.size() < 1000; ++now) {
        REQUIRE(now < 1'000'000);
        const std::uint64_t seq = next++;
        if (seq > 1000) {
            next = tracker.expected();  // The sender begins again when nothing is acknowledged.
            continue;
        }
        if (random() % 10 == 0) continue;  // Lost on the way.
        switch (tracker.see(seq, now)) {
            case Verdict::take:
                taken.push_back(seq);
                break;
            case Verdict::gap_ask_to_resume:
                next = tracker.expected();
                break;
            default:
                break;
        }
    }
    for (std::uint64_t i = 0; i < 1000; ++i) REQUIRE(taken[i] == i + 1);
}
