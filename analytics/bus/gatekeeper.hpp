// Says which keys may come in, whenever a connection with CURVE is made.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "analytics/bus/curve.hpp"

namespace ccproxy::analytics {

/// The ZAP handler (ZeroMQ RFC 27) of a context, on a thread of its own: libzmq asks it in the
/// middle of each handshake, and the handshake waits for its answer.
class Gatekeeper {
  public:
    /// To be made before a socket of the context is bound. Throws zmq::error_t.
    Gatekeeper(zmq::context_t& context, const std::vector<AllowedProxy>& allowed);
    ~Gatekeeper();
    Gatekeeper(const Gatekeeper&) = delete;
    Gatekeeper& operator=(const Gatekeeper&) = delete;

    /// Connections whose key is not listed. From any thread.
    [[nodiscard]] std::uint64_t refused() const { return refused_.load(); }

  private:
    void loop();
    void answer(const std::vector<zmq::message_t>& question);
    void note_refused(const std::string& address, const std::string& key);

    const int stop_fd_;
    zmq::socket_t socket_;                    // Used by the thread alone, once it runs.
    std::map<std::string, std::string> ids_;  ///< By the public key's bytes.
    std::int64_t logged_at_ms_;
    std::atomic<std::uint64_t> refused_{0};
    std::thread thread_;
};

}  // namespace ccproxy::analytics
