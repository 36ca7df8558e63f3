// Runs that are asked for over HTTP, and what is shown of the jobs.
#include <catch2/catch.hpp>
#include <thread>

#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

/// A log of that many days before the fixture's now.
void add_old_log(ApiFixture& fixture, std::int64_t days) {
    fixture.add_log([&](PricedEvent& priced) {
        priced.event.request_at_ms = fixture.clock.unix_ms() - days * day_ms;
        priced.event.response_at_ms = priced.event.request_at_ms + 1500;
    });
}

std::int64_t count_logs(const ApiFixture& fixture) {
    return number_of(fixture.get("/api/logs/requests").json["total"]);
}

/// A job as it is shown.
struct ShownJob {
    JsonAnswer answer;
    const rapidjson::Value* job = nullptr;

    const rapidjson::Value& operator[](const char* name) const { return (*job)[name]; }
};

ShownJob show_job(const ApiFixture& fixture, const std::string& name,
                  const std::string& target = "/api/jobs") {
    ShownJob shown{fixture.get(target)};
    for (const auto& job : shown.answer.json["jobs"].GetArray()) {
        if (text_of(job["name"]) == name) shown.job = &job;
    }
    REQUIRE(shown.job != nullptr);
    return shown;
}

void await_state(const ApiFixture& fixture, const std::string& state) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (text_of(show_job(fixture, "retain")["state"]) != state) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::yield();
    }
}

}  // namespace

TEST_CASE("Old logs are deleted, and the answer says how many", "[api][jobs]") {
    ApiFixture fixture;
    for (const std::int64_t days : {200, 91, 89, 31, 29, 1}) add_old_log(fixture, days);
    const JsonAnswer by_default = fixture.send("DELETE", "/api/logs/requests/old");
    CHECK(by_default.status == 200);
    CHECK(by_default.body == R"({"deleted":2,"days":90})");
    CHECK(fixture.send("DELETE", "/api/logs/requests/old?days=30").body ==
          R"({"deleted":2,"days":30})");
    CHECK(count_logs(fixture) == 2);
    CHECK(fixture.send("DELETE", "/api/logs/requests/old?days=30").body ==
          R"({"deleted":0,"days":30})");
}

TEST_CASE("How old is a number of days", "[api][jobs]") {
    ApiFixture fixture;
    add_old_log(fixture, 200);
    for (const char* days : {"0", "-1", "x", "", "1.5", "36501", "99999999999999999999"}) {
        const JsonAnswer answer =
            fixture.send("DELETE", std::string("/api/logs/requests/old?days=") + days);
        CHECK(answer.status == 400);
        CHECK(answer.error().starts_with("days: "));
    }
    CHECK(fixture.send("DELETE", "/api/logs/requests/old?day=1").error().starts_with("day: "));
    CHECK(fixture.send("DELETE", "/api/logs/requests/old?days=1&days=2").status == 400);
    CHECK(count_logs(fixture) == 1);
}

TEST_CASE("A job that is run reports and is shown", "[api][jobs]") {
    ApiFixture fixture;
    const ShownJob never = show_job(fixture, "retain");
    CHECK(text_of(never["state"]) == "never");
    CHECK(never["started_at"].IsNull());
    CHECK(never["interval_seconds"].IsNull());

    // Gives back what making the schema has left.
    CHECK(fixture.send("POST", "/api/jobs/retain").status == 200);
    const JsonAnswer run = fixture.send("POST", "/api/jobs/retain");
    CHECK(run.status == 200);
    CHECK(run.body ==
          R"({"job":"retain","state":"ok","started_at":"2026-03-01T00:00:00.000Z",)"
          R"("finished_at":"2026-03-01T00:00:00.000Z","duration_ms":0,)"
          R"("report":{"logs_deleted":0,"conversations_deleted":0,"bytes_released":0}})");

    const ShownJob shown = show_job(fixture, "retain");
    CHECK(text_of(shown["state"]) == "ok");
    CHECK(text_of(shown["finished_at"]) == "2026-03-01T00:00:00.000Z");
    CHECK(number_of(shown["report"]["logs_deleted"]) == 0);
    CHECK(shown["error"].IsNull());
    CHECK_FALSE(shown["waiting"].GetBool());
    CHECK(text_of(show_job(fixture, "retain", "/api/system/status")["state"]) == "ok");
}

TEST_CASE("The compressor runs on demand", "[api][jobs]") {
    ApiFixture fixture;
    CHECK(fixture.send("POST", "/api/jobs/retain").status == 200);
    const JsonAnswer run = fixture.send("POST", "/api/jobs/compress");
    CHECK(run.status == 200);
    CHECK(run.body ==
          R"({"job":"compress","state":"ok","started_at":"2026-03-01T00:00:00.000Z",)"
          R"("finished_at":"2026-03-01T00:00:00.000Z","duration_ms":0,)"
          R"("report":{"conversations_compressed":0,"messages_compressed":0,"bytes_before":0,)"
          R"("bytes_after":0,"messages_damaged":0,"bytes_released":0}})");
    const std::string metrics = http::test::exchange(fixture.port(), "GET", "/metrics").body;
    CHECK(metrics.find("analyticsd_job_failed{job=\"compress\"} 0\n") != std::string::npos);
}

