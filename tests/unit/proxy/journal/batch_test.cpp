#include "proxy/journal/batch.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "tests/unit/proxy/journal/journal_fixture.hpp"

namespace ccproxy::journal {

TEST_CASE("a batch is read as the events that were committed to it") {
    const test::TempFolder folder;
    Journal journal(options(folder));
    Batch batch;
    std::vector<std::uint64_t> seqs;
    journal.append(batch, seqs);
    CHECK(seqs.empty());
    for (std::uint64_t seq = 1; seq <= 3; ++seq) {
        batch.begin().append(event(seq));
        batch.commit();
    }
    batch.begin().append("given up");
    journal.append(batch, seqs);
    CHECK(seqs == std::vector<std::uint64_t>{1, 2, 3});
    batch.clear();
    batch.begin();
    batch.commit();
    batch.begin().append(event(5));
    batch.commit();
    journal.append(batch, seqs);
    CHECK(seqs == std::vector<std::uint64_t>{4, 5});
    append_events(journal, 6, 6);
    Entries expected = events(1, 6);
    expected[3].second.clear();
    CHECK(read_all(journal) == expected);
}

TEST_CASE("batches go across segments and restarts") {
    const test::TempFolder folder;
    std::vector<std::uint64_t> seqs;
    for (std::uint64_t next = 1; next <= 121; next += 60) {
        Journal journal(options(folder));
        Batch batch;
        for (std::uint64_t seq = next; seq < next + 60; ++seq) {
            batch.begin().append(event(seq));
            batch.commit();
            if (seq % 7 != 0) continue;
            journal.append(batch, seqs);
            batch.clear();
        }
        journal.append(batch, seqs);
        CHECK(seqs.back() == next + 59);
    }
    Journal journal(options(folder));
    CHECK(list_segments(journal.folder()).size() > 2);
    CHECK(read_all(journal) == events(1, 180));
}

TEST_CASE("of a batch that finds no room as a whole what fits is taken") {
    const test::TempFolder folder;
    JournalOptions small = options(folder);
    small.max_bytes = 20'000;
    Journal journal(small);
    Batch batch;
    for (const std::size_t bytes : {9'000, 15'000, 8'000, 7'000}) {
        batch.begin().append(noise(bytes));
        batch.commit();
    }
    std::vector<std::uint64_t> seqs;
    journal.append(batch, seqs);
    CHECK(seqs == std::vector<std::uint64_t>{1, 0, 2, 0});
    CHECK(journal.status().dropped == 2);
    CHECK(read_all(journal) == Entries{{1, noise(9'000)}, {2, noise(8'000)}});
}

TEST_CASE("a disk that takes only a part of a record leaves no trace of it") {
    const test::TempFolder folder;
    Journal journal(options(folder));
    append_events(journal, 1, 5);
    const auto size = std::filesystem::file_size(segment_path(journal, 1));
    SECTION("of a single event") {
        bool taken = true;
        {
            const FileSizeLimit limit(size + 40);
            taken = journal.append(event(6)) != 0;
        }
        CHECK_FALSE(taken);
        CHECK(journal.status().dropped == 1);
    }
    SECTION("of a batch, of which it takes the first") {
        Batch batch;
        for (const std::uint64_t seq : {6, 8, 9}) {
            batch.begin().append(event(seq));
            batch.commit();
        }
        std::vector<std::uint64_t> seqs;
        {
            const FileSizeLimit limit(size + record_header_bytes + batch.payload(0).size() + 20);
            journal.append(batch, seqs);
        }
        CHECK(seqs == std::vector<std::uint64_t>{6, 0, 0});
        CHECK(journal.status().dropped == 2);
    }
    append_events(journal, journal.last_seq() + 1, 7);
    CHECK(read_all(journal) == events(1, 7));
}

}  // namespace ccproxy::journal
