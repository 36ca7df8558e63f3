// ZeroMQ's own threads, set up alike in both programs.
#pragma once

#include <zmq.hpp>

namespace ccproxy {

/// A context with one thread for its sockets, which is not to be in the way of requests on a full
/// machine: of what is to be done it comes late (a nice value of 10), and it pushes nobody aside
/// (SCHED_BATCH) - what the one that wakes it sends in a burst would go out message by message,
/// each with a change from one to the other. Throws zmq::error_t.
zmq::context_t make_bus_context();

}  // namespace ccproxy
