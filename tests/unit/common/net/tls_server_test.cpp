#include "common/net/tls_server.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>

#include "common/clock.hpp"
#include "tests/unit/common/net/test_certificate.hpp"

namespace ccproxy::net::test {
namespace {

using SslPtr = std::unique_ptr<SSL, decltype(&SSL_free)>;

void replace(const std::string& file, const std::string& by) {
    std::filesystem::copy_file(by, file, std::filesystem::copy_options::overwrite_existing);
}

std::vector<std::string> problems_of(const std::string& yaml) {
    auto source = ConfigSource::parse(yaml, [](const std::string&) { return std::nullopt; });
    read_tls_files(*source, "server.tls");
    return source->problems();
}

}  // namespace

TEST_CASE("A certificate and its key serve, and tell until when", "[tls_server]") {
    const TestCertificate certificate;
    const TlsServer server(certificate.files());
    const std::int64_t left_ms = server.valid_until_ms() - SystemClock().unix_ms();
    CHECK(left_ms > 3'500'000);
    CHECK(left_ms <= 3'600'000);
    const SslPtr ssl(server.make(), SSL_free);
    CHECK(SSL_is_server(ssl.get()) == 1);
    CHECK(SSL_get_min_proto_version(ssl.get()) == TLS1_2_VERSION);
}

TEST_CASE("An expired certificate serves all the same", "[tls_server]") {
    const TestCertificate certificate(-60);
    CHECK(TlsServer(certificate.files()).valid_until_ms() < SystemClock().unix_ms());
}

TEST_CASE("Loading takes other files over, or leaves all as it was", "[tls_server]") {
    const TestCertificate first;
    const TestCertificate second(7200);
    TlsServer server(first.files());
    const std::int64_t before_ms = server.valid_until_ms();
    const SslPtr running(server.make(), SSL_free);

    replace(first.files().certificate_file, second.files().certificate_file);
    CHECK_THROWS_WITH(server.load(first.files()),
                      Catch::Contains("server.key is not the key of the certificate in"));
    CHECK(server.valid_until_ms() == before_ms);
    CHECK_NOTHROW(SslPtr(server.make(), SSL_free));

    replace(first.files().key_file, second.files().key_file);
    server.load(first.files());
    CHECK(server.valid_until_ms() > before_ms + 3'500'000);
    const SslPtr fresh(server.make(), SSL_free);
    CHECK(SSL_get_certificate(fresh.get()) != SSL_get_certificate(running.get()));
}

TEST_CASE("A problem of the files stands with its key", "[tls_server][config]") {
    const TestCertificate certificate;
    const std::string pem = certificate.files().certificate_file;
    const std::string key = certificate.files().key_file;
    CHECK(problems_of("server: {tls: {certificate_file: " + pem + ", key_file: " + key + "}}")
              .empty());
    CHECK(problems_of("server: {tls: }").empty());
    CHECK(problems_of("server: {tls: {certificate_file: " + pem + "}}") ==
          std::vector<std::string>{
              "server.tls.key_file: is required beside server.tls.certificate_file"});
    CHECK(problems_of("server: {tls: {certificate_file: " + key + ", key_file: " + key + "}}") ==
          std::vector<std::string>{"server.tls.certificate_file: " + key +
                                   " holds no certificate in PEM form"});
}

}  // namespace ccproxy::net::test
