// Work in steps on the writer thread, for jobs.
#pragma once

#include <cstdint>

#include "analytics/jobs/job.hpp"

namespace ccproxy::analytics {

/// Runs `step`, which takes a StoreWriter and tells how much it did, until it did less than `full`
/// or the run is to stop. Gives the sum.
template <class Step>
std::int64_t repeat(const JobContext& context, std::int64_t full, Step step) {
    std::int64_t sum = 0;
    std::int64_t done = full;
    while (done >= full && !context.stop.stop_requested()) {
        context.write([&](StoreWriter& store) { done = step(store); });
        sum += done;
    }
    return sum;
}

/// Gives what holds nothing back to the file system, and tells how many bytes.
inline std::int64_t release_all_space(const JobContext& context) {
    constexpr std::int64_t bytes_a_step = std::int64_t{1} << 20;
    const std::int64_t released =
        repeat(context, 1, [](StoreWriter& store) { return store.release_space(bytes_a_step); });
    // The file itself shrinks with the checkpoint.
    context.write([](StoreWriter& store) { store.checkpoint(); });
    return released;
}

}  // namespace ccproxy::analytics
