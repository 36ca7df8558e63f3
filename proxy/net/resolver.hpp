// Host names to addresses, remembered for a while, so that a slow name server delays at most the
// first request.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "proxy/net/name_lookup.hpp"
#include "proxy/net/task.hpp"
#include "proxy/net/timer.hpp"

namespace ccproxy::net {

/// For the loop's thread.
class Resolver {
  public:
    explicit Resolver(EventLoop& loop) : loop_(loop), lookup_(loop) {}

    /// Starts a look-up unless a fresh answer is at hand or one is under way.
    void prefetch(const std::string& host, const std::string& port);

    /// The addresses of a host; empty when there are none, or none within five seconds. An old
    /// answer is used while the name server gives no new one.
    Task<Endpoints> resolve(std::string host, std::string port);

  private:
    struct Entry {
        Endpoints endpoints;
        SteadyClock::time_point fresh_until{};
        bool under_way = false;
        /// Cancelled when the answer is there. Each belongs to a coroutine that waits.
        std::vector<Timer*> waiting;
    };

    Entry& refresh(const std::string& host, const std::string& port);

    EventLoop& loop_;
    std::map<std::string, std::unique_ptr<Entry>> entries_;
    NameLookup lookup_;  ///< The last, so that it ends first.
};

}  // namespace ccproxy::net
