#include "common/thread.hpp"

#include <pthread.h>
#include <sched.h>

#include <array>
#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>

using namespace ccproxy;

namespace {

int policy_of(pthread_t thread) {
    int policy = -1;
    sched_param param{};
    REQUIRE(::pthread_getschedparam(thread, &policy, &param) == 0);
    return policy;
}

/// A thread that does nothing until it is let go.
class Waiting {
  public:
    explicit Waiting(GivingWay& giving_way)
        : thread_([this, &giving_way] {
              giving_way.begin();
              begun_.set_value();
              done_.get_future().wait();
          }) {
        begun_.get_future().wait();
    }
    ~Waiting() {
        done_.set_value();
        thread_.join();
    }
    pthread_t handle() { return thread_.native_handle(); }

  private:
    std::promise<void> begun_, done_;
    std::thread thread_;
};

}  // namespace

TEST_CASE("a thread has the name it was given", "[thread]") {
    std::string name;
    std::thread([&name] {
        name_thread("bus");
        std::array<char, 16> told{};
        ::pthread_getname_np(::pthread_self(), told.data(), told.size());
        name = told.data();
    }).join();
    CHECK(name == "bus");
}

TEST_CASE("a thread gives way when another one says so, and stops it", "[thread]") {
    GivingWay giving_way;
    giving_way.set(true);
    CHECK(policy_of(::pthread_self()) == SCHED_OTHER);
    const bool permitted = GivingWay::is_permitted();
    CHECK(policy_of(::pthread_self()) == SCHED_OTHER);
    Waiting waiting(giving_way);
    CHECK(policy_of(waiting.handle()) == SCHED_OTHER);
    giving_way.set(true);
    CHECK(policy_of(waiting.handle()) == SCHED_IDLE);
    giving_way.set(false);
    CHECK(policy_of(waiting.handle()) == (permitted ? SCHED_OTHER : SCHED_IDLE));
}
