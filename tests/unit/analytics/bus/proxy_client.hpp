// The sockets of a proxy, for tests: they send what they are told and wait for an answer of a kind.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <zmq.hpp>

#include "common/bus/curve_keys.hpp"
#include "common/bus_address.hpp"
#include "proto/control.hpp"
#include "proto/event.hpp"

namespace ccproxy::analytics::test {

struct ClientCurve {
    CurveKeys keys;
    std::string server_public_key;
};

class ProxyClient {
  public:
    /// With `curve` as a proxy of those keys.
    ProxyClient(std::string proxy_id, const BusAddresses& addresses,
                const std::optional<ClientCurve>& curve = {});

    void say(const ControlMessage& message);
    void say_raw(const std::string& bytes);
    void send(std::uint64_t seq, const Event& event);
    void send_raw(const std::string& envelope, const std::string& payload);

    /// The next message of kind T within ten seconds; others are passed over.
    template <class T>
    std::optional<T> hear() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (const std::optional<ControlMessage> message = hear_any(deadline)) {
            if (const T* wanted = std::get_if<T>(&*message)) return *wanted;
        }
        return std::nullopt;
    }
    /// Whether not a single message comes for that long.
    bool hears_nothing(std::chrono::milliseconds time);
    /// Waits until an ack for `seq` or a later one has come.
    bool hear_ack(std::uint64_t seq);

  private:
    std::optional<ControlMessage> hear_any(std::chrono::steady_clock::time_point deadline);

    const std::string proxy_id_;
    zmq::context_t context_;
    zmq::socket_t events_, control_;
};

}  // namespace ccproxy::analytics::test
