// What is remembered of the jobs.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

TEST_CASE("A job is remembered as it was saved last", "[store][jobs]") {
    StoreFixture fixture;
    CHECK(fixture.reader()->jobs().empty());
    JobRecord retain{"retain", JobState::running, 1000, std::nullopt, 500, {}, ""};
    fixture.writer->save_job(retain);
    CHECK(fixture.reader()->jobs() == std::vector{retain});
    retain = {"retain", JobState::ok, 1000, 2000, std::nullopt, {{"z", 1}, {"a \"b\"", -2}}, ""};
    fixture.writer->save_job(retain);
    const JobRecord failed{"aggregate", JobState::failed, 1, 2, 3, {{"rows", 7}}, "disk \"full\""};
    fixture.writer->save_job(failed);
    CHECK(fixture.reader()->jobs() == std::vector{failed, retain});
}

TEST_CASE("Every state has a name and comes back", "[store][jobs]") {
    StoreFixture fixture;
    for (const JobState state : {JobState::never, JobState::running, JobState::ok, JobState::failed,
                                 JobState::interrupted}) {
        const JobRecord record{"job", state, {}, {}, {}, {}, ""};
        fixture.writer->save_job(record);
        CHECK(fixture.reader()->jobs() == std::vector{record});
    }
    CHECK(fixture.query("SELECT state FROM jobs") == "interrupted");
}
