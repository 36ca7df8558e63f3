// One upstream account: where it is and what opens it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/result.hpp"
#include "proxy/net/tls.hpp"

namespace ccproxy::accounts {

/// As the configuration has it.
struct AccountConfig {
    std::string id;
    std::string mode = "api";
    std::string base_url = "https://api.anthropic.com";
    std::string ca_file;      ///< Empty: the system's certificate authorities.
    std::string api_key;      ///< Sent as `x-api-key`.
    std::string oauth_token;  ///< Sent as a Bearer, with the beta flag that it needs.
};

struct BaseUrl {
    bool tls = true;
    std::string host;  ///< Without the brackets of an IPv6 address.
    std::string port;
    std::string host_header;  ///< As it stands in the URL.
    std::string path;         ///< Without a final slash; often empty.
};

/// Fails on anything but `http://` or `https://` with a host, and on a URL with user, query or
/// fragment.
Result<BaseUrl> parse_base_url(const std::string& url);

/// Ready for use by all workers; immutable.
struct Account {
    std::size_t index = 0;  ///< Its place in the configuration.
    std::string id;
    std::string mode;
    BaseUrl url;
    std::string header_lines;  ///< `host: …` and the credential, each with CR LF.
    std::shared_ptr<const net::TlsClient> tls;  ///< nullptr for plain HTTP.
};

/// Accounts that trust the same authorities share one TLS client. Throws when a certificate file
/// cannot be used.
std::vector<Account> make_accounts(const std::vector<AccountConfig>& configs);

}  // namespace ccproxy::accounts
