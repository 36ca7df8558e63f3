// What searching conversations takes, and what keeping the index costs ingest.
//
//   search FOLDER [CONVERSATIONS] [WORDS A CONVERSATION]
//
// Two databases are made in FOLDER, on the disk that is asked about, and removed: one with the
// index and one that never gets to it. Both take the same batches, in turns. Then the first is
// searched.
#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "analytics/store/sqlite/appender.hpp"
#include "analytics/store/sqlite/connection.hpp"
#include "analytics/store/sqlite/conversation_removal.hpp"
#include "analytics/store/sqlite/migrate.hpp"
#include "analytics/store/sqlite/sqlite_store.hpp"
#include "common/hash.hpp"
#include "common/uuid.hpp"

namespace {

using namespace ccproxy;
using namespace ccproxy::analytics;
using Clock = std::chrono::steady_clock;

constexpr std::size_t batch_size = 100;
constexpr std::size_t tokens = 20;
constexpr std::size_t turns_a_session = 8;
constexpr std::size_t max_removed = 2000;
constexpr int runs = 25;

/// Of the clock, and of this thread's processor: they differ where something waits, be it for the
/// disk or for others' work.
struct Times {
    std::vector<double> wall_ms, cpu_ms;
};

double cpu_now_ms() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

template <typename Work>
void measure(Times& times, const Work& work) {
    const Clock::time_point start = Clock::now();
    const double cpu_start_ms = cpu_now_ms();
    work();
    times.cpu_ms.push_back(cpu_now_ms() - cpu_start_ms);
    times.wall_ms.push_back(
        std::chrono::duration<double, std::milli>(Clock::now() - start).count());
}

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

std::string token_name(std::size_t i) {
    return "01900000-0000-7000-8000-0000000000" + std::to_string(10 + i % tokens);
}

/// As in a language: the n-th word is n times rarer than the first. The words are the same in every
/// run.
class Vocabulary {
  public:
    Vocabulary(std::size_t size, bool chinese) {
        std::vector<double> weights;
        std::mt19937 random(7);
        for (std::size_t i = 0; i < size; ++i) {
            words_.push_back(chinese ? chinese_word(random) : latin_word(random));
            weights.push_back(1.0 / static_cast<double>(i + 1));
        }
        pick_ = std::discrete_distribution<std::size_t>(weights.begin(), weights.end());
    }
    [[nodiscard]] const std::string& word(std::size_t rank) const { return words_.at(rank); }
    const std::string& next(std::mt19937& random) { return words_[pick_(random)]; }

  private:
    static std::string latin_word(std::mt19937& random) {
        static const std::string consonants = "bcdfghjklmnprstvwz";
        static const std::string vowels = "aeiou";
        std::string word;
        for (auto i = 2 + random() % 3; i > 0; --i) {
            word += consonants[random() % consonants.size()];
            word += vowels[random() % vowels.size()];
        }
        if (random() % 2 == 0) word += consonants[random() % consonants.size()];
        return word;
    }
    static std::string chinese_word(std::mt19937& random) {
        std::string word;
        for (int i = 0; i < 2; ++i) {
            const auto character = 0x4E00 + random() % 3000;
            word += static_cast<char>(0xE0 | character >> 12);
            word += static_cast<char>(0x80 | (character >> 6 & 0x3F));
            word += static_cast<char>(0x80 | (character & 0x3F));
        }
        return word;
    }

    std::vector<std::string> words_;
    std::discrete_distribution<std::size_t> pick_;
};

/// Sessions of a few turns that send all before them again. Every fifth is in Chinese.
class Traffic {
  public:
    explicit Traffic(std::size_t words) : words_(words) {}

    IngestItem next() {
        if (++seq_ % turns_a_session == 0) history_.clear();
        const bool is_chinese = seq_ / turns_a_session % 5 == 0;
        history_.push_back(message("user", text(words_ * 2 / 5, is_chinese)));
        const std::string completion = message("assistant", text(words_ * 3 / 5, is_chinese));
        Event event;
        event.request_at_ms = 1'772'323'200'000 + static_cast<std::int64_t>(seq_ * 700);
        event.response_at_ms = event.request_at_ms + 1500;
        event.id = ids_.next(event.response_at_ms);
        event.token_id = token_name(seq_ / turns_a_session);
        event.model = "claude-sonnet-4-5";
        event.status_code = 200;
        event.success = true;
        event.conversation = Conversation{R"("be brief")", history_, completion, false};
        history_.push_back(completion);
        return {"bench-0123456789ab", seq_, PricedEvent{event, 12'345'678}, event.response_at_ms};
    }

