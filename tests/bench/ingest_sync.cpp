// What it costs that an acknowledged event survives a power cut: the same batches, written by the
// real store's appender in several ways, side by side in alternating rounds.
//
//   ingest_sync FOLDER [ROUNDS] [ROWS A ROUND]
//
// FOLDER must be on the disk that is asked about; databases are made in it and removed. Every way
// keeps its database over the rounds, so that all of them grow alike.
#include <SQLiteCpp/Statement.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "analytics/store/sqlite/appender.hpp"
#include "analytics/store/sqlite/connection.hpp"
#include "analytics/store/sqlite/migrate.hpp"
#include "common/uuid.hpp"

namespace {

using namespace ccproxy;
using namespace ccproxy::analytics;
using Clock = std::chrono::steady_clock;

struct Way {
    const char* name;
    const char* synchronous;
    std::size_t batches_a_checkpoint;  ///< 0: only by size, as the store is set up.
    bool gives_space_back = true;      ///< By auto_vacuum = INCREMENTAL.
};

/// Before the ack is sent, all but the one for reference have synced what it stands for. The last
/// one shows what it costs that deleted rows can be given back to the file system.
constexpr Way ways[]{
    {"FULL", "FULL", 0},
    {"NORMAL, checkpoint each batch", "NORMAL", 1},
    {"NORMAL, checkpoint each 10 batches", "NORMAL", 10},
    {"NORMAL, never safe (for reference)", "NORMAL", 0},
    {"FULL, a file that cannot shrink", "FULL", 0, false},
};

class Runner {
  public:
    Runner(const Way& way, const std::string& path, const DayZone& zone)
        : way_(way), path_(path), database_(open(way, path)), appender_(database_, zone, {}) {}
    ~Runner() {
        for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
    }

    /// Milliseconds each batch took, with its part in the checkpoint.
    std::vector<double> run(const std::vector<std::vector<IngestItem>>& batches) {
        std::vector<double> times_ms;
        for (const auto& batch : batches) {
            const Clock::time_point start = Clock::now();
            const AppendReport report = appender_.append(batch, Indexing::at_once);
            if (report.rows != batch.size()) std::abort();
            ++batches_;
            if (way_.batches_a_checkpoint != 0 && batches_ % way_.batches_a_checkpoint == 0) {
                SQLite::Statement(database_, "PRAGMA wal_checkpoint(FULL)").executeStep();
            }
            const std::chrono::duration<double, std::milli> took = Clock::now() - start;
            times_ms.push_back(took.count());
        }
        return times_ms;
    }

  private:
    static SQLite::Database open(const Way& way, const std::string& path) {
        SQLite::Database database = open_for_writing(path);
        if (!way.gives_space_back) database.exec("PRAGMA auto_vacuum = NONE; VACUUM");
        migrate(database, known_migrations(), 1);
        database.exec(std::string("PRAGMA synchronous = ") + way.synchronous);
        return database;
    }

    const Way& way_;
    const std::string path_;
    SQLite::Database database_;
    Appender appender_;
    std::size_t batches_ = 0;
};

/// Requests of twenty tokens, three models and some hundred conversations.
class Traffic {
  public:
    std::vector<std::vector<IngestItem>> batches(std::size_t rows, std::size_t batch_size) {
        std::vector<std::vector<IngestItem>> all;
        for (std::size_t i = 0; i < rows / batch_size; ++i) {
            all.emplace_back();
            for (std::size_t j = 0; j < batch_size; ++j) all.back().push_back(next());
        }
        return all;
    }

  private:
    IngestItem next() {
        ++seq_;
        Event event;
        event.request_at_ms = 1'772'323'200'000 + static_cast<std::int64_t>(seq_ * 7);
        event.response_at_ms = event.request_at_ms + 1500;
        event.id = ids_.next(event.response_at_ms);
        event.token_id = "01900000-0000-7000-8000-0000000000" + std::to_string(10 + seq_ % 20);
        event.user_name = "user-" + std::to_string(seq_ % 20);
        event.account_id = "main";
        event.mode = "api";
        event.model = std::string("claude-model-") + static_cast<char>('a' + seq_ % 3);
        event.stream = true;
        event.duration_ms = 1500;
        event.ttft_ms = 400;
        event.usage = {120, 0, 800, 15'000, 350};
        event.usage_source = UsageSource::final;
        event.status_code = 200;
        event.success = true;
        event.conversation_id =
            "0b9d3c1e-5f6a-4c1b-9f00-000000000" + std::to_string(100 + seq_ % 300);
        event.stop_reason = "end_turn";
        event.upstream_request_id = "req_011CSHoEeqs5C35K2UUqR" + std::to_string(seq_);
        event.attempts = 1;
        return {"bench-0123456789ab", seq_, PricedEvent{event, 12'345'678}, event.response_at_ms};
    }

    std::uint64_t seq_ = 0;
    UuidV7Generator ids_;
};

double quantile(std::vector<double> values, double q) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

void compare(const std::string& folder, int rounds, std::size_t rows, std::size_t batch_size) {
    const DayZone zone = DayZone::find("UTC").value();
    constexpr std::size_t count = std::size(ways);
    std::vector<std::unique_ptr<Runner>> runners;
    for (std::size_t i = 0; i < count; ++i) {
        runners.push_back(std::make_unique<Runner>(
            ways[i], folder + "/ingest_sync." + std::to_string(i) + ".db", zone));
    }
    std::vector<std::vector<double>> batch_ms(count);
    std::vector<std::vector<double>> rates(count);
    Traffic traffic;
    for (int round = 0; round < rounds; ++round) {
        const auto batches = traffic.batches(rows, batch_size);
        for (std::size_t turn = 0; turn < count; ++turn) {
            const std::size_t i = (turn + static_cast<std::size_t>(round)) % count;
            const std::vector<double> times = runners[i]->run(batches);
            double total_ms = 0;
            for (const double ms : times) total_ms += ms;
            rates[i].push_back(static_cast<double>(batches.size() * batch_size) * 1000 / total_ms);
            batch_ms[i].insert(batch_ms[i].end(), times.begin(), times.end());
        }
    }
    std::printf("\nbatch %zu, %d rounds of %zu rows\n%-36s %10s %21s %10s %10s\n", batch_size,
                rounds, rows, "", "rows/s", "(slowest to fastest)", "ms/batch", "99 %");
    for (std::size_t i = 0; i < count; ++i) {
        std::printf("%-36s %10.0f %11.0f-%9.0f %10.2f %10.2f\n", ways[i].name,
                    quantile(rates[i], 0.5), quantile(rates[i], 0), quantile(rates[i], 1),
                    quantile(batch_ms[i], 0.5), quantile(batch_ms[i], 0.99));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || !std::filesystem::is_directory(argv[1])) {
        std::fprintf(stderr, "usage: ingest_sync FOLDER [ROUNDS] [ROWS A ROUND]\n");
        return 2;
    }
    const int rounds = argc > 2 ? static_cast<int>(std::strtol(argv[2], nullptr, 10)) : 7;
    const std::size_t rows = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 20'000;
    if (rounds < 1 || rows < 1000) return 2;
    for (const std::size_t batch_size : {100, 1000}) compare(argv[1], rounds, rows, batch_size);
    return 0;
}
