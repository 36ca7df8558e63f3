#include "tests/unit/common/net/test_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>

namespace ccproxy::net::test {
namespace {

constexpr long hour_s = 3600;

using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using CertificatePtr = std::unique_ptr<X509, decltype(&X509_free)>;

CertificatePtr sign(EVP_PKEY* key, long valid_s) {
    CertificatePtr made(X509_new(), X509_free);
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), std::min(0L, valid_s) - hour_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_s);
    X509_set_pubkey(made.get(), key);
    X509_NAME* const name = X509_get_subject_name(made.get());
    const auto* text = reinterpret_cast<const unsigned char*>("localhost");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    X509_sign(made.get(), key, EVP_sha256());
    return made;
}

template <class Write>
void write_file(const std::string& path, Write write) {
    const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "w"),
                                                                  std::fclose);
    if (!file || ::fchmod(::fileno(file.get()), 0600) != 0 || write(file.get()) != 1) {
        throw std::runtime_error("cannot write " + path);
    }
}

}  // namespace

TestCertificate::TestCertificate(long valid_s) {
    const KeyPtr key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const CertificatePtr certificate = sign(key.get(), valid_s);
    write_file(files_.certificate_file,
               [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
    write_file(files_.key_file, [&](std::FILE* file) {
        return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

}  // namespace ccproxy::net::test