TEST_CASE("A job that runs is not run again, and who waits holds no thread", "[api][jobs]") {
    ApiFixture fixture;
    std::unique_lock hold(fixture.job_steps);
    http::test::RawClient first(fixture.port());
    first.send(http::test::request_text("POST", "/api/jobs/retain", {{"X-Admin-Key", admin_key}}));
    await_state(fixture, "running");
    const JsonAnswer refused = fixture.send("POST", "/api/jobs/retain");
    CHECK(refused.status == 409);
    CHECK(refused.error() == "the job retain runs or waits already");
    CHECK(fixture.send("DELETE", "/api/logs/requests/old").status == 409);
    CHECK(fixture.send("DELETE", "/api/conversations?token_id=token").status == 409);
    // More at once than there are threads.
    for (int i = 0; i < 8; ++i) CHECK(count_logs(fixture) == 0);
    hold.unlock();
    CHECK(first.read_answer().status == 200);
    CHECK(fixture.send("POST", "/api/jobs/retain").status == 200);
}

TEST_CASE("A run that fails is a 500 with the reason", "[api][jobs]") {
    ApiFixture fixture;
    fixture.writer_fails = true;
    const JsonAnswer answer = fixture.send("DELETE", "/api/logs/requests/old");
    CHECK(answer.status == 500);
    CHECK(answer.error() == "the job failed: disk full");
    fixture.writer_fails = false;
    CHECK(text_of(show_job(fixture, "retain")["error"]) == "disk full");
    const std::string metrics = http::test::exchange(fixture.port(), "GET", "/metrics").body;
    CHECK(metrics.find("analyticsd_job_failed{job=\"retain\"} 1\n") != std::string::npos);
    CHECK(metrics.find("analyticsd_job_running{job=\"retain\"} 0\n") != std::string::npos);
    CHECK(metrics.find("/api/logs/requests/old\",status=\"5xx\"} 1") != std::string::npos);
}

TEST_CASE("Figures are computed anew, of all days or of a range", "[api][jobs]") {
    ApiFixture fixture;
    for (const std::int64_t days : {0, 1, 2, 3}) add_old_log(fixture, days);
    const auto days_of = [&](const std::string& query, const std::string& body = "") {
        const JsonAnswer answer = fixture.send("POST", "/api/jobs/aggregate" + query, body);
        CHECK(answer.status == 200);
        CHECK(text_of(answer.json["job"]) == "aggregate");
        CHECK(number_of(answer.json["report"]["rows_changed"]) == 0);
        return number_of(answer.json["report"]["days"]);
    };
    CHECK(days_of("") == 4);
    CHECK(days_of("?from_date=2026-02-27") == 3);
    CHECK(days_of("?from_date=2026-02-27&to_date=2026-02-28") == 2);
    CHECK(days_of("", R"({"from_date":"2026-02-27","to_date":"2026-02-27"})") == 1);
    CHECK(days_of("?to_date=2020-01-01") == 0);
}

TEST_CASE("A range of days that is none is refused by name", "[api][jobs]") {
    const ApiFixture fixture;
    const auto error = [&](const std::string& query, const std::string& body = "") {
        const JsonAnswer answer = fixture.send("POST", "/api/jobs/aggregate" + query, body);
        CHECK(answer.status == 400);
        return answer.error();
    };
    CHECK(error("?from_date=yesterday").starts_with("from_date: "));
    CHECK(error("?to_date=2026-02-30").starts_with("to_date: "));
    CHECK(error("?from_date=2026-02-02&to_date=2026-02-01") ==
          "from_date: must not be after to_date");
    CHECK(error("?days=3").starts_with("days: "));
    CHECK(error("", R"({"from_date":5})") == "from_date: must be a text");
    CHECK(error("", R"({"day":"2026-02-01"})").starts_with("day: "));
    CHECK(error("", "nonsense").starts_with("the body "));
    CHECK(
        error("?from_date=2026-02-01", R"({"from_date":"2026-02-01"})").starts_with("from_date: "));
}

TEST_CASE("Jobs are for admins, and take no other parameters", "[api][jobs]") {
    const ApiFixture fixture;
    for (const auto& [method, target] :
         std::vector<std::pair<std::string, std::string>>{{"GET", "/api/jobs"},
                                                          {"POST", "/api/jobs/aggregate"},
                                                          {"POST", "/api/jobs/compress"},
                                                          {"POST", "/api/jobs/retain"},
                                                          {"DELETE", "/api/logs/requests/old"}}) {
        CHECK(fixture.call(method, target, {}).status == 401);
        CHECK(fixture.send(method, target + "?colour=red").error().starts_with("colour: "));
    }
}

}  // namespace ccproxy::analytics::test
