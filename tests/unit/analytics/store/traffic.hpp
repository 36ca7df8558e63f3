// Random requests of a seed: several tokens, accounts and models over some days, with everything
// that may be unknown, and their figures computed the plain way.
#pragma once

#include <algorithm>
#include <random>
#include <vector>

#include "tests/unit/analytics/store/store_fixture.hpp"

namespace ccproxy::analytics::test {

inline std::vector<IngestItem> random_traffic(unsigned seed, unsigned count, std::int64_t from_ms,
                                              std::int64_t to_ms) {
    std::mt19937 random(seed);
    const auto below = [&](std::int64_t limit) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
    };
    std::vector<IngestItem> items;
    for (unsigned i = 1; i <= count; ++i) {
        Event event = make_event(seed * 100'000 + i, from_ms + below(to_ms - from_ms));
        const std::int64_t token = below(4);
        event.token_id = "token-" + std::to_string(token);
        event.user_name = token == 3 ? "" : "user-" + std::to_string(token / 2);
        event.account_id = below(4) == 0 ? "" : "account-" + std::to_string(below(3));
        event.mode = event.account_id.empty() ? "" : below(5) == 0 ? "web" : "api";
        event.model = below(9) == 0 ? "" : "model-" + std::to_string(below(3));
        event.success = below(5) != 0;
        event.duration_ms = below(100'000);
        event.usage = {below(100), below(50), below(50), below(10'000), below(900)};
        event.ttft_ms = below(3'000);
        if (below(3) == 0) event.ttft_ms.reset();
        if (below(6) == 0) event.usage_source = UsageSource::partial;
        if (below(4) == 0) {
            event.usage = {};
            event.usage_source = UsageSource::none;
        }
        const bool priced = event.usage_source != UsageSource::none && below(5) != 0;
        items.push_back(
            make_item(i, event, priced ? std::optional(below(1'000'000)) : std::nullopt));
    }
    return items;
}

inline void append_in_batches(StoreWriter& writer, const std::vector<IngestItem>& items,
                              std::size_t batch_size = 37) {
    for (std::size_t start = 0; start < items.size(); start += batch_size) {
        const auto first = items.begin() + static_cast<std::ptrdiff_t>(start);
        const auto size = std::min(batch_size, items.size() - start);
        writer.append({first, first + static_cast<std::ptrdiff_t>(size)});
    }
}

}  // namespace ccproxy::analytics::test
