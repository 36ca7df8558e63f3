// A socket in the loop: what it is ready for, and who waits for that.
#pragma once

#include <coroutine>

#include "common/unique_fd.hpp"
#include "proxy/net/event_loop.hpp"

namespace ccproxy::net {

/// What a socket can be ready for.
struct Readiness {
    bool read = false;
    bool write = false;
    [[nodiscard]] bool overlaps(Readiness other) const {
        return (read && other.read) || (write && other.write);
    }
};

class SocketObserver {
  public:
    /// Called by the loop. Is to use the socket until it is no more ready, or to end observing:
    /// what is left is not told again. Must not destroy the socket.
    virtual void on_ready() = 0;

  protected:
    ~SocketObserver() = default;
};

/// Owns a non-blocking descriptor. For the loop's thread; nobody may wait when it is destroyed.
///
/// The loop tells of changes only (epoll's edges). So a socket counts as ready from when that was
/// told until its user found otherwise and says so: by emptied() and filled().
class Socket final : private Wakeable {
  public:
    /// A descriptor that could not be registered counts as always ready: using it says what is
    /// wrong.
    Socket(EventLoop& loop, UniqueFd fd);

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] bool is_open() const { return fd_.is_open(); }
    [[nodiscard]] Readiness ready() const { return ready_; }
    /// The peer has sent its last byte, or there was an error. There is always something to read
    /// then.
    [[nodiscard]] bool has_ended() const { return ended_; }

    /// There was nothing more to read.
    void emptied() { ready_.read = ended_; }
    /// There was no room to write.
    void filled() { ready_.write = false; }

    /// `co_await socket.wait(wanted)`: until it is ready for any of that. False when cancel() was
    /// called meanwhile. One coroutine at a time.
    auto wait(Readiness wanted) {
        struct Wait {
            Socket& socket;
            Readiness wanted;
            [[nodiscard]] bool await_ready() const {
                socket.cancelled_ = false;
                return socket.ready_.overlaps(wanted);
            }
            void await_suspend(std::coroutine_handle<> waiter) const {
                socket.waiter_ = waiter;
                socket.wanted_ = wanted;
            }
            bool await_resume() const { return !socket.cancelled_; }
        };
        return Wait{*this, wanted};
    }

    /// Calls `observer` when it is ready for any of `wanted`, soon if it is now, and again each
    /// time that the loop tells something. Until called with nullptr.
    void observe(SocketObserver* observer, Readiness wanted = {});

    /// Ends a wait.
    void cancel();
    /// Ends waits, too.
    void close();

  private:
    void note(std::uint32_t events) override;
    void wake() override;

    EventLoop& loop_;
    UniqueFd fd_;
    std::coroutine_handle<> waiter_;
    SocketObserver* observer_ = nullptr;
    Readiness ready_;
    Readiness wanted_;
    Readiness observed_;
    bool ended_ = false;
    bool cancelled_ = false;
};

}  // namespace ccproxy::net
