// Which header fields cross the proxy, in each direction.
#pragma once

#include <string>
#include <string_view>

#include "proxy/http/head.hpp"

namespace ccproxy::http1 {

/// Appends the client's fields that an upstream may see, each as a header line. Left out:
/// hop-by-hop fields (RFC 9110, section 7.6.1) and those that Connection names, framing, Host,
/// Expect, the client's credential and cookies, what tells of the client's own network, and what is
/// meant for this proxy. `accept-encoding` becomes gzip or identity, the two that can be metered.
void append_request_fields(const RequestHead& request, std::string& out);

/// Appends an upstream's fields that a client may see. Left out: hop-by-hop fields, framing, and
/// what speaks of the upstream's own host (cookies, Alt-Svc, Strict-Transport-Security).
void append_response_fields(const ResponseHead& response, std::string& out);

}  // namespace ccproxy::http1
