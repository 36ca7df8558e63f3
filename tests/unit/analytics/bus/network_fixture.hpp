// A receiver on two free ports of the loopback interface, with CURVE and keys for the proxies
// named.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "tests/unit/analytics/bus/proxy_client.hpp"
#include "tests/unit/analytics/bus/receiver.hpp"
#include "tests/unit/analytics/store/store_fixture.hpp"

namespace ccproxy::analytics::test {

/// Free when asked for.
inline std::uint16_t free_port() {
    zmq::context_t context;
    zmq::socket_t socket(context, ZMQ_PULL);
    socket.bind("tcp://127.0.0.1:*");
    const std::string address = socket.get(zmq::sockopt::last_endpoint);
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

struct NetworkFixture : StoreFixture {
    const CurveKeys server = make_curve_keys();
    const std::array<std::uint16_t, 2> ports{free_port(), free_port()};
    const BusAddresses addresses{"tcp://127.0.0.1:" + std::to_string(ports[0]),
                                 "tcp://127.0.0.1:" + std::to_string(ports[1])};
    int instances = 0;

    explicit NetworkFixture(const std::vector<std::string>& names) {
        writer.reset();
        for (const std::string& name : names) {
            keys_[name] = make_curve_keys();
            allow(name, keys_[name].public_key);
        }
    }
    void allow(const std::string& name, const std::string& public_key) {
        allowed_.push_back({name, public_key});
    }
    [[nodiscard]] ClientCurve keys_of(const std::string& name) const {
        return {keys_.at(name), server.public_key};
    }
    [[nodiscard]] std::optional<BusCurve> curve() const { return BusCurve{server, allowed_}; }
    std::unique_ptr<Receiver> start() {
        WriterOptions options;
        options.rule = {1, std::chrono::milliseconds(0)};
        return std::make_unique<Receiver>("instance-" + std::to_string(++instances), addresses,
                                          open("UTC"), clock, options, curve());
    }

  private:
    std::map<std::string, CurveKeys> keys_;
    std::vector<AllowedProxy> allowed_;
};

}  // namespace ccproxy::analytics::test
