#include "proxy/accounts/account.hpp"

#include <boost/url/parse.hpp>
#include <charconv>
#include <map>
#include <stdexcept>

namespace ccproxy::accounts {
namespace {

std::string credential_lines(const AccountConfig& config) {
    if (!config.api_key.empty()) return "x-api-key: " + config.api_key + "\r\n";
    // The Messages API takes an OAuth token only together with this flag.
    return "authorization: Bearer " + config.oauth_token +
           "\r\nanthropic-beta: oauth-2025-04-20\r\n";
}

std::string text(boost::urls::string_view view) {
    return {view.data(), view.size()};
}

/// Boost.URL takes any number for a port.
bool is_port(const std::string& port) {
    std::uint16_t number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    return error == std::errc() && end == port.data() + port.size() && number > 0;
}

}  // namespace

Result<BaseUrl> parse_base_url(const std::string& url) {
    const auto parsed = boost::urls::parse_uri(url);
    if (!parsed) return Error{"is not a URL"};
    const std::string scheme = text(parsed->scheme());
    if (scheme != "https" && scheme != "http") return Error{"must start with https:// or http://"};
    if (parsed->host().empty()) return Error{"names no host"};
    if (parsed->has_userinfo() || parsed->has_query() || parsed->has_fragment()) {
        return Error{"must be a scheme, a host, a port and a path, nothing else"};
    }
    BaseUrl base;
    base.tls = scheme == "https";
    base.host = parsed->host_address();
    base.port = parsed->has_port() ? text(parsed->port()) : base.tls ? "443" : "80";
    if (!is_port(base.port)) return Error{"has no proper port"};
    base.host_header = text(parsed->encoded_host_and_port());
    base.path = text(parsed->encoded_path());
    while (base.path.ends_with('/')) base.path.pop_back();
    return base;
}

std::vector<Account> make_accounts(const std::vector<AccountConfig>& configs) {
    std::map<std::string, std::shared_ptr<const net::TlsClient>> tls_by_ca_file;
    std::vector<Account> accounts;
    for (const AccountConfig& config : configs) {
        const Result<BaseUrl> url = parse_base_url(config.base_url);
        if (!url) throw std::runtime_error(config.id + ": base_url " + url.error().message);
        Account account;
        account.index = accounts.size();
        account.id = config.id;
        account.mode = config.mode;
        account.url = *url;
        account.header_lines = "host: " + url->host_header + "\r\n" + credential_lines(config);
        if (url->tls) {
            auto& tls = tls_by_ca_file[config.ca_file];
            if (!tls) tls = std::make_shared<net::TlsClient>(config.ca_file);
            account.tls = tls;
        }
        accounts.push_back(std::move(account));
    }
    return accounts;
}

}  // namespace ccproxy::accounts
