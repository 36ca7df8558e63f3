// One moment by which something must have happened. Re-arming stores a time; nothing is scheduled.
#pragma once

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <chrono>

#include "proxy/net/types.hpp"

namespace ccproxy::net {

/// Base of what has a deadline. A worker looks through all of its deadlines every sweep interval,
/// so a deadline acts up to that much late.
class Deadlined : public boost::intrusive::list_base_hook<
                      boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  public:
    void arm(SteadyClock::time_point moment) { deadline_ = moment; }
    void arm_no_later_than(SteadyClock::time_point moment) {
        deadline_ = std::min(deadline_, moment);
    }
    void disarm() { deadline_ = SteadyClock::time_point::max(); }
    /// Calls on_deadline() once when the moment has passed.
    void check_deadline(SteadyClock::time_point now) {
        if (now < deadline_) return;
        disarm();
        on_deadline();
    }

  protected:
    ~Deadlined() = default;

  private:
    virtual void on_deadline() = 0;
    SteadyClock::time_point deadline_ = SteadyClock::time_point::max();
};

using DeadlineList = boost::intrusive::list<Deadlined, boost::intrusive::constant_time_size<false>>;
inline constexpr milliseconds sweep_interval{100};

}  // namespace ccproxy::net
