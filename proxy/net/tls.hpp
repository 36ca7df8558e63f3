// TLS towards upstreams: certificates checked against the host's name, sessions resumed.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "proxy/net/stream.hpp"

namespace ccproxy::net {

struct FreeSslSession {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SslSessionPtr = std::unique_ptr<SSL_SESSION, FreeSslSession>;

/// Where the last session with one upstream is kept for resumption. Belongs to one thread and
/// outlives the streams made with it.
struct TlsSessionSlot {
    SslSessionPtr session;
};

/// Shared by all threads once made.
class TlsClient {
  public:
    /// Trusts the system's certificate authorities, or those in `ca_file` alone when it is not
    /// empty. TLS 1.2 or newer. Throws std::runtime_error when the file cannot be used.
    explicit TlsClient(const std::string& ca_file);
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    /// A client's side for a connection to `host`: SNI (for names), certificate and host name
    /// checked.
    SslPtr make(const std::string& host, TlsSessionSlot& slot) const;

  private:
    SSL_CTX* context_;
};

/// Why the last handshake on this thread failed, for a log line.
std::string tls_failure(const SSL* ssl);

}  // namespace ccproxy::net
