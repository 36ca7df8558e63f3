// The client's side of a connection: bytes in, bytes out, and the moment it goes away.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "proxy/net/deadline.hpp"
#include "proxy/net/stream.hpp"

namespace ccproxy {

/// Why a suspended coroutine was woken before what it waited for.
enum class Interrupt { none, deadline, client_gone, shutdown };

/// How long an answer is read on for a client that has left.
struct DrainLimits {
    net::milliseconds max_time{120'000};       ///< From when it left.
    std::size_t max_bytes = 16 * 1024 * 1024;  ///< That it would have been sent.
    bool operator==(const DrainLimits&) const = default;
};

/// For one thread. Every wait of a session, also those on its upstream connection, ends when this
/// connection is interrupted; interrupt() says why.
class ClientConnection final : public net::Deadlined, private net::SocketObserver {
  public:
    /// Takes a connected socket.
    ClientConnection(net::EventLoop& loop, UniqueFd socket)
        : loop_(loop), stream_(loop, std::move(socket)) {}

    /// Bytes that were received and not taken yet.
    std::string& input() { return input_; }
    net::Stream& stream() { return stream_; }

    /// Receives more bytes. False when there are none to come: the client has left or the wait was
    /// interrupted.
    net::Task<bool> receive();
    /// The same, to `data` instead of input(), which is to be empty: how many bytes, up to `size`,
    /// which is not 0. 0 when there are none to come.
    net::Task<std::size_t> receive(char* data, std::size_t size);

    /// Sends all of `first`, then all of `second`, waiting for the client where it is slow; the
    /// views are needed until the first suspension only. False when the client has left or the wait
    /// was interrupted.
    net::Task<bool> send(std::string_view first, std::string_view second,
                         net::milliseconds timeout);

    /// From now on, while the request is served, notices when the client leaves; what it sends
    /// meanwhile is kept.
    void watch();
    void unwatch();

    /// From now on, when the client leaves nothing is interrupted: what is sent to it is dropped,
    /// until a limit is reached, and only that counts as an interrupt. Without limits, as at first,
    /// its leaving does at once.
    void drain(std::optional<DrainLimits> limits) { drain_ = limits; }
    /// It has left, and its answer is being read on.
    [[nodiscard]] bool is_drained() const { return drained_; }

    /// From now on. Hides that of the base: draining has its own end.
    void arm(net::milliseconds timeout);

    /// Called by interrupt(), to end waits on other streams that belong to this connection's
    /// request.
    std::function<void()> on_interrupt;
    /// Called when the client has left and its answer is read on.
    std::function<void()> on_drain;

    [[nodiscard]] Interrupt interrupted() const { return interrupt_; }
    void interrupt(Interrupt reason);
    /// A deadline was answered; go on.
    void clear_deadline_interrupt();

    /// Whether the connection waits for a request and may be closed without harm.
    bool idle = true;

  private:
    void on_deadline() override {
        interrupt(drained_ ? Interrupt::client_gone : Interrupt::deadline);
    }
    net::IoResult read_some();
    void leave();
    bool drop(std::size_t bytes);
    void on_ready() override;

    net::EventLoop& loop_;
    net::Stream stream_;
    std::string input_;
    Interrupt interrupt_ = Interrupt::none;
    std::optional<DrainLimits> drain_;
    bool drained_ = false;
    std::size_t dropped_bytes_ = 0;
    net::SteadyClock::time_point drained_until_;
};

}  // namespace ccproxy
