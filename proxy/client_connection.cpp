#include "proxy/client_connection.hpp"

#include <array>
#include <utility>

namespace ccproxy {
namespace {

/// What a client may send ahead of its turn before it is left waiting.
constexpr std::size_t max_ahead_bytes = 64 * 1024;
/// Holds a request's head with a usual small body. The rest of a large body is read to where it is
/// held; what is read with its head has to be copied there.
constexpr std::size_t read_bytes = 16 * 1024;

}  // namespace

// Apart from receive(), whose frame, as that of any coroutine, holds all of its variables: here the
// buffer is on the stack, and a connection that waits has none.
net::IoResult ClientConnection::read_some() {
    std::array<char, read_bytes> bytes;
    const net::IoResult result = stream_.read_some(bytes.data(), bytes.size());
    input_.append(bytes.data(), result.bytes);
    return result;
}

net::Task<bool> ClientConnection::receive() {
    for (;;) {
        if (interrupt_ != Interrupt::none) co_return false;
        const net::IoResult result = read_some();
        if (result.status == net::IoStatus::ok) co_return true;
        if (result.status == net::IoStatus::closed || result.status == net::IoStatus::failed) {
            leave();
            co_return false;
        }
        co_await stream_.wait(result.status);
    }
}

net::Task<std::size_t> ClientConnection::receive(char* data, std::size_t size) {
    for (;;) {
        if (interrupt_ != Interrupt::none) co_return 0;
        const net::IoResult result = stream_.read_some(data, size);
        if (result.status == net::IoStatus::ok) co_return result.bytes;
        if (result.status == net::IoStatus::closed || result.status == net::IoStatus::failed) {
            leave();
            co_return 0;
        }
        co_await stream_.wait(result.status);
    }
}

net::Task<bool> ClientConnection::send(std::string_view first, std::string_view second,
                                       net::milliseconds timeout) {
    std::string rest;
    for (;;) {
        if (interrupt_ != Interrupt::none) co_return false;
        if (drained_) co_return drop(first.size() + second.size());
        const net::IoResult result = stream_.write_some(first, second);
        const std::size_t from_first = std::min(result.bytes, first.size());
        first.remove_prefix(from_first);
        second.remove_prefix(result.bytes - from_first);
        if (first.empty() && second.empty()) co_return true;
        if (result.status == net::IoStatus::closed || result.status == net::IoStatus::failed) {
            leave();
            continue;
        }
        if (result.status == net::IoStatus::ok) continue;
        if (rest.empty()) {
            rest.reserve(first.size() + second.size());
            rest.append(first).append(second);
            first = rest;
            second = {};
        }
        arm(timeout);
        co_await stream_.wait(result.status);
    }
}

void ClientConnection::watch() {
    stream_.observe(this);
}

void ClientConnection::unwatch() {
    stream_.observe(nullptr);
}

void ClientConnection::on_ready() {
    for (;;) {
        const net::IoResult result = read_some();
        if (result.status == net::IoStatus::ok && input_.size() <= max_ahead_bytes) continue;
        if (result.status == net::IoStatus::wants_write) {
            return stream_.observe(this, result.status);
        }
        if (result.status == net::IoStatus::wants_read) return stream_.observe(this);
        unwatch();
        if (result.status != net::IoStatus::ok) leave();
        return;
    }
}

void ClientConnection::leave() {
    if (!drain_ || interrupt_ != Interrupt::none) return interrupt(Interrupt::client_gone);
    if (std::exchange(drained_, true)) return;
    drained_until_ = net::SteadyClock::now() + drain_->max_time;
    arm_no_later_than(drained_until_);
    if (on_drain) on_drain();
}

/// What send() would have sent. False when that was too much.
bool ClientConnection::drop(std::size_t bytes) {
    dropped_bytes_ += bytes;
    if (dropped_bytes_ > drain_->max_bytes) interrupt(Interrupt::client_gone);
    return interrupt_ == Interrupt::none;
}

void ClientConnection::arm(net::milliseconds timeout) {
    Deadlined::arm(loop_.turn_began() + timeout);
    if (drained_) arm_no_later_than(drained_until_);
}

void ClientConnection::interrupt(Interrupt reason) {
    if (interrupt_ == Interrupt::none) interrupt_ = reason;
    stream_.cancel();
    if (on_interrupt) on_interrupt();
}

void ClientConnection::clear_deadline_interrupt() {
    if (interrupt_ == Interrupt::deadline) interrupt_ = Interrupt::none;
}

}  // namespace ccproxy
