// When waiting events are written, and how many at once. Pure.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace ccproxy::analytics {

struct BatchRule {
    std::size_t batch_size = 100;
    std::chrono::milliseconds flush_interval{200};

    [[nodiscard]] bool is_due(std::size_t waiting, std::chrono::milliseconds oldest_age) const {
        return waiting >= batch_size || (waiting > 0 && oldest_age >= flush_interval);
    }
    /// How long until events that wait now are due if no more come.
    [[nodiscard]] std::chrono::milliseconds until_due(std::chrono::milliseconds oldest_age) const {
        return std::max(flush_interval - oldest_age, std::chrono::milliseconds(0));
    }
    /// What piled up during the last write goes into one transaction, up to a number at which
    /// larger batches gain little more.
    [[nodiscard]] std::size_t largest_batch() const {
        return std::max<std::size_t>(batch_size, 1000);
    }
};

}  // namespace ccproxy::analytics
