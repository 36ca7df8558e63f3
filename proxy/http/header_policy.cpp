#include "proxy/http/header_policy.hpp"

#include <algorithm>
#include <array>

namespace ccproxy::http1 {
namespace {

constexpr std::array<std::string_view, 11> hop_by_hop{"connection",          "content-length",
                                                      "keep-alive",          "proxy-authenticate",
                                                      "proxy-authorization", "te",
                                                      "proxy-connection",    "trailer",
                                                      "transfer-encoding",   "upgrade",
                                                      "http2-settings"};

constexpr std::array<std::string_view, 14> request_only{"accept-encoding",
                                                        "authorization",
                                                        "cookie",
                                                        "expect",
                                                        "forwarded",
                                                        "host",
                                                        "via",
                                                        "x-api-key",
                                                        "x-forwarded-for",
                                                        "x-forwarded-host",
                                                        "x-forwarded-proto",
                                                        "x-forwarded-port",
                                                        "x-proxy-mode",
                                                        "x-real-ip"};

constexpr std::array<std::string_view, 4> response_only{
    "alt-svc", "set-cookie", "strict-transport-security", "x-ccproxy-request-id"};

template <class Names>
bool contains(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether a Connection field names others that are not to be passed on.
bool names_fields(std::string_view connection) {
    return !connection.empty() && !equals_ignoring_case(connection, "keep-alive") &&
           !equals_ignoring_case(connection, "close");
}

template <class Names>
void append_fields(const Fields& fields, const Names& left_out, std::string& out) {
    const bool connection_names_more =
        names_fields(fields.get("connection")) || fields.count("connection") > 1;
    for (const auto [name, value] : fields) {
        if (contains(hop_by_hop, name) || contains(left_out, name)) continue;
        if (connection_names_more && fields.lists("connection", name)) continue;
        out.append(name).append(": ").append(value).append("\r\n");
    }
}

/// Whether an Accept-Encoding takes gzip (RFC 9110, section 12.5.3); a weight of 0 refuses it.
bool accepts_gzip(std::string_view accepted) {
    while (!accepted.empty()) {
        const std::size_t comma = std::min(accepted.find(','), accepted.size());
        std::string item(accepted.substr(0, comma));
        std::erase_if(item, [](char c) { return c == ' ' || c == '\t'; });
        const std::size_t semicolon = std::min(item.find(';'), item.size());
        const std::string_view coding = std::string_view(item).substr(0, semicolon);
        const std::string_view weight = std::string_view(item).substr(semicolon);
        if (equals_ignoring_case(coding, "gzip") || coding == "*") {
            return weight.find_first_of("123456789") != std::string_view::npos || weight.empty();
        }
        accepted.remove_prefix(std::min(comma + 1, accepted.size()));
    }
    return false;
}

}  // namespace

void append_request_fields(const RequestHead& request, std::string& out) {
    append_fields(request.fields, request_only, out);
    const bool gzip = accepts_gzip(request.fields.get("accept-encoding"));
    out.append(gzip ? "accept-encoding: gzip\r\n" : "accept-encoding: identity\r\n");
}

void append_response_fields(const ResponseHead& response, std::string& out) {
    append_fields(response.fields, response_only, out);
}

}  // namespace ccproxy::http1
