// The receiving side of the delivery protocol: what each message of a proxy leads to. Pure: no
// sockets, no threads, and time comes in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analytics/bus/lag_clock.hpp"
#include "analytics/bus/registry_copy.hpp"
#include "analytics/bus/sequence_tracker.hpp"
#include "analytics/ingest/committed.hpp"
#include "analytics/status.hpp"
#include "analytics/store/daily_usage.hpp"
#include "proto/control.hpp"
#include "proto/event_codec.hpp"

namespace ccproxy::analytics {

struct Moment {
    std::int64_t unix_ms = 0;
    std::int64_t steady_ms = 0;  ///< Of a clock that never goes back.
};

/// A message for the peer that this routing id stands for.
struct Outgoing {
    std::string routing_id;
    ControlMessage message;
};
using Replies = std::vector<Outgoing>;

/// What to do with an event.
struct Arrival {
    bool take = false;  ///< Otherwise it is to be forgotten.
    bool rewinds = false;
    std::uint32_t generation = 0;
    Replies replies;
};

/// Not thread-safe.
class Delivery {
  public:
    /// Proxies that are served at the same time.
    static constexpr std::size_t max_announced = 1024;
    /// A proxy pings every second; after this silence it counts as gone.
    static constexpr std::int64_t silence_ms = 5'000;

    Delivery(std::string instance_id, RegistrySnapshot registry,
             const std::map<std::string, std::uint64_t>& watermarks);

    Replies on_control(const std::string& routing_id, const ControlMessage& message, Moment now);
    Arrival on_event(const Envelope& envelope, Moment now);
    /// Whether events are being read; proxies are told, so that they do not take a slow database
    /// for lost events.
    void note_room(bool has_room) { has_room_ = has_room; }
    /// Whether no proxy that is there has waited this long for an event to be stored.
    [[nodiscard]] bool keeps_up(std::int64_t max_lag_ms, Moment now) const;
    /// Acks for what a commit made safe.
    Replies on_committed(const Committed& committed);
    /// The change for every proxy that is bound.
    Replies on_registry_change(const RegistryChange& change);
    /// For every proxy that is bound, now; for one that comes later, with its welcome.
    Replies on_day_of_tokens(DayOfTokens day);
    /// A message could not be handed over: the peer must say hello before it is told anything
    /// again.
    void on_unreachable(const std::string& routing_id);

    [[nodiscard]] std::vector<ProxyStatus> status(Moment now) const;
    [[nodiscard]] std::uint64_t unannounced_events() const { return unannounced_events_; }
    [[nodiscard]] std::uint64_t refused_proxies() const { return refused_proxies_; }
    /// Control messages that no proxy should send.
    [[nodiscard]] std::uint64_t unexpected_messages() const { return unexpected_messages_; }

  private:
    struct Proxy {
        bool announced = false;  ///< Said hello to this instance.
        std::string routing_id;  ///< Empty when not bound.
        SequenceTracker tracker;
        std::uint32_t generation = 0;
        bool rewind_pending = false;  ///< The next event taken moves the watermark back.
        std::uint64_t gap_at = 0;     ///< The seq that the last counted gap waited for.
        std::int64_t seen_steady_ms = 0;
        LagClock lag_clock;
        ProxyStatus status;
    };

    Replies on_hello(const std::string& routing_id, const Hello& hello, Moment now);
    Replies on_ping(const std::string& routing_id, const Ping& ping, Moment now);
    Proxy* admit(const std::string& proxy_id, Moment now);
    bool make_room(Moment now);
    void bind(Proxy& proxy, const std::string& proxy_id, const std::string& routing_id);
    void unbind(Proxy& proxy);
    static void align(Proxy& proxy, const Hello& hello);
    [[nodiscard]] DailyUsage usage_for(const std::string& proxy_id) const;
    static bool is_connected(const Proxy& proxy, Moment now);

    const std::string instance_id_;
    RegistryCopy registry_;
    DayOfTokens day_;
    std::map<std::string, Proxy> proxies_;
    std::map<std::string, std::string> routes_;  ///< Routing id to proxy_id.
    std::size_t announced_ = 0;
    bool has_room_ = true;
    std::uint64_t unannounced_events_ = 0, refused_proxies_ = 0, unexpected_messages_ = 0;
};

}  // namespace ccproxy::analytics
