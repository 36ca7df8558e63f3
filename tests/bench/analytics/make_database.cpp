// Fills a database for the other benches, with the store's own writer.
//
//   make_database FILE ROWS DAYS [SEED]
//
// 200 tokens, 20 accounts, 8 models; the last request is of now.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "analytics/store/sqlite/sqlite_store.hpp"
#include "tests/bench/analytics/traffic.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;

int main(int argc, char** argv) {
    if (argc < 4 || std::filesystem::exists(argv[1])) {
        std::fprintf(stderr, "usage: make_database NEW_FILE ROWS DAYS [SEED]\n");
        return 2;
    }
    const SystemClock clock;
    bench::TrafficOptions options;
    options.rows = std::strtoull(argv[2], nullptr, 10);
    options.days = std::strtoull(argv[3], nullptr, 10);
    options.seed = argc > 4 ? static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10)) : 1;
    options.end_ms = clock.unix_ms();
    const auto writer = open_sqlite_writer(argv[1], DayZone::find("UTC").value(), clock);
    bench::Traffic traffic(options);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t done = 0; done < options.rows;) {
        const std::size_t size = std::min<std::size_t>(10'000, options.rows - done);
        if (writer->append(traffic.batch(size)).rows != size) return 1;
        done += size;
        if (done % 500'000 == 0) std::printf("%zu rows\n", done), std::fflush(stdout);
    }
    writer->checkpoint();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    const auto bytes = static_cast<double>(std::filesystem::file_size(argv[1]));
    std::printf("%zu rows in %.0f s, %.0f bytes a row\n", options.rows, took.count(),
                bytes / static_cast<double>(options.rows));
    return 0;
}
