// Turns the bytes of a bus message into what the store takes: decoded and priced, or rejected with
// the reason. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "analytics/pricing/price_table.hpp"
#include "analytics/store/store.hpp"
#include "proto/event_codec.hpp"

namespace ccproxy::analytics {

/// Decodes and prices the bytes of an event.
EventContent to_content(std::string_view payload, const PriceTable& prices);

IngestItem to_item(const Envelope& envelope, std::string_view payload, const PriceTable& prices,
                   std::int64_t now_ms);

/// About what an item takes in memory, for the bound of the queue.
std::size_t memory_bytes(std::string_view payload);

}  // namespace ccproxy::analytics
