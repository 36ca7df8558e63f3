#include "proxy/net/tls.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ip/address.hpp>
#include <stdexcept>

namespace ccproxy::net {
namespace {

int slot_index() {
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

/// OpenSSL hands over each new session here; returning 1 takes it.
int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* slot = static_cast<TlsSessionSlot*>(SSL_get_ex_data(ssl, slot_index()));
    if (slot == nullptr) return 0;
    slot->session.reset(session);
    return 1;
}

bool is_address(const std::string& host) {
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

}  // namespace

TlsClient::TlsClient(const std::string& ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
    if (context_ == nullptr) throw std::runtime_error("OpenSSL cannot make a TLS context");
    SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context_,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context_, keep_session);
    static constexpr unsigned char http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context_, http_1_1, sizeof http_1_1);
    const bool trusted = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_) == 1
                                         : SSL_CTX_load_verify_file(context_, ca_file.c_str()) == 1;
    if (!trusted) {
        SSL_CTX_free(context_);
        throw std::runtime_error(ca_file + ": holds no certificates that could be read");
    }
}

TlsClient::~TlsClient() {
    SSL_CTX_free(context_);
}

SslPtr TlsClient::make(const std::string& host, TlsSessionSlot& slot) const {
    SslPtr ssl(SSL_new(context_));
    if (!ssl) throw std::runtime_error("OpenSSL cannot make a TLS connection");
    if (is_address(host)) {
        X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
    } else {
        SSL_set_tlsext_host_name(ssl.get(), host.c_str());
        SSL_set1_host(ssl.get(), host.c_str());
    }
    SSL_set_ex_data(ssl.get(), slot_index(), &slot);
    if (slot.session) SSL_set_session(ssl.get(), slot.session.get());
    SSL_set_connect_state(ssl.get());
    return ssl;
}

std::string tls_failure(const SSL* ssl) {
    const long verified = SSL_get_verify_result(ssl);
    if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? "the connection ended in the handshake" : reason;
}

}  // namespace ccproxy::net
