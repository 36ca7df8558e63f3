#include "common/thread.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
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

/// A thread that gives way, waits until it is let go, and then wants to give way once more.
class Waiting {
  public:
    explicit Waiting(GivingWay& giving_way)
        : thread_([this, &giving_way] {
              giving_way.begin();
              giving_way.set(true);
              begun_.set_value();
              let_go_.get_future().wait();
              giving_way.set(true);
              policy_ = policy_of(::pthread_self());
          }) {
        begun_.get_future().wait();
    }
    ~Waiting() {
        if (thread_.joinable()) policy_when_let_go();
    }
    pthread_t handle() { return thread_.native_handle(); }
    /// Ends the thread.
    int policy_when_let_go() {
        let_go_.set_value();
        thread_.join();
        return policy_;
    }

  private:
    std::promise<void> begun_, let_go_;
    int policy_ = -1;
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

TEST_CASE("a nice value is the calling thread's and of those that it starts", "[thread]") {
    // 0 is the calling thread.
    const auto nice_value = [] { return ::getpriority(PRIO_PROCESS, 0); };
    const int before = nice_value();
    std::thread([&] {
        lower_priority(19);
        CHECK(nice_value() == 19);
        CHECK(std::async(std::launch::async, nice_value).get() == 19);
    }).join();
    CHECK(nice_value() == before);
}

TEST_CASE("processor time is that of the calling thread", "[thread]") {
    const std::chrono::nanoseconds before = processor_time();
    std::thread([] {
        while (processor_time() < std::chrono::milliseconds(20)) {
        }
    }).join();
    CHECK(processor_time() - before < std::chrono::milliseconds(20));
}

TEST_CASE("a thread that shares a processor is told how long it was kept from it", "[thread]") {
    cpu_set_t one;
    REQUIRE(::sched_getaffinity(0, sizeof one, &one) == 0);
    while (CPU_COUNT(&one) > 1) {
        for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
            if (CPU_ISSET(cpu, &one) && CPU_COUNT(&one) > 1) CPU_CLR(cpu, &one);
        }
    }
    std::atomic<bool> done{false};
    const auto spin = [&] {
        ::sched_setaffinity(0, sizeof one, &one);
        const RunDelay delay;
        const auto begun_at = std::chrono::steady_clock::now();
        const std::chrono::nanoseconds before = delay.so_far();
        const auto passed = [&] { return std::chrono::steady_clock::now() - begun_at; };
        while (!done && passed() < std::chrono::seconds(10)) {
            if (delay.so_far() - before > std::chrono::milliseconds(20)) done = true;
        }
        return delay.so_far() - before <= passed();
    };
    auto first = std::async(std::launch::async, spin);
    auto second = std::async(std::launch::async, spin);
    CHECK(first.get());
    CHECK(second.get());
    CHECK(done);
}

TEST_CASE("a thread gives way when it wants to, and never before it began", "[thread]") {
    const bool permitted = GivingWay::is_permitted();
    CHECK(policy_of(::pthread_self()) == SCHED_OTHER);
    GivingWay giving_way;
    std::thread([&] {
        giving_way.set(true);
        CHECK(policy_of(::pthread_self()) == SCHED_OTHER);
        giving_way.begin();
        CHECK(policy_of(::pthread_self()) == SCHED_OTHER);
        giving_way.set(true);
        CHECK(policy_of(::pthread_self()) == SCHED_IDLE);
        giving_way.set(false);
        CHECK(policy_of(::pthread_self()) == (permitted ? SCHED_OTHER : SCHED_IDLE));
        giving_way.end();
        giving_way.set(true);
        CHECK(policy_of(::pthread_self()) == (permitted ? SCHED_OTHER : SCHED_IDLE));
    }).join();
}

TEST_CASE("a thread that somebody waits for gives way to nobody for a while", "[thread]") {
    if (!GivingWay::is_permitted()) {
        WARN("not permitted to this user");
        return;
    }
    GivingWay giving_way(std::chrono::hours(1));
    giving_way.hurry();
    Waiting waiting(giving_way);
    CHECK(policy_of(waiting.handle()) == SCHED_IDLE);
    giving_way.hurry();
    CHECK(policy_of(waiting.handle()) == SCHED_OTHER);
    CHECK(waiting.policy_when_let_go() == SCHED_OTHER);
}

TEST_CASE("after that while it gives way again", "[thread]") {
    if (!GivingWay::is_permitted()) {
        WARN("not permitted to this user");
        return;
    }
    GivingWay giving_way(std::chrono::milliseconds(0));
    Waiting waiting(giving_way);
    giving_way.hurry();
    CHECK(policy_of(waiting.handle()) == SCHED_OTHER);
    CHECK(waiting.policy_when_let_go() == SCHED_IDLE);
}
