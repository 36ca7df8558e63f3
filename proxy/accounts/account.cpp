#include "proxy/accounts/account.hpp"

#include <boost/url/parse.hpp>
#include <charconv>

namespace ccproxy::accounts {
namespace {

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

}  // namespace ccproxy::accounts
