#include "proxy/http/header_policy.hpp"

#include <algorithm>

namespace ccproxy::http1 {
namespace {

using Known = KnownField;

constexpr FieldSet hop_by_hop{Known::connection,
                              Known::content_length,
                              Known::http2_settings,
                              Known::keep_alive,
                              Known::proxy_authenticate,
                              Known::proxy_authorization,
                              Known::proxy_connection,
                              Known::te,
                              Known::trailer,
                              Known::transfer_encoding,
                              Known::upgrade};

constexpr FieldSet request_only{Known::accept_encoding,
                                Known::authorization,
                                Known::cookie,
                                Known::expect,
                                Known::forwarded,
                                Known::host,
                                Known::via,
                                Known::x_api_key,
                                Known::x_forwarded_for,
                                Known::x_forwarded_host,
                                Known::x_forwarded_port,
                                Known::x_forwarded_proto,
                                Known::x_proxy_mode,
                                Known::x_real_ip};

constexpr FieldSet response_only{Known::alt_svc, Known::set_cookie,
                                 Known::strict_transport_security, Known::x_ccproxy_request_id};

void append_fields(const Fields& fields, FieldSet left_out, std::string& out) {
    const bool connection_names_more = fields.any_item("connection", [](std::string_view option) {
        return !equals_ignoring_case(option, "keep-alive") &&
               !equals_ignoring_case(option, "close");
    });
    fields.append_lines(out, [&](KnownField known, std::string_view name) {
        if (left_out.has(known)) return true;
        return connection_names_more && fields.lists("connection", name);
    });
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
    append_fields(request.fields, hop_by_hop | request_only, out);
    const bool gzip = accepts_gzip(request.fields.get("accept-encoding"));
    out.append(gzip ? "accept-encoding: gzip\r\n" : "accept-encoding: identity\r\n");
}

void append_response_fields(const ResponseHead& response, std::string& out) {
    append_fields(response.fields, hop_by_hop | response_only, out);
}

}  // namespace ccproxy::http1
