// Certificates made for a test, in a folder of their own that goes with them.
#pragma once

#include "common/net/tls_server.hpp"
#include "tests/unit/temp_folder.hpp"

namespace ccproxy::net::test {

class TestCertificate {
  public:
    /// Signed by its own key, for localhost; valid for `valid_s` seconds from now on, or, where
    /// that is negative, expired for so long.
    explicit TestCertificate(long valid_s = 3600);

    [[nodiscard]] const TlsFiles& files() const { return files_; }

  private:
    ccproxy::test::TempFolder folder_;
    TlsFiles files_{folder_.file("server.pem"), folder_.file("server.key")};
};

}  // namespace ccproxy::net::test
