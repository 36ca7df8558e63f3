#include "analytics/ingest/restraint.hpp"

#include <catch2/catch.hpp>

using ccproxy::analytics::Restraint;
using std::chrono::milliseconds;

namespace {

constexpr Restraint::Duration none{0};
constexpr Restraint::Duration work = Restraint::probe;

}  // namespace

TEST_CASE("work that is not put aside goes on", "[ingest]") {
    Restraint restraint;
    CHECK(restraint.after(work, none) == none);
    CHECK(restraint.after(work, work) == none);
}

TEST_CASE("work that is put aside for longer than it runs is followed by a rest", "[ingest]") {
    Restraint restraint;
    CHECK(restraint.after(work, 2 * work) == Restraint::first_rest);
}

TEST_CASE("rests grow up to a limit while the machine stays full, and begin anew", "[ingest]") {
    Restraint restraint;
    Restraint::Duration last = Restraint::first_rest;
    REQUIRE(restraint.after(work, 2 * work) == last);
    while (last < Restraint::last_rest) {
        const Restraint::Duration next = restraint.after(work, 2 * work);
        REQUIRE(next == std::min(2 * last, Restraint::last_rest));
        last = next;
    }
    CHECK(restraint.after(work, 2 * work) == Restraint::last_rest);
    CHECK(restraint.after(work, none) == none);
    CHECK(restraint.after(work, 2 * work) == Restraint::first_rest);
}

TEST_CASE("pieces of work are judged together, each once", "[ingest]") {
    Restraint restraint;
    CHECK(restraint.after(work / 2, 9 * work) == none);  // Too little to tell.
    CHECK(restraint.after(work / 2, none) == Restraint::first_rest);
    CHECK(restraint.after(work, none) == none);
}
