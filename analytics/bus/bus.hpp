// The bus thread: takes events off the PULL socket and speaks with the proxies over the ROUTER
// socket.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "analytics/bus/curve.hpp"
#include "analytics/bus/delivery.hpp"
#include "analytics/ingest/restrained_work.hpp"
#include "analytics/status.hpp"
#include "common/bus_address.hpp"
#include "common/clock.hpp"
#include "common/thread.hpp"
#include "proto/control.hpp"
#include "proto/event_codec.hpp"

namespace zmq {
class message_t;
}

namespace ccproxy::analytics {

class BusSockets;

/// Where events go; called on the bus thread.
struct EventSink {
    std::function<bool()> has_room;
    /// Called only after has_room() said true.
    std::function<void(const Envelope&, std::string_view payload, const Arrival&)> take;
    /// Called now and then while events wait for too long, since whoever gives way to others may
    /// be kept from noticing; may be empty.
    std::function<void()> hurry;
};

struct BusStatus {
    std::uint64_t malformed_messages = 0, unannounced_events = 0, refused_proxies = 0;
    std::uint64_t refused_keys = 0, forged_messages = 0;
    std::uint64_t rests = 0;  ///< Times that events were left waiting on a full machine.
    std::vector<ProxyStatus> proxies;
};

/// All functions but the constructor and start() may be called from any thread.
class Bus {
  public:
    /// Binds the sockets, so that a proxy may connect from now on; with `curve` only those that it
    /// lists. `clock` must outlive it. Throws std::runtime_error.
    Bus(const BusAddresses& addresses, const std::optional<BusCurve>& curve, Delivery delivery,
        const Clock& clock);
    ~Bus();

    /// With `gives_way` the thread gives way to all others of the machine while it keeps up (see
    /// keeps_up()), and rests from events while the machine is full (see Restraint); to be asked of
    /// GivingWay::is_permitted().
    void start(EventSink sink, bool gives_way = false);
    /// Once it returns, the sink is not called again; the control socket goes on.
    void stop_receiving();
    /// Sends what was posted, and ends the thread.
    void stop();

    /// Acks the commit. Never blocks.
    void post(Committed committed);
    /// Tells all proxies. Never blocks.
    void post(RegistryChange change);
    void post(DayOfTokens day);
    /// Returns when all that was posted before is sent.
    void wait_until_sent();

    /// Whether what the proxies record is stored within seconds. May be called often.
    [[nodiscard]] bool keeps_up() const { return keeps_up_.load(std::memory_order_relaxed); }

    /// Lets the thread give way to nobody for a while: somebody is about to wait for it.
    void hurry() { giving_way_.hurry(); }

    [[nodiscard]] BusStatus status() const;

  private:
    enum class Request { stop_receiving, stop, none };
    struct Mark {
        Request request = Request::none;
        std::promise<void> done;
    };
    using Letter = std::variant<Committed, RegistryChange, DayOfTokens, Mark>;

    bool post_letter(Letter letter);
    void wait_for(Request request);
    void loop();
    void note_lag();
    void wait_for_work();
    /// False when the thread is to end.
    bool read_letters();
    void handle(Letter& letter);
    std::vector<Letter> take_letters();
    void read_control();
    void read_events();
    void send(const Replies& replies);
    bool is_entitled(zmq::message_t& frame, const std::string& proxy_id);
    void note_malformed(const std::string& what);
    [[nodiscard]] Moment now() const;

    const Clock& clock_;
    std::unique_ptr<BusSockets> sockets_;
    const int wake_fd_;
    std::thread thread_;
    GivingWay giving_way_;
    std::atomic<bool> keeps_up_{true};

    // Used by the bus thread alone, once it runs.
    EventSink sink_;
    bool receiving_ = true;
    RestrainedWork work_{giving_way_};
    std::int64_t lag_noted_at_ms_ = 0;
    std::int64_t malformed_logged_at_ms_, forged_logged_at_ms_;

    mutable std::mutex delivery_mutex_;
    Delivery delivery_;            ///< Guarded by delivery_mutex_.
    std::uint64_t malformed_ = 0;  ///< Guarded by delivery_mutex_.
    std::uint64_t forged_ = 0;     ///< Guarded by delivery_mutex_.

    std::mutex letters_mutex_;
    std::vector<Letter> letters_;  ///< Guarded by letters_mutex_.
    bool ended_ = true;            ///< Guarded by letters_mutex_: no more letters are taken in.
};

}  // namespace ccproxy::analytics
