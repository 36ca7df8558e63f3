#include "analytics/ingest/intake.hpp"

namespace ccproxy::analytics {

EventContent to_content(std::string_view payload, const PriceTable& prices) {
    Result<Event> event = decode_event(payload);
    if (!event) return RejectedEvent{std::string(payload), event.error().message};
    const std::optional<std::int64_t> cost = prices.cost_nano_usd(*event);
    return PricedEvent{std::move(*event), cost};
}

IngestItem to_item(const Envelope& envelope, std::string_view payload, const PriceTable& prices,
                   std::int64_t now_ms) {
    IngestItem item;
    item.proxy_id = envelope.proxy_id;
    item.seq = envelope.seq;
    item.received_at_ms = now_ms;
    item.content = to_content(payload, prices);
    return item;
}

std::size_t memory_bytes(std::string_view payload) {
    return sizeof(IngestItem) + payload.size();
}

}  // namespace ccproxy::analytics
