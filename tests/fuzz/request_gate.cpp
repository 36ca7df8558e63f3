// What passes the gate for requests has one framing that nobody can read differently, and so has
// what the proxy writes to an upstream in its place. The rest of a text is the body.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/auth/client_credential.hpp"
#include "proxy/http/body_reader.hpp"
#include "proxy/http/head.hpp"
#include "proxy/http/header_policy.hpp"
#include "proxy/http/target.hpp"
#include "proxy/routes.hpp"
#include "tests/fuzz/pieces.hpp"

namespace {

using ccproxy::fuzz::check;
namespace http1 = ccproxy::http1;

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

/// How often a field of that name stands in a head, read here without the gate's own parser.
int count_lines(std::string_view head, std::string_view name) {
    int count = 0;
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
        const std::size_t next = head.find("\r\n", at + 2);
        const std::string_view line = head.substr(at + 2, next - at - 2);
        if (lower(line.substr(0, line.find(':'))) == name) ++count;
        at = next;
    }
    return count;
}

void check_framing(std::string_view head, const http1::RequestHead& request) {
    const int lengths = count_lines(head, "content-length");
    const int encodings = count_lines(head, "transfer-encoding");
    check(lengths + encodings <= 1, "one field at most states the framing");
    check(count_lines(head, "host") <= 1, "there is one host at most");
    check(head.find('\0') == std::string_view::npos, "there is no NUL");
    for (std::size_t i = 0; i < head.size(); ++i) {
        if (head[i] == '\n') check(i > 0 && head[i - 1] == '\r', "each line ends in CR LF");
        if (head[i] == '\r') check(head[i + 1] == '\n', "no CR stands alone");
    }
    const bool chunked = request.framing.kind == http1::Framing::Kind::chunked;
    check(chunked == (encodings == 1), "a body is chunked when the head says so");
    check(request.framing.kind != http1::Framing::Kind::until_close, "a request has an end");
}

void check_upstream_head(const http1::RequestHead& request) {
    std::string sent = "POST /v1/messages HTTP/1.1\r\nhost: upstream\r\n";
    http1::append_request_fields(request, sent);
    sent.append("\r\n");
    check(http1::find_head_end(sent) == sent.size(), "nothing ends the new head early");
    const auto read = http1::parse_request_head(sent);
    check(read.has_value(), "the new head passes the gate, too");
    check(read->framing.kind == http1::Framing::Kind::none, "no framing of the client passes");
    for (const std::string_view name : {"authorization", "x-api-key", "cookie", "x-forwarded-for",
                                        "connection", "te", "upgrade", "proxy-authorization"}) {
        check(read->fields.count(name) == 0, "this field is not for upstreams");
    }
}

std::string read_body(const http1::Framing& framing, const ccproxy::fuzz::Pieces& pieces) {
    http1::BodyReader reader(framing);
    std::string body;
    std::size_t consumed = 0;
    for (const std::string_view piece : pieces) {
        std::string bytes(piece);
        const auto step = reader.take(bytes.data(), bytes.size());
        check(step.payload <= step.consumed && step.consumed <= bytes.size(), "counts are sane");
        body.append(bytes, 0, step.payload);
        consumed += step.consumed;
        if (step.malformed) return body + "\nmalformed after " + std::to_string(consumed);
        if (reader.done()) break;
    }
    return body + (reader.done() ? "\nends after " + std::to_string(consumed) : "");
}

void read_target(const http1::RequestHead& request) {
    const auto target = http1::parse_target(request.target);
    if (!target) return;
    check(target->path.starts_with('/'), "a path is absolute");
    check(target->path.find("/../") == std::string::npos, "no path leaves its place");
    check(target->query.empty() || target->query.front() == '?', "a query has its mark");
    ccproxy::find_route(request.method, target->path);
    http1::lenient_path(target->path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t head_bytes = http1::find_head_end(text);
    if (head_bytes == 0) return 0;
    const std::string_view head = text.substr(0, head_bytes);
    if (const auto response = http1::parse_response_head(head, "POST")) {
        std::string fields;
        http1::append_response_fields(*response, fields);
        check(fields.find("\r\n\r\n") == std::string::npos, "nothing ends an answer's head early");
    }
    const auto request = http1::parse_request_head(head);
    if (!request) return 0;
    check_framing(head, *request);
    check_upstream_head(*request);
    read_target(*request);
    ccproxy::auth::client_credential(request->fields);
    ccproxy::fuzz::expect_same_for_any_cut(
        text.substr(head_bytes),
        [&](const ccproxy::fuzz::Pieces& pieces) { return read_body(request->framing, pieces); });
    return 0;
}
