#include "common/thread.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <thread>

namespace ccproxy {
namespace {

bool set_policy(pthread_t thread, int policy) {
    const sched_param param{};
    return ::pthread_setschedparam(thread, policy, &param) == 0;
}

}  // namespace

void name_thread(const char* name) {
    ::pthread_setname_np(::pthread_self(), name);
}

void lower_priority(int nice_value) {
    // On Linux 0 means the calling thread, not its process: setpriority(2).
    ::setpriority(PRIO_PROCESS, 0, nice_value);
}

std::chrono::nanoseconds processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

RunDelay::RunDelay() : file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

std::chrono::nanoseconds RunDelay::so_far() const {
    char bytes[128];
    const ssize_t got = ::pread(file_.get(), bytes, sizeof bytes, 0);
    std::int64_t nanoseconds = 0;
    if (got <= 0) return std::chrono::nanoseconds(0);
    std::string_view text(bytes, static_cast<std::size_t>(got));
    text.remove_prefix(std::min(text.find(' ') + 1, text.size()));
    std::from_chars(text.data(), text.data() + text.size(), nanoseconds);
    return std::chrono::nanoseconds(nanoseconds);
}

bool GivingWay::is_permitted() {
    bool permitted = false;
    std::thread([&permitted] {
        const pthread_t self = ::pthread_self();
        permitted = set_policy(self, SCHED_IDLE) && set_policy(self, SCHED_OTHER);
    }).join();
    return permitted;
}

void GivingWay::begin() {
    thread_ = ::pthread_self();
    begun_.store(true);
}

void GivingWay::set(bool gives_way) {
    if (!begun_.load()) return;
    if (Clock::now().time_since_epoch().count() < held_until_.load()) gives_way = false;
    if (gives_way_.exchange(gives_way) == gives_way) return;
    set_policy(thread_, gives_way ? SCHED_IDLE : SCHED_OTHER);
    // A hurry() that came in between has set the policy before, not after.
    if (gives_way && !gives_way_.load()) set_policy(thread_, SCHED_OTHER);
}

void GivingWay::hurry() {
    if (!begun_.load()) return;
    held_until_.store((Clock::now() + hold_).time_since_epoch().count());
    if (gives_way_.exchange(false)) set_policy(thread_, SCHED_OTHER);
}

}  // namespace ccproxy
