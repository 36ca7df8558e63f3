// What the command line sets, and the fixed limits of the simulator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace upstream_sim {

/// Constant after start.
struct Options {
    std::string listen_address = "127.0.0.1";
    std::uint16_t listen_port = 0;  ///< 0 lets the system choose
    std::string tls_cert;           ///< PEM chain; empty serves plain HTTP
    std::string tls_key;
    std::string ledger_file;  ///< empty keeps the ledger in memory only
    std::string require_key;  ///< empty accepts every credential, and none
    std::string port_file;
    std::size_t ledger_max = 1'000'000;         ///< entries kept in memory
    std::size_t ledger_max_bytes = 1ULL << 30;  ///< their JSON together
    std::size_t max_connections = 20'000;       ///< those beyond it are closed at once
};

constexpr std::size_t kHeadLimitBytes = 256 * 1024;
constexpr std::size_t kBodyLimitBytes = 64 * 1024 * 1024;
constexpr std::size_t kTextLimitBytes = 64 * 1024 * 1024;  ///< text of one answer
constexpr std::size_t kPipelineLimitBytes = 64 * 1024;     ///< read ahead during a response
constexpr std::size_t kWriteBlockBytes = 16 * 1024;        ///< events gathered for one write

}  // namespace upstream_sim
