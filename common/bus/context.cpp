#include "common/bus/context.hpp"

#include <sched.h>

#include <future>

#include "common/thread.hpp"

namespace ccproxy {
namespace {

constexpr int nice_value = 10;

}  // namespace

zmq::context_t make_bus_context() {
    zmq::context_t context;
    context.set(zmq::ctxopt::thread_sched_policy, SCHED_BATCH);
    // ZeroMQ starts its threads with the first socket, and knows no nice value: they have that of
    // the thread which makes it.
    std::async(std::launch::async, [&context] {
        lower_priority(nice_value);
        const zmq::socket_t first(context, zmq::socket_type::pair);
    }).get();
    return context;
}

}  // namespace ccproxy