    Vocabulary latin{40'000, false}, chinese{20'000, true};

  private:
    static std::string message(const std::string& role, const std::string& text) {
        return R"({"role":")" + role + R"(","content":[{"type":"text","text":")" + text + R"("}]})";
    }
    /// About so many words: most texts are shorter, some are much longer.
    std::string text(std::size_t words, bool is_chinese) {
        const double spread = std::exponential_distribution<double>(1)(random_);
        auto left = 1 + static_cast<std::size_t>(static_cast<double>(words) * spread);
        std::string text;
        for (; left > 0; --left) {
            text += (is_chinese ? chinese : latin).next(random_);
            if (left % 12 == 0) text += is_chinese ? "，" : ",";
            if (!is_chinese) text += ' ';
        }
        return text;
    }

    const std::size_t words_;
    std::uint64_t seq_ = 0;
    std::vector<std::string> history_;
    std::mt19937 random_{11};
    UuidV7Generator ids_;
};

class Ingest {
  public:
    Ingest(const std::string& path, const DayZone& zone, bool indexed)
        : path_(path), database_(open(path, indexed)), appender_(database_, zone, {}) {}

    void append(const std::vector<IngestItem>& batch) {
        measure(times_, [&] {
            if (appender_.append(batch, Indexing::at_once).conversations != batch.size())
                std::abort();
        });
    }
    void print(const char* name) const {
        const auto rows = static_cast<double>(times_.wall_ms.size() * batch_size);
        std::printf("%-18s %8.0f %12.3f %10.1f %10.1f %10.1f %10.0f\n", name,
                    rows * 1000 / sum(times_.wall_ms), sum(times_.cpu_ms) / rows,
                    quantile(times_.wall_ms, 0.5), quantile(times_.wall_ms, 0.99),
                    quantile(times_.wall_ms, 1),
                    static_cast<double>(std::filesystem::file_size(path_)) / 1e6);
    }
    /// The oldest, in steps as large as a batch.
    void remove(std::size_t conversations) {
        for (std::size_t left = conversations / batch_size; left > 0; --left) {
            measure(removal_, [&] {
                delete_conversations_before(database_, INT64_MAX,
                                            static_cast<std::int64_t>(batch_size));
            });
        }
    }
    void print_removal(const char* name) const {
        const auto rows = static_cast<double>(removal_.wall_ms.size() * batch_size);
        std::printf("%-18s %8.0f %12.3f %10.1f %10.1f %10.1f\n", name,
                    rows * 1000 / sum(removal_.wall_ms), sum(removal_.cpu_ms) / rows,
                    quantile(removal_.wall_ms, 0.5), quantile(removal_.wall_ms, 0.99),
                    quantile(removal_.wall_ms, 1));
    }
    void checkpoint() {
        SQLite::Statement(database_, "PRAGMA wal_checkpoint(TRUNCATE)").executeStep();
    }

  private:
    static SQLite::Database open(const std::string& path, bool indexed) {
        SQLite::Database database = open_for_writing(path);
        migrate(database, known_migrations(), 1);
        for (std::size_t i = 0; i < tokens; ++i) {
            SQLite::Statement add(database,
                                  "INSERT INTO tokens (id, key_sha256, name, mode, created_at, "
                                  "conversation_logging) VALUES (?, ?, 'bench', 'api', 1, 1)");
            add.bind(1, token_name(i));
            const Sha256 hash = sha256(token_name(i));
            add.bind(2, hash.data(), static_cast<int>(hash.size()));
            add.exec();
        }
        if (!indexed) {
            // No conversation gets behind this number.
            database.exec(
                "UPDATE counters SET value = 9223372036854775807 WHERE name = 'search_indexed';"
                "DROP TRIGGER conversations_leave_search");
        }
        return database;
    }

