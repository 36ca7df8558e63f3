// One request and its answer under way: what the parts that serve it share.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/upstream_sim/connection.hpp"
#include "tests/support/upstream_sim/framer.hpp"
#include "tests/support/upstream_sim/identity.hpp"
#include "tests/support/upstream_sim/ledger.hpp"
#include "tests/support/upstream_sim/options.hpp"
#include "tests/support/upstream_sim/request.hpp"
#include "tests/support/upstream_sim/steering.hpp"

namespace upstream_sim {

struct Stats {
    std::uint64_t accepted = 0;     ///< connections
    std::uint64_t turned_away = 0;  ///< connections beyond the limit
    std::uint64_t open = 0;         ///< connections
    std::uint64_t in_flight = 0;    ///< requests between head read and answer ended
    std::uint64_t served = 0;       ///< requests in the ledger
    std::uint64_t malformed = 0;    ///< heads that were refused, which the ledger does not have
    std::uint64_t failures = 0;     ///< connections ended by an exception; should be 0
};

/// What the web backend remembers.
struct WebBackend {
    std::set<std::string> conversations{};       ///< by their paths
    std::map<std::string, Steering> steering{};  ///< of calls that say nothing of their own
};

/// What all connections share. One thread.
struct Context {
    const Options& options;
    Ledger& ledger;
    Ids ids{};
    Stats stats{};
    std::map<std::string, std::uint64_t> group_errors{};  ///< errors given, by x-sim `group`
    WebBackend web{};
};

/// How the answer ended and what becomes of the connection.
struct Ending {
    enum class Connection { kKeep, kClose, kLinger, kReset };
    Outcome outcome = Outcome::kComplete;
    Connection connection = Connection::kKeep;
};

constexpr Ending kEndByClient{Outcome::kClientGone, Ending::Connection::kClose};
constexpr Ending kEndByCut{Outcome::kCut, Ending::Connection::kClose};
constexpr Ending kEndByReset{Outcome::kCut, Ending::Connection::kReset};

/// For a coroutine that returns whether the answer goes on: it does not, and ends so.
inline bool ends(Ending& ending, const Ending& how) {
    ending = how;
    return false;
}

struct Exchange {
    Connection& connection;
    Context& context;
    Request request{};
    Steering steering{};
    Record record{};

    /// Writes to the client and counts; `bytes` is kept alive by the caller. False: client gone.
    asio::awaitable<bool> write(std::string_view bytes);

    /// Stays silent for `duration_ms`, or without one until the client leaves. False: client gone.
    asio::awaitable<bool> stay_silent(Steering::Number duration_ms);

    /// The header fields that every answer of the API has, and those that are steered.
    std::vector<Field> api_fields() const;

    /// The status to answer with: 200, or what is steered and not used up by its group.
    int steered_status();

    /// How an answer ends that was sent to its last byte.
    Ending ending_of(const Framer& framer) const;
};

/// What steering wants instead of, or before, the head. False when that ends the
/// answer: then `ending` says how.
asio::awaitable<bool> faults_before_head(Exchange& exchange, Ending& ending);

/// Writes half of `head` and cuts, when steered so. False when that ends the answer.
asio::awaitable<bool> fault_in_head(Exchange& exchange, std::string_view head, Ending& ending);

}  // namespace upstream_sim
