// A small journal in a folder of its own, and events that name their seq.
#pragma once

#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "proxy/journal/journal.hpp"
#include "proxy/journal/reader.hpp"
#include "proxy/journal/segment.hpp"
#include "tests/unit/temp_folder.hpp"

namespace ccproxy::journal {

inline JournalOptions options(const test::TempFolder& folder) {
    JournalOptions made;
    made.folder = folder.file("journal");
    made.proxy_name = "test";
    made.max_bytes = 1 << 20;
    made.segment_bytes = 4096;
    return made;
}

using Entries = std::vector<std::pair<std::uint64_t, std::string>>;

inline Entries read_all(const Journal& journal, std::uint64_t from = 1) {
    JournalReader reader(journal.folder());
    reader.seek(from);
    Entries entries;
    while (const auto entry = reader.next(journal.last_seq())) {
        entries.emplace_back(entry->seq, entry->event);
    }
    return entries;
}

/// Bytes that cannot be packed.
inline std::string noise(std::size_t bytes) {
    std::mt19937 random(static_cast<unsigned>(bytes));
    std::string text(bytes, '\0');
    for (char& c : text) c = static_cast<char>(' ' + random() % 95);
    return text;
}

inline std::string event(std::uint64_t seq) {
    return "event " + std::to_string(seq) + noise(100);
}

inline Entries events(std::uint64_t from, std::uint64_t to) {
    Entries entries;
    for (std::uint64_t seq = from; seq <= to; ++seq) entries.emplace_back(seq, event(seq));
    return entries;
}

inline void append_events(Journal& journal, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t seq = from; seq <= to; ++seq) REQUIRE(journal.append(event(seq)));
}

inline std::string segment_path(const Journal& journal, std::uint64_t first_seq) {
    return journal.folder() + "/" + segment_name(first_seq);
}

/// No file may become larger than that while it lives, as on a disk that is full.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(std::uintmax_t bytes) {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{static_cast<rlim_t>(bytes), before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

}  // namespace ccproxy::journal
