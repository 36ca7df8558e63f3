// TLS towards clients: a certificate with its key, read from files, and read anew while connections
// go on.
#pragma once

#include <openssl/ssl.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/config_source.hpp"

namespace ccproxy::net {

struct TlsFiles {
    std::string certificate_file;  ///< PEM: the server's certificate, then those that vouch for it.
    std::string key_file;          ///< PEM, without a passphrase; nobody but its owner may read it.
    bool operator==(const TlsFiles&) const = default;
};

/// Reads `<key>.certificate_file` and `<key>.key_file`: both or neither. Both files are tried, and
/// what is wrong with them is noted as a problem.
std::optional<TlsFiles> read_tls_files(ConfigSource& source, const std::string& key);

/// A server's side of TLS 1.2 and 1.3, with HTTP/1.1 as the one protocol. Thread-safe.
class TlsServer {
  public:
    /// Says in the log until when the certificate is valid, and warns where it is not. Throws
    /// std::runtime_error that names the file and what is wrong with it.
    explicit TlsServer(const TlsFiles& files);

    /// New connections get what these files hold now; those that are there go on. Throws like the
    /// constructor, and then nothing changes.
    void load(const TlsFiles& files);

    /// The server's side of a new connection. The caller owns it (SSL_free). Throws
    /// std::runtime_error when there is no memory for it.
    [[nodiscard]] SSL* make() const;

    /// The moment from which clients refuse the certificate.
    [[nodiscard]] std::int64_t valid_until_ms() const { return identity_.load()->valid_until_ms; }

    struct Identity {
        std::shared_ptr<SSL_CTX> context;
        std::int64_t valid_from_ms = 0;
        std::int64_t valid_until_ms = 0;
    };

  private:
    std::atomic<std::shared_ptr<const Identity>> identity_;
};

/// What a client hears that speaks plain HTTP where TLS is spoken, as nginx says it.
inline constexpr char plain_http_message[] = "this port speaks HTTPS: use an https:// address";

/// Whether a handshake failed with this error of OpenSSL since the client speaks plain HTTP.
bool is_plain_http(unsigned long error);

}  // namespace ccproxy::net
