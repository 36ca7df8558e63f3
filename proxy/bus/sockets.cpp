#include "proxy/bus/sockets.hpp"

#include "common/bus/context.hpp"
#include "proto/control.hpp"

namespace ccproxy::bus {
namespace {

/// Called by ZeroMQ's thread when a message has been sent.
void give_back(void*, void* block) {
    static_cast<journal::Block*>(block)->give_back();
}

}  // namespace

Sockets::Sockets(const PublisherOptions& options)
    : context_(make_bus_context()),
      events_(context_, zmq::socket_type::push),
      control_(context_, zmq::socket_type::dealer) {
    for (zmq::socket_t* socket : {&events_, &control_}) {
        socket->set(zmq::sockopt::linger, 0);
        // Nothing is queued for a peer that is not there: what is lost in such a queue would be
        // sent again anyway.
        socket->set(zmq::sockopt::immediate, true);
        socket->set(zmq::sockopt::reconnect_ivl, 100);
        socket->set(zmq::sockopt::reconnect_ivl_max, 1000);
        socket->set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(max_control_bytes));
        socket->set(zmq::sockopt::ipv6, true);
        if (!options.curve) continue;
        socket->set(zmq::sockopt::curve_serverkey, options.curve->server_public_key);
        socket->set(zmq::sockopt::curve_publickey, options.curve->keys.public_key);
        socket->set(zmq::sockopt::curve_secretkey, options.curve->keys.secret_key);
    }
    // Never less than the window, which is what bounds memory; what is sent anew after a resume
    // waits here.
    events_.set(zmq::sockopt::sndhwm, static_cast<int>(options.window_events));
    events_.connect(options.events_address);
    control_.connect(options.control_address);
}

bool Sockets::send_control(const std::string& bytes) {
    return control_.send(zmq::buffer(bytes), zmq::send_flags::dontwait).has_value();
}

bool Sockets::send_event(const std::string& envelope, std::string_view payload) {
    return send_event(envelope, zmq::message_t(payload.data(), payload.size()));
}

bool Sockets::send_event(const std::string& envelope, std::string_view payload,
                         journal::Block& block) {
    // ZeroMQ only reads what it is given.
    zmq::message_t message(const_cast<char*>(payload.data()), payload.size(), give_back, &block);
    block.lend();
    return send_event(envelope, std::move(message));
}

bool Sockets::send_event(const std::string& envelope, zmq::message_t payload) {
    const auto flags = zmq::send_flags::dontwait;
    if (!events_.send(zmq::buffer(envelope), flags | zmq::send_flags::sndmore)) return false;
    // The first frame was taken, so the rest of the message is too.
    (void)events_.send(payload, flags);
    return true;
}

std::optional<std::string> Sockets::receive_control() {
    zmq::message_t message;
    if (!control_.recv(message, zmq::recv_flags::dontwait)) return std::nullopt;
    return message.to_string();
}

}  // namespace ccproxy::bus
