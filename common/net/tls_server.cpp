#include "common/net/tls_server.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sslerr.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "common/clock.hpp"
#include "common/time_text.hpp"

namespace ccproxy::net {
namespace {

/// Those with forward secrecy and authenticated encryption alone (Mozilla's "intermediate" list
/// without DHE). TLS 1.3 has no others.
constexpr const char* tls_1_2_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

struct Problem {
    bool of_key = false;  ///< Of the key's file, not of the certificate's.
    std::string message;
};
using Loaded = boost::system::result<std::shared_ptr<const TlsServer::Identity>, Problem>;

std::string openssl_reason() {
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    return reason == nullptr ? "OpenSSL gives no reason" : reason;
}

/// Answers a client's list of protocols (RFC 7301): one that does not know HTTP/1.1 is refused, as
/// the RFC asks.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    // The type lacks the const; nothing is written through it.
    auto** chosen = const_cast<unsigned char**>(out);
    const int found =
        SSL_select_next_proto(chosen, out_size, http_1_1, sizeof http_1_1, offered, offered_size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::shared_ptr<SSL_CTX> make_context() {
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) throw std::runtime_error("OpenSSL cannot make a TLS context");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context.get(), tls_1_2_ciphers);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    // Sessions are resumed by tickets, which clients keep; nothing is remembered here.
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context.get(), choose_protocol, nullptr);
    return context;
}

std::int64_t unix_ms(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return static_cast<std::int64_t>(::timegm(&parts)) * 1000;
}

std::optional<Problem> use_certificate(SSL_CTX* context, const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return Problem{false, path + " cannot be opened: " + std::strerror(errno)};
    ::close(file);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, path.c_str()) == 1) return std::nullopt;
    if (ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE) {
        return Problem{false, path + " holds no certificate in PEM form"};
    }
    return Problem{false, path + " cannot be used: " + openssl_reason()};
}

std::optional<Problem> use_key(SSL_CTX* context, const TlsFiles& files) {
    const Result<std::string> text = read_secret_file(files.key_file);
    if (!text) return Problem{true, text.error().message};
    // Without this OpenSSL would ask at the terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
        BIO_new_mem_buf(text->data(), static_cast<int>(text->size())), BIO_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_passphrase, nullptr), EVP_PKEY_free);
    if (!key && text->find("ENCRYPTED") != std::string::npos) {
        return Problem{true, files.key_file + " is protected by a passphrase: store it without"};
    }
    if (!key) return Problem{true, files.key_file + " holds no private key in PEM form"};
    if (SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
        SSL_CTX_check_private_key(context) == 1) {
        return std::nullopt;
    }
    return Problem{
        true, files.key_file + " is not the key of the certificate in " + files.certificate_file};
}

Loaded load_identity(const TlsFiles& files) {
    auto identity = std::make_shared<TlsServer::Identity>();
    identity->context = make_context();
    SSL_CTX* const context = identity->context.get();
    auto problem = use_certificate(context, files.certificate_file);
    if (!problem) problem = use_key(context, files);
    ERR_clear_error();
    if (problem) return *problem;
    const X509* certificate = SSL_CTX_get0_certificate(context);
    identity->valid_from_ms = unix_ms(X509_get0_notBefore(certificate));
    identity->valid_until_ms = unix_ms(X509_get0_notAfter(certificate));
    return identity;
}

void tell_validity(const TlsFiles& files, const TlsServer::Identity& identity) {
    const std::int64_t now_ms = SystemClock().unix_ms();
    const std::string& file = files.certificate_file;
    if (now_ms >= identity.valid_until_ms) {
        spdlog::warn("TLS: the certificate {} has expired on {}: clients will refuse it", file,
                     format_time(identity.valid_until_ms));
    } else if (now_ms < identity.valid_from_ms) {
        spdlog::warn("TLS: the certificate {} is not valid before {}: clients will refuse it", file,
                     format_time(identity.valid_from_ms));
    } else {
        spdlog::info("TLS: the certificate {} is valid until {}", file,
                     format_time(identity.valid_until_ms));
    }
}

}  // namespace

std::optional<TlsFiles> read_tls_files(ConfigSource& source, const std::string& key) {
    TlsFiles files;
    files.certificate_file = source.text(key + ".certificate_file", "");
    files.key_file = source.text(key + ".key_file", "");
    if (files.certificate_file.empty() && files.key_file.empty()) return std::nullopt;
    const auto need = [&](const char* name, const std::string& value, const char* other) {
        if (value.empty()) source.problem(key + name, "is required beside " + key + other);
        return !value.empty();
    };
    if (!need(".certificate_file", files.certificate_file, ".key_file")) return std::nullopt;
    if (!need(".key_file", files.key_file, ".certificate_file")) return std::nullopt;
    const Loaded loaded = load_identity(files);
    if (!loaded) {
        const Problem problem = loaded.error();
        source.problem(key + (problem.of_key ? ".key_file" : ".certificate_file"), problem.message);
    }
    return files;
}

TlsServer::TlsServer(const TlsFiles& files) {
    load(files);
}

void TlsServer::load(const TlsFiles& files) {
    const Loaded loaded = load_identity(files);
    if (!loaded) throw std::runtime_error("TLS: " + loaded.error().message);
    tell_validity(files, **loaded);
    identity_.store(*loaded);
}

SSL* TlsServer::make() const {
    SSL* const ssl = SSL_new(identity_.load()->context.get());
    if (ssl == nullptr) throw std::runtime_error("OpenSSL cannot make a TLS connection");
    SSL_set_accept_state(ssl);
    return ssl;
}

bool is_plain_http(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
}

}  // namespace ccproxy::net
