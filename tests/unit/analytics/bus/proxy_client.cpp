#include "tests/unit/analytics/bus/proxy_client.hpp"

#include "proto/event_codec.hpp"

namespace ccproxy::analytics::test {

ProxyClient::ProxyClient(std::string proxy_id, const BusAddresses& addresses,
                         const std::optional<ClientCurve>& curve)
    : proxy_id_(std::move(proxy_id)),
      context_(1),
      events_(context_, ZMQ_PUSH),
      control_(context_, ZMQ_DEALER) {
    for (zmq::socket_t* socket : {&events_, &control_}) {
        socket->set(zmq::sockopt::linger, 0);
        socket->set(zmq::sockopt::reconnect_ivl, 5);
        if (!curve) continue;
        socket->set(zmq::sockopt::curve_serverkey, curve->server_public_key);
        socket->set(zmq::sockopt::curve_publickey, curve->keys.public_key);
        socket->set(zmq::sockopt::curve_secretkey, curve->keys.secret_key);
    }
    control_.set(zmq::sockopt::routing_id, proxy_id_);
    events_.connect(addresses.events);
    control_.connect(addresses.control);
}

void ProxyClient::say(const ControlMessage& message) {
    say_raw(encode_control(message));
}

void ProxyClient::say_raw(const std::string& bytes) {
    control_.send(zmq::buffer(bytes), zmq::send_flags::none);
}

void ProxyClient::send(std::uint64_t seq, const Event& event) {
    std::string payload;
    encode_event(event, payload);
    send_raw(encode_envelope({proxy_id_, seq}), payload);
}

void ProxyClient::send_raw(const std::string& envelope, const std::string& payload) {
    events_.send(zmq::buffer(envelope), zmq::send_flags::sndmore);
    events_.send(zmq::buffer(payload), zmq::send_flags::none);
}

bool ProxyClient::hear_ack(std::uint64_t seq) {
    while (const std::optional<Ack> ack = hear<Ack>()) {
        if (ack->seq >= seq) return true;
    }
    return false;
}

bool ProxyClient::hears_nothing(std::chrono::milliseconds time) {
    return !hear_any(std::chrono::steady_clock::now() + time);
}

std::optional<ControlMessage> ProxyClient::hear_any(
    std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    zmq::pollitem_t item{control_.handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, left);
    zmq::message_t frame;
    if (!control_.recv(frame, zmq::recv_flags::dontwait)) return std::nullopt;
    return decode_control(frame.to_string_view()).value();
}

}  // namespace ccproxy::analytics::test
