// The simulator's own endpoints.
#include "tests/support/upstream_sim/sim_endpoints.hpp"

#include <algorithm>

#include "tests/support/upstream_sim/json_text.hpp"

namespace upstream_sim {

asio::awaitable<Ending> send_ledger(Exchange& exchange) {
    const Ledger& ledger = exchange.context.ledger;
    Framer framer(exchange.steering, exchange.request, 200, true);
    std::string out;
    framer.head(out, "application/json", {}, 0);
    std::string block = "[";
    const std::uint64_t end = ledger.end();
    bool any = false;
    // Other requests are served between two writes, and may drop or clear entries meanwhile.
    for (std::uint64_t number = ledger.first(); number < end; ++number) {
        number = std::max(number, ledger.first());
        if (number >= end) break;
        block += any ? ",\n" : "\n";
        any = true;
        block += ledger.at(number);
        if (block.size() < 16 * kWriteBlockBytes) continue;
        framer.body(out, block);
        block.clear();
        if (!co_await exchange.write(out)) co_return kEndByClient;
        out.clear();
    }
    block += "]\n";
    framer.body(out, block);
    framer.end(out);
    if (!co_await exchange.write(out)) co_return kEndByClient;
    co_return exchange.ending_of(framer);
}

std::string stats_json(const Context& context) {
    const Stats& stats = context.stats;
    const auto item = [](const char* name, std::uint64_t value) {
        return joined({"\"", std::string(name), "\":", std::to_string(value)});
    };
    return joined({"{", item("accepted", stats.accepted), ",",
                   item("turned_away", stats.turned_away), ",", item("open", stats.open), ",",
                   item("in_flight", stats.in_flight), ",", item("served", stats.served), ",",
                   item("malformed", stats.malformed), ",", item("failures", stats.failures), ",",
                   item("ledger_dropped", context.ledger.dropped()), ",",
                   item("ledger_file_errors", context.ledger.file_errors()), "}"});
}

}  // namespace upstream_sim
