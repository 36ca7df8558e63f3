// The loop of a thread: waits for sockets, timers and other threads, and wakes who waits for them.
#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "common/unique_fd.hpp"
#include "proxy/net/types.hpp"

struct epoll_event;

namespace ccproxy::net {

/// Base of what the loop wakes. It may be destroyed at any time on the loop's thread, and is not
/// woken then.
class Wakeable : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    Wakeable() = default;
    Wakeable(const Wakeable&) = delete;
    Wakeable& operator=(const Wakeable&) = delete;

  protected:
    ~Wakeable() = default;

  private:
    friend class EventLoop;
    /// `events` as epoll(7) tells them. Destroys and resumes nothing: wake() comes next.
    virtual void note(std::uint32_t events) = 0;
    /// May destroy this object as the last that it does.
    virtual void wake() = 0;
};

/// For one thread, apart from post() and stop(). Sockets are registered once, edge-triggered, for
/// reading and writing alike: waiting is no system call.
class EventLoop {
  public:
    using Timers = std::multimap<SteadyClock::time_point, Wakeable*>;

    /// Throws std::system_error when the system has no more descriptors.
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Until stop() is called.
    void run();
    /// Thread-safe. What was posted before is done first.
    void stop();
    /// Thread-safe. The loop calls `action` soon.
    void post(std::function<void()> action);

    /// When this turn of the loop began: near enough to now where a millisecond does not count, and
    /// for nothing. For the loop's thread.
    [[nodiscard]] SteadyClock::time_point turn_began() const { return turn_began_; }

    /// From now on `socket` is told what happens to `fd`, until that is closed. False when the
    /// system has no memory for it.
    bool add(int fd, Wakeable& socket);
    /// Wakes it in this turn of the loop, though not in this call.
    void wake_soon(Wakeable& sleeper);
    /// Wakes it once at that moment, or up to a millisecond later.
    Timers::iterator add_timer(SteadyClock::time_point moment, Wakeable& timer);
    void remove_timer(Timers::iterator timer);

  private:
    void wait();
    void run_posted();
    [[nodiscard]] int timeout_ms() const;

    UniqueFd epoll_;
    UniqueFd wake_up_;
    boost::intrusive::list<Wakeable, boost::intrusive::constant_time_size<false>> awake_;
    Timers timers_;
    std::mutex mutex_;
    std::vector<std::function<void()>> posted_;
    SteadyClock::time_point turn_began_ = SteadyClock::now();
    bool stopped_ = false;
};

}  // namespace ccproxy::net
