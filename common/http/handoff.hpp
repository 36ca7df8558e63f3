// Work that the I/O thread gives away and waits for without blocking. Internal to this folder.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

namespace ccproxy::http {

/// Held by both threads, since either may be the last to care.
class Handoff : public std::enable_shared_from_this<Handoff> {
  public:
    explicit Handoff(const boost::asio::any_io_executor& executor);

    /// By the other thread, once: what it wrote before, the I/O thread sees after wait().
    void finish();

    /// By the I/O thread. False when it was told to give up; then the other thread still works.
    boost::asio::awaitable<bool> wait();
    /// By the I/O thread: ends wait().
    void give_up();

  private:
    // Used by the I/O thread alone.
    bool finished_ = false;
    bool given_up_ = false;
    boost::asio::steady_timer changed_;  ///< Never expires; cancelled to wake wait().
};

}  // namespace ccproxy::http
