// Host names to addresses by the system's resolver, which blocks.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "proxy/net/endpoint.hpp"
#include "proxy/net/event_loop.hpp"

namespace ccproxy::net {

using Endpoints = std::vector<Endpoint>;

/// Asks one after the other, on a thread of its own, which is there from the first question on.
class NameLookup {
  public:
    /// `endpoints` is empty when there are none.
    using Done = std::function<void(Endpoints endpoints)>;

    explicit NameLookup(EventLoop& loop) : loop_(loop) {}
    /// Waits for the question that is under way, and asks no more.
    ~NameLookup();

    /// For the loop's thread, which calls `done` later.
    void ask(std::string host, std::string port, Done done);

  private:
    struct Question {
        std::string host;
        std::string port;
        Done done;
    };

    void run();

    EventLoop& loop_;
    std::mutex mutex_;
    std::condition_variable asked_;
    std::list<Question> questions_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace ccproxy::net
