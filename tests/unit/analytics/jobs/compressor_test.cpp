// What the compressor reports, and that it goes on after whatever comes between.
#include "analytics/jobs/compressor.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/compression_fixture.hpp"

using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

using Write = std::function<void(const std::function<void(StoreWriter&)>&)>;

struct CompressorFixture : CompressionFixture {
    CompressorFixture() { clock.now_ms = make_event(0).request_at_ms + 30 * compression_day_ms; }

    /// A run that writes by `write`, which is given each step.
    JobReport run(std::int64_t after_days, const Write& write, const std::stop_token& stop = {}) {
        const auto own = reader();
        return Compressor(after_days).run_once({clock.now_ms, write, *own, stop});
    }
    JobReport run(std::int64_t after_days = 7) {
        return run(after_days, [this](const auto& step) { step(*writer); });
    }
};

std::int64_t figure(const JobReport& report, const std::string& name) {
    for (const auto& [known, value] : report) {
        if (known == name) return value;
    }
    throw std::runtime_error("the report has no " + name);
}

}  // namespace

TEST_CASE("the compressor reports the bytes before and after", "[compressor]") {
    CompressorFixture f;
    f.add_session(1, 100, "alpha");
    f.add_session(201, 100, "beta");
    f.writer->checkpoint();
    const auto file_before = std::filesystem::file_size(f.path);
    const std::string sum_before = f.query("SELECT sum(length(body)) FROM message_bodies");
    const JobReport report = f.run();
    CHECK(figure(report, "conversations_compressed") == 200);
    CHECK(figure(report, "messages_compressed") == 401);
    CHECK(std::to_string(figure(report, "bytes_before")) == sum_before);
    CHECK(std::to_string(figure(report, "bytes_after")) ==
          f.query("SELECT sum(length(body)) FROM message_packs"));
    CHECK(figure(report, "messages_damaged") == 0);
    // The file has shrunk by what was gained, give or take a few pages. In between it grows.
    const auto gained = figure(report, "bytes_before") - figure(report, "bytes_after");
    REQUIRE(gained > 20'000);
    const auto shrunk = static_cast<std::int64_t>(file_before - std::filesystem::file_size(f.path));
    CHECK(shrunk > gained - 20'000);
    CHECK(figure(report, "bytes_released") >= shrunk);
    CHECK(f.query("PRAGMA freelist_count") == "0");
    CHECK(f.query("PRAGMA integrity_check") == "ok");

    const JobReport again = f.run();
    for (const auto& [name, value] : again) CHECK(value == 0);
}

TEST_CASE("only what is older than the days is compressed", "[compressor]") {
    CompressorFixture f;
    f.add_session(1, 3, "old", f.clock.now_ms - 7 * compression_day_ms - 3);
    f.add_session(11, 3, "young", f.clock.now_ms - 7 * compression_day_ms);
    CHECK(figure(f.run(7), "conversations_compressed") == 3);
    CHECK(f.query("SELECT DISTINCT conversation_id FROM conversations WHERE is_compressed = 1") ==
          "session-old");
    CHECK(figure(f.run(0), "conversations_compressed") == 3);
}

TEST_CASE("a run that is stopped is taken up by the next", "[compressor]") {
    CompressorFixture f;
    f.add_session(1, 200, "alpha");
    const std::string before = f.everything();
    std::stop_source stop;
    const JobReport first = f.run(
        7,
        [&](const auto& step) {
            step(*f.writer);
            stop.request_stop();
        },
        stop.get_token());
    const std::int64_t done = figure(first, "messages_compressed");
    CHECK(done > 0);
    CHECK(done < 401);
    CHECK(f.everything() == before);
    CHECK(figure(f.run(), "messages_compressed") == 401 - done);
    CHECK(f.everything() == before);
    CHECK(f.query("SELECT DISTINCT is_compressed FROM conversations") == "1");
}

TEST_CASE("a step that fails changes nothing, wherever it is cut", "[compressor]") {
    CompressorFixture f;
    f.add_session(1, 20, "alpha");
    const std::string before = f.everything();
    const std::string bodies = f.query("SELECT count(*) FROM message_bodies");
    // The database refuses in the middle of the transaction.
    const auto place = GENERATE("BEFORE UPDATE OF pack ON messages WHEN OLD.id = 9",
                                "BEFORE DELETE ON message_bodies WHEN OLD.message = 20",
                                "BEFORE UPDATE ON conversations WHEN OLD.number = 20");
    f.change("CREATE TRIGGER cut " + std::string(place) +
             " BEGIN SELECT RAISE (ABORT, 'the disk is full'); END");
    CHECK_THROWS_WITH(f.run(), Catch::Contains("the disk is full"));
    CHECK(f.everything() == before);
    CHECK(f.query("SELECT count(*) FROM message_bodies") == bodies);
    CHECK(f.query("SELECT count(*) FROM message_packs") == "0");
    CHECK(f.query("SELECT DISTINCT is_compressed FROM conversations") == "0");
    f.change("DROP TRIGGER cut");
    CHECK(figure(f.run(), "conversations_compressed") == 20);
    CHECK(f.everything() == before);
}

TEST_CASE("what is deleted under its hands is left out", "[compressor]") {
    CompressorFixture f;
    f.add_session(1, 5, "alpha");
    f.add_session(11, 5, "beta");
    bool first = true;
    const JobReport report = f.run(7, [&](const auto& step) {
        for (unsigned number = 1; first && number <= 5; ++number) {
            REQUIRE(f.writer->delete_conversation(make_event(number).id));
        }
        if (first) f.collect();
        first = false;
        step(*f.writer);
    });
    CHECK(figure(report, "conversations_compressed") == 5);
    CHECK(figure(report, "messages_compressed") == 11);
    CHECK(f.query("SELECT sum(bytes) FROM message_packs") ==
          f.query("SELECT sum(bytes) FROM messages"));
}

TEST_CASE("damaged messages are counted once and stop nothing", "[compressor]") {
    CompressorFixture f;
    f.add_session(1, 100, "alpha");
    f.change("UPDATE message_bodies SET body = x'00' WHERE message IN (3, 4)");
    const JobReport report = f.run();
    CHECK(figure(report, "messages_damaged") == 2);
    CHECK(figure(report, "messages_compressed") == 199);
    CHECK(figure(report, "conversations_compressed") == 100);
    CHECK(figure(f.run(), "conversations_compressed") == 0);
}
