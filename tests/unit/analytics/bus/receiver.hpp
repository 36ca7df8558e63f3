// Bus and writer over a real database, put together as analyticsd does.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "analytics/bus/bus.hpp"
#include "analytics/ingest/intake.hpp"
#include "analytics/ingest/writer.hpp"

namespace ccproxy::analytics::test {

/// The receiving half of analyticsd over a database that outlives it.
struct Receiver {
    const PriceTable prices = PriceTable::built_in();
    Bus bus;
    Writer writer;

    Receiver(const std::string& instance_id, const BusAddresses& addresses,
             std::unique_ptr<StoreWriter> store, const Clock& clock, WriterOptions options,
             const std::optional<BusCurve>& curve = {}, bool gives_way = false)
        : bus(addresses, curve, Delivery(instance_id, store->registry(), store->watermarks()),
              clock),
          writer(std::move(store), options, clock,
                 [this](const Committed& committed) { bus.post(committed); }) {
        writer.start();
        EventSink sink;
        sink.has_room = [this] { return writer.has_room(); };
        sink.take = [this, &clock](const Envelope& envelope, std::string_view payload,
                                   const Arrival& arrival) {
            QueuedEvent event;
            event.item = to_item(envelope, payload, prices, clock.unix_ms());
            event.item.rewinds = arrival.rewinds;
            event.generation = arrival.generation;
            event.bytes = memory_bytes(payload);
            writer.push(std::move(event));
        };
        bus.start(sink, gives_way);
    }
    ~Receiver() {
        bus.stop_receiving();
        writer.stop();
        bus.stop();
    }
};

}  // namespace ccproxy::analytics::test
