#include "common/thread.hpp"

#include <sched.h>

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

bool GivingWay::is_permitted() {
    bool permitted = false;
    std::thread([&permitted] {
        const pthread_t self = ::pthread_self();
        permitted = set_policy(self, SCHED_IDLE) && set_policy(self, SCHED_OTHER);
    }).join();
    return permitted;
}

void GivingWay::begin() {
    const std::lock_guard lock(mutex_);
    thread_ = ::pthread_self();
    begun_ = true;
}

void GivingWay::set(bool gives_way) {
    const std::lock_guard lock(mutex_);
    if (!begun_ || gives_way == gives_way_) return;
    // Where the kernel refuses, though it allowed it before, the thread stays as it is, and the
    // next call tries again.
    if (set_policy(thread_, gives_way ? SCHED_IDLE : SCHED_OTHER)) gives_way_ = gives_way;
}

}  // namespace ccproxy
