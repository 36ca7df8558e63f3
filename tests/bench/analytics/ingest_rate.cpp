// What roll-ups, totals and watermarks cost beside the rows themselves: the store's append, and
// bare inserts into the same table with the same indexes, as many by a statement, in alternating
// rounds on one database.
//
//   ingest_rate FILE [ROUNDS] [ROWS A ROUND] [late]
//
// Time goes on where FILE ends, as it does for a proxy that is connected; with `late` what is
// written is of the last days before, as from a journal that had to wait. FILE comes from
// make_database and is of no use for statistics afterwards: what is inserted barely is in no
// roll-up.
#include <SQLiteCpp/Transaction.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "analytics/store/sqlite/appender.hpp"
#include "analytics/store/sqlite/connection.hpp"
#include "analytics/store/sqlite/log_table.hpp"
#include "analytics/store/sqlite/meta.hpp"
#include "tests/bench/analytics/traffic.hpp"

namespace {

using namespace ccproxy;
using namespace ccproxy::analytics;
using Steady = std::chrono::steady_clock;
using Batches = std::vector<std::vector<IngestItem>>;

class Bare {
  public:
    explicit Bare(SQLite::Database& database) : database_(database), logs_(database) {}
    void append(const std::vector<IngestItem>& batch, Indexing) {
        SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
        std::vector<const IngestItem*> together;
        for (const IngestItem& item : batch) {
            together.push_back(&item);
            if (together.size() < LogTable::rows_together) continue;
            logs_.add_together(together);
            together.clear();
        }
        for (const IngestItem* item : together) {
            logs_.add(item->proxy_id, std::get<PricedEvent>(item->content));
        }
        transaction.commit();
    }

  private:
    SQLite::Database& database_;
    LogTable logs_;
};

/// Rows a second of one way, round by round: by the clock, and by the processor time that this
/// process took, which says more on a machine that is busy with other things.
struct Rates {
    std::vector<double> by_clock, by_processor;
};

double processor_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <class Way>
void measure(Way& way, const Batches& batches, Rates& rates) {
    const auto rows = static_cast<double>(batches.size() * batches.front().size());
    const auto start = Steady::now();
    const double processor = processor_seconds();
    for (const auto& batch : batches) way.append(batch, Indexing::at_once);
    rates.by_processor.push_back(rows / (processor_seconds() - processor));
    rates.by_clock.push_back(rows / std::chrono::duration<double>(Steady::now() - start).count());
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

void compare(const std::string& path, std::size_t rounds, std::size_t rows, std::size_t size,
             bool syncs, bool late) {
    SQLite::Database database = open_for_writing(path);
    if (!syncs) database.exec("PRAGMA synchronous = NORMAL");
    const DayZone zone = DayZone::find("UTC").value();
    Appender store(database, zone, {});
    Bare bare(database);
    bench::TrafficOptions options;
    // As many rows a day as 5,000,000 in 90 days.
    options.rows = 2 * rounds * rows;
    options.days = std::max<std::size_t>(1, options.rows / 55'555);
    options.end_ms = read_integer(database, "SELECT max(request_at) FROM request_logs");
    if (!late) options.end_ms += static_cast<std::int64_t>(options.days) * 86'400'000;
    options.seed = static_cast<unsigned>(size);
    bench::Traffic traffic(options);
    Rates store_rates, bare_rates;
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto make = [&] {
            Batches batches;
            for (std::size_t i = 0; i < rows / size; ++i) batches.push_back(traffic.batch(size));
            // The proxy's numbers go on over the runs.
            for (auto& batch : batches) batch.front().rewinds = true;
            return batches;
        };
        const Batches first = make();
        const Batches second = make();
        const bool store_first = round % 2 == 0;
        if (store_first) measure(store, first, store_rates);
        measure(bare, store_first ? second : first, bare_rates);
        if (!store_first) measure(store, second, store_rates);
    }
    const auto percent = [](const std::vector<double>& a, const std::vector<double>& b) {
        return 100 * median(a) / median(b);
    };
    std::printf(
        "batch %5zu, %-6s: bare %7.0f rows/s, store %7.0f rows/s, %3.0f %%; by processor time "
        "%7.0f, %7.0f, %3.0f %%\n",
        size, syncs ? "FULL" : "NORMAL", median(bare_rates.by_clock), median(store_rates.by_clock),
        percent(store_rates.by_clock, bare_rates.by_clock), median(bare_rates.by_processor),
        median(store_rates.by_processor),
        percent(store_rates.by_processor, bare_rates.by_processor));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: ingest_rate FILE [ROUNDS] [ROWS A ROUND] [late]\n");
        return 2;
    }
    const std::size_t rounds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5;
    const std::size_t rows = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 20'000;
    if (rounds < 1 || rows < 1000) return 2;
    const bool late = argc > 4 && std::string_view(argv[4]) == "late";
    for (const bool syncs : {true, false}) {
        for (const std::size_t size : {100, 1000}) {
            compare(argv[1], rounds, rows, size, syncs, late);
        }
    }
    return 0;
}
