#include "proxy/journal/journal.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/unit/proxy/journal/journal_fixture.hpp"

namespace ccproxy::journal {
namespace {

void overwrite(const std::string& path, std::size_t at, const std::string& bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
}

}  // namespace

TEST_CASE("events are read back in order, across segments and restarts") {
    const test::TempFolder folder;
    std::string id;
    {
        Journal journal(options(folder));
        id = journal.proxy_id();
        CHECK(id.starts_with("test-"));
        append_events(journal, 1, 100);
        CHECK(list_segments(journal.folder()).size() > 2);
        CHECK(read_all(journal) == events(1, 100));
    }
    Journal journal(options(folder));
    CHECK(journal.proxy_id() == id);
    append_events(journal, 101, 150);
    CHECK(read_all(journal) == events(1, 150));
    CHECK(read_all(journal, 77) == events(77, 150));
    CHECK(journal.status().next_seq == 151);
}

TEST_CASE("an event that comes in pieces is read as one") {
    const test::TempFolder folder;
    Journal journal(options(folder));
    const std::string_view pieces[] = {"{\"a\":", "", "1}"};
    CHECK(journal.append(pieces) == 1);
    CHECK(journal.append(std::string_view()) == 2);
    const std::string_view too_many[] = {"1", "2", "3", "4"};
    CHECK(journal.append(too_many) == 0);
    append_events(journal, 3, 3);
    CHECK(read_all(journal) == Entries{{1, "{\"a\":1}"}, {2, ""}, {3, event(3)}});
}

TEST_CASE("a block that is lent stays as it was while the reader goes on") {
    const test::TempFolder folder;
    JournalOptions large = options(folder);
    large.segment_bytes = 1 << 20;
    Journal journal(large);
    const auto text = [](std::uint64_t seq) {
        return std::string(seq == 9 ? 300'000 : 30'000, static_cast<char>('a' + seq));
    };
    for (std::uint64_t seq = 1; seq <= 20; ++seq) REQUIRE(journal.append(text(seq)));
    JournalReader reader(journal.folder());
    std::vector<std::pair<Block*, std::string_view>> lent;
    while (const auto entry = reader.next(20)) {
        if (entry->seq % 3 != 0) continue;
        reader.block().lend();
        lent.emplace_back(&reader.block(), entry->event);
    }
    REQUIRE(lent.size() == 6);
    for (std::uint64_t i = 0; i < 6; ++i) CHECK(lent[i].second == text(3 * (i + 1)));
    CHECK(reader.lent_bytes() > 300'000);
    for (const auto& [block, payload] : lent) block->give_back();
    CHECK(reader.lent_bytes() == 0);
    reader.seek(1);
    std::uint64_t seq = 0;
    while (const auto entry = reader.next(20)) CHECK(entry->event == text(++seq));
    CHECK(seq == 20);
}

TEST_CASE("a reader follows a journal that is being written by several threads") {
    const test::TempFolder folder;
    JournalOptions large = options(folder);
    large.max_bytes = 64 << 20;
    large.segment_bytes = 1 << 20;
    Journal journal(large);
    constexpr std::uint64_t per_thread = 5000;
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; ++i) {
        writers.emplace_back([&] {
            for (std::uint64_t n = 0; n < per_thread; ++n) journal.append(event(n));
        });
    }
    JournalReader reader(journal.folder());
    std::uint64_t expected = 1;
    while (expected <= 3 * per_thread) {
        const auto entry = reader.next(journal.last_seq());
        if (!entry) continue;
        REQUIRE(entry->seq == expected);
        ++expected;
    }
    for (std::thread& writer : writers) writer.join();
}

TEST_CASE("a torn tail is cut, whatever part of a record it is") {
    for (std::size_t torn = 1; torn < record_header_bytes + event(4).size(); torn += 5) {
        const test::TempFolder folder;
        std::string path;
        {
            Journal journal(options(folder));
            append_events(journal, 1, 3);
            path = segment_path(journal, 1);
        }
        char header[record_header_bytes];
        const std::string payload = event(4);
        const std::string_view pieces[] = {payload};
        encode_record_header(4, pieces, header);
        const std::string record = std::string(header, sizeof header) + event(4);
        std::ofstream(path, std::ios::app | std::ios::binary) << record.substr(0, torn);

        Journal journal(options(folder));
        CAPTURE(torn);
        CHECK(journal.status().next_seq == 4);
        append_events(journal, 4, 5);
        CHECK(read_all(journal) == events(1, 5));
    }
}

TEST_CASE("a tail of zeros, as a power cut may leave it, is cut") {
    const test::TempFolder folder;
    std::string path;
    {
        Journal journal(options(folder));
        append_events(journal, 1, 3);
        path = segment_path(journal, 1);
    }
    std::ofstream(path, std::ios::app | std::ios::binary) << std::string(4096, '\0');
    Journal journal(options(folder));
    append_events(journal, 4, 4);
    CHECK(read_all(journal) == events(1, 4));
}

TEST_CASE("a damaged record in the middle is passed over and leaves its seq free") {
    const test::TempFolder folder;
    const std::size_t record_bytes = record_header_bytes + event(1).size();
    {
        Journal journal(options(folder));
        append_events(journal, 1, 5);
        overwrite(segment_path(journal, 1), segment_magic.size() + 2 * record_bytes + 30, "XXXX");
    }
    Journal journal(options(folder));
    CHECK(journal.status().next_seq == 6);
    append_events(journal, 6, 6);
    const Entries entries = read_all(journal);
    REQUIRE(entries.size() == 5);
    CHECK(entries[1].first == 2);
    CHECK(entries[2].first == 4);
    CHECK(entries[4].first == 6);
}

TEST_CASE("a damaged newest record is come back to") {
    const test::TempFolder folder;
    Journal journal(options(folder));
    append_events(journal, 1, 2);
    const std::size_t record_bytes = record_header_bytes + event(1).size();
    overwrite(segment_path(journal, 1), segment_magic.size() + record_bytes + 30, "XXXX");
    JournalReader reader(journal.folder());
    REQUIRE(reader.next(2)->seq == 1);
    CHECK_FALSE(reader.next(2));
    CHECK_FALSE(reader.next(2));
    append_events(journal, 3, 3);
    CHECK(reader.next(3)->seq == 3);
}

TEST_CASE("acknowledged segments are deleted, the newest one never") {
    const test::TempFolder folder;
    {
        Journal journal(options(folder));
        append_events(journal, 1, 100);
        const std::vector<std::uint64_t> before = list_segments(journal.folder());
        journal.sync();
        journal.release(before[1] - 2);
        CHECK(list_segments(journal.folder()) == before);
        journal.sync();
        journal.release(before[1] - 1);
        CHECK(list_segments(journal.folder()).size() == before.size() - 1);
        CHECK(journal.status().first_seq == before[1]);
        journal.sync();
        journal.release(100);
        CHECK(list_segments(journal.folder()).size() == 1);
    }
    Journal journal(options(folder));
    CHECK(journal.status().next_seq == 101);
}

TEST_CASE("retained segments stay while there is room, and give way to new events") {
    const test::TempFolder folder;
    JournalOptions retaining = options(folder);
    retaining.retain = std::chrono::hours(1);
    retaining.max_bytes = 20'000;
    Journal journal(retaining);
    append_events(journal, 1, 100);
    journal.sync();
    journal.release(100);
    CHECK(read_all(journal) == events(1, 100));
    for (std::uint64_t seq = 101; seq <= 500; ++seq) {
        append_events(journal, seq, seq);
        journal.sync();
        journal.release(seq);
    }
    CHECK(journal.status().dropped == 0);
    CHECK(journal.status().bytes <= retaining.max_bytes);
    const std::uint64_t first = journal.status().first_seq;
    CHECK(first > 1);
    CHECK(read_all(journal, first) == events(first, 500));
}

TEST_CASE("a full journal drops and counts, and takes events again when there is room") {
    const test::TempFolder folder;
    JournalOptions small = options(folder);
    small.max_bytes = 20'000;
    {
        Journal journal(small);
        std::uint64_t taken = 0;
        while (journal.append(event(taken + 1))) ++taken;
        CHECK(journal.status().dropped == 1);
        CHECK(journal.status().bytes <= small.max_bytes);
        CHECK_FALSE(journal.append(event(0)));
        journal.sync();
        journal.release(taken);
        CHECK(journal.append(event(taken + 1)));
        CHECK(journal.status().next_seq == taken + 2);
    }
    CHECK(Journal(small).status().dropped == 2);
}

TEST_CASE("whether there is room is told before anything is dropped") {
    const test::TempFolder folder;
    JournalOptions small = options(folder);
    small.max_bytes = 20'000;
    Journal journal(small);
    CHECK(journal.has_room(19'900));
    CHECK_FALSE(journal.has_room(20'000));
    while (journal.has_room(1000)) REQUIRE(journal.append(std::string(1000, 'x')));
    CHECK(journal.has_room(100));
    CHECK(journal.append(event(1)));
    CHECK(journal.status().dropped == 0);
    CHECK_FALSE(journal.has_room(max_payload_bytes + 1));
}

TEST_CASE("one process at a time, and a lost journal gets a new id") {
    const test::TempFolder folder;
    std::string id;
    {
        Journal journal(options(folder));
        id = journal.proxy_id();
        CHECK_THROWS_WITH(Journal(options(folder)), Catch::Contains("another process"));
        std::filesystem::remove(segment_path(journal, 1));
    }
    CHECK(Journal(options(folder)).proxy_id() != id);
}

TEST_CASE("what is synced is known") {
    const test::TempFolder folder;
    Journal journal(options(folder));
    append_events(journal, 1, 3);
    CHECK(journal.status().synced_seq == 0);
    CHECK(journal.sync());
    CHECK(journal.status().synced_seq == 3);
}

}  // namespace ccproxy::journal
