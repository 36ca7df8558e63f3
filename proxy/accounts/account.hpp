// One upstream account: where it is and what opens it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/result.hpp"
#include "proxy/accounts/account_state.hpp"
#include "proxy/net/tls.hpp"

namespace ccproxy::accounts {

/// What only web accounts have beside their credential.
struct WebSettings {
    std::string organization_id;       ///< Empty: asked of the backend.
    bool delete_conversations = true;  ///< When their answers have ended.
};

/// As the configuration has it.
struct AccountConfig {
    std::string id;
    std::string mode = "api";                            ///< Or `web`.
    std::string base_url = "https://api.anthropic.com";  ///< Of a web account there is no default.
    std::string ca_file;      ///< Empty: the system's certificate authorities.
    std::string api_key;      ///< Sent as `x-api-key`.
    std::string oauth_token;  ///< Sent as a Bearer, with the beta flag that it needs.
    std::string session_key;  ///< Of a web account: sent as the cookie `sessionKey`.
    WebSettings web;
    std::int64_t weight = 1;  ///< Its share of the requests, beside the other accounts' weights.
    std::int64_t max_concurrent = 0;  ///< Requests under way at one time; 0: no limit.
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

/// Ready for use by all workers; immutable but for its state.
struct Account {
    std::string id;
    std::string mode;
    std::string base_url;  ///< As configured.
    BaseUrl url;
    std::string header_lines;  ///< `host: …` and the credential, each with CR LF.
    std::string session_key;   ///< Of a web account, so that it can be kept out of texts.
    WebSettings web;
    std::int64_t weight = 1;
    std::int64_t max_concurrent = 0;
    bool is_only_one = false;  ///< No other account has its mode.
    /// Connections may be shared among accounts with the same number, and with no others. It stays
    /// when a reload changes neither the id nor where and how the upstream is reached.
    std::uint64_t connections = 0;
    std::shared_ptr<const net::TlsClient> tls;  ///< nullptr for plain HTTP.
    std::shared_ptr<AccountState> state;        ///< Never nullptr.
};

}  // namespace ccproxy::accounts