    const std::string path_;
    SQLite::Database database_;
    Appender appender_;
    Times times_, removal_;
};

void fill(const std::string& folder, Traffic& traffic, std::size_t conversations) {
    const DayZone zone = DayZone::find("UTC").value();
    Ingest with(folder + "/search.db", zone, true);
    Ingest without(folder + "/search.plain.db", zone, false);
    for (std::size_t done = 0; done < conversations; done += batch_size) {
        std::vector<IngestItem> batch;
        for (std::size_t i = 0; i < batch_size; ++i) batch.push_back(traffic.next());
        const bool with_first = done / batch_size % 2 == 0;
        (with_first ? with : without).append(batch);
        (with_first ? without : with).append(batch);
    }
    with.checkpoint();
    without.checkpoint();
    const std::size_t removed = std::min(conversations / 10, max_removed);
    with.remove(removed);
    without.remove(removed);
    std::printf(
        "ingest of %zu conversations in batches of %zu\n%-18s %8s %12s %10s %10s %10s %10s\n",
        conversations, batch_size, "", "rows/s", "CPU ms/row", "ms/batch", "99 %", "longest", "MB");
    without.print("without the index");
    with.print("with the index");
    std::printf("deletion of %zu of them\n", removed);
    without.print_removal("without the index");
    with.print_removal("with the index");
}

struct Question {
    const char* name;
    std::string text;
    std::optional<std::string> token_id;
    int pages = 1;  ///< The time is that of the last one.
};

std::vector<Question> questions(const Traffic& traffic) {
    const auto word = [&](std::size_t rank) { return traffic.latin.word(rank); };
    const std::string chinese = traffic.chinese.word(300);
    const std::string common_chinese = traffic.chinese.word(0);
    return {
        {"a rare word", word(30'000), {}},
        {"a usual word", word(500), {}},
        {"a common word", word(20), {}},
        {"the commonest word", word(0), {}},
        {"  of one token", word(0), token_name(3)},
        {"  page 2", word(0), {}, 2},
        {"  page 60", word(0), {}, 60},
        {"a usual word of one token", word(500), token_name(3)},
        {"a common and a rare word", word(0) + ' ' + word(20'000), {}},
        {"two common words", word(0) + ' ' + word(1), {}},
        {"five common words",
         word(0) + ' ' + word(1) + ' ' + word(2) + ' ' + word(3) + ' ' + word(4),
         {}},
        {"a phrase of common words", '"' + word(0) + ' ' + word(1) + '"', {}},
        {"a phrase of usual words", '"' + word(300) + ' ' + word(30) + '"', {}},
        {"common, without common", word(0) + " -" + word(2), {}},
        {"beginning, 2 letters", word(0).substr(0, 2) + '*', {}},
        {"  of one token", word(0).substr(0, 2) + '*', token_name(3)},
        {"beginning, 3 letters", word(0).substr(0, 3) + '*', {}},
        {"beginning, 4 letters", word(0).substr(0, 4) + '*', {}},
        {"a Chinese word", chinese, {}},
        {"the commonest in Chinese", common_chinese, {}},
        {"four Chinese characters", common_chinese + chinese, {}},
        {"one Chinese character", common_chinese.substr(0, 3), {}},
        {"a word that is nowhere", "xylophonist", {}},
    };
}

void ask(const std::string& path, const Question& question) {
    Times times;
    SearchPage page;
    const auto reader = open_sqlite_reader(path);
    for (int run = 0; run < runs; ++run) {
        SearchRequest request{question.text, question.token_id, 0, 50, ""};
        for (int i = 1; i < question.pages; ++i) {
            request.cursor = reader->search_conversations(request).value().next_cursor;
        }
        measure(times, [&] { page = reader->search_conversations(request).value(); });
    }
    std::printf("%-28s %8lld%s %10.1f %10.1f %10.1f %10.1f %10.1f\n", question.name,
                static_cast<long long>(page.total), page.total_is_exact ? " " : "+",
                times.wall_ms.front(), quantile(times.wall_ms, 0.5), quantile(times.wall_ms, 1),
                quantile(times.cpu_ms, 0.5), quantile(times.cpu_ms, 1));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || !std::filesystem::is_directory(argv[1])) {
        std::fprintf(stderr, "usage: search FOLDER [CONVERSATIONS] [WORDS A CONVERSATION]\n");
        return 2;
    }
    const std::string folder = argv[1];
    const std::size_t conversations = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 200'000;
    const std::size_t words = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 250;
    if (conversations < batch_size || words < 1) return 2;
    Traffic traffic(words);
    if (!std::filesystem::exists(folder + "/search.db")) fill(folder, traffic, conversations);
    std::printf("\n%-28s %9s %10s %10s %10s %10s %10s   (milliseconds, pages of 50)\n", "search",
                "finds", "first", "median", "slowest", "CPU median", "slowest");
    for (const Question& question : questions(traffic)) ask(folder + "/search.db", question);
    return 0;
}
