#include "proxy/http/head.hpp"

#include <charconv>

#include "common/byte_scan.hpp"
#include "proxy/http/grammar.hpp"

namespace ccproxy::http1 {
namespace {

/// Takes the first line off, without its end.
Result<std::string_view> take_line(std::string_view& head) {
    const std::size_t size = line_bytes(head);
    if (size == std::string_view::npos) return no_line(head);
    const std::string_view line = head.substr(0, size);
    head.remove_prefix(size + line_end.size());
    return line;
}

/// What Connection says of the connection itself.
struct ConnectionOptions {
    bool close = false;
    bool keep_alive = false;
};

/// What follows the first line, down to the empty line that ends the head.
Result<ConnectionOptions> read_fields(std::string_view lines, Fields& fields) {
    if (std::optional<Error> error = fields.read(lines)) return *std::move(error);
    ConnectionOptions options;
    // All that Connection lists is names of options (RFC 9110, section 7.6.1).
    const bool malformed = fields.any_item("connection", [&](std::string_view option) {
        options.close |= equals_ignoring_case(option, "close");
        options.keep_alive |= equals_ignoring_case(option, "keep-alive");
        return span(option, ByteClass::token) != option.size();
    });
    if (malformed) return Error{"Connection is malformed"};
    return options;
}

/// The minor version of `HTTP/1.0` and `HTTP/1.1`, as servers and clients of other versions of
/// HTTP/1 would not differ from them.
Result<int> parse_version(std::string_view version) {
    if (version == "HTTP/1.1") return 1;
    if (version == "HTTP/1.0") return 0;
    return Error{"only HTTP/1.x is spoken"};
}

Result<std::uint64_t> parse_length(std::string_view text) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        return Error{"Content-Length is not a number"};
    }
    return length;
}

/// Framing as Content-Length and Transfer-Encoding state it; nullopt when neither is there.
Result<std::optional<Framing>> stated_framing(const Fields& fields, int minor_version) {
    using Known = KnownField;
    const bool has_length = fields.has(Known::content_length);
    if (fields.repeats(Known::content_length)) {
        return Error{"there is more than one Content-Length"};
    }
    if (fields.has(Known::transfer_encoding)) {
        if (minor_version == 0) return Error{"HTTP/1.0 knows no Transfer-Encoding"};
        if (has_length) return Error{"Transfer-Encoding and Content-Length exclude each other"};
        if (fields.repeats(Known::transfer_encoding) ||
            !equals_ignoring_case(fields.get("transfer-encoding"), "chunked")) {
            return Error{"Transfer-Encoding must be chunked and nothing else"};
        }
        return std::optional(Framing{Framing::Kind::chunked, 0});
    }
    if (!has_length) return std::optional<Framing>();
    const Result<std::uint64_t> length = parse_length(fields.get("content-length"));
    if (!length) return length.error();
    return std::optional(
        Framing{*length == 0 ? Framing::Kind::none : Framing::Kind::length, *length});
}

}  // namespace

std::size_t find_head_end(std::string_view buffer) {
    const std::size_t size = bytes_before_empty_line(buffer);
    return size == buffer.size() ? 0 : size + 4;
}

bool may_become_response(std::string_view buffer) {
    static constexpr std::string_view start = "HTTP/1.";
    if (buffer.substr(0, start.size()) != start.substr(0, buffer.size())) return false;
    return find_head_end(buffer) != 0 || buffer.find("\n\n") == std::string_view::npos;
}

Result<RequestHead> parse_request_head(std::string_view head) {
    const Result<std::string_view> line = take_line(head);
    if (!line) return line.error();
    RequestHead request;
    const std::size_t method_bytes = span(*line, ByteClass::token);
    if (method_bytes == 0 || method_bytes == line->size() || (*line)[method_bytes] != ' ') {
        return Error{"the method is malformed"};
    }
    request.method = line->substr(0, method_bytes);
    const std::string_view rest = line->substr(method_bytes + 1);
    const std::size_t target_bytes = span(rest, ByteClass::target);
    if (target_bytes == 0 || target_bytes == rest.size() || rest[target_bytes] != ' ') {
        return Error{"the target is malformed"};
    }
    request.target = rest.substr(0, target_bytes);
    const Result<int> version = parse_version(rest.substr(target_bytes + 1));
    if (!version) return version.error();
    request.minor_version = *version;
    const Result<ConnectionOptions> options = read_fields(head, request.fields);
    if (!options) return options.error();
    if (request.fields.repeats(KnownField::host)) return Error{"there is more than one Host"};
    if (!request.fields.has(KnownField::host) && request.minor_version == 1) {
        return Error{"Host is missing"};
    }
    Result<std::optional<Framing>> framing = stated_framing(request.fields, request.minor_version);
    if (!framing) return framing.error();
    request.framing = framing->value_or(Framing{});
    request.keep_alive = request.minor_version == 1 && !options->close;
    request.expects_continue =
        request.minor_version == 1 && request.fields.lists("expect", "100-continue");
    return request;
}

Result<ResponseHead> parse_response_head(std::string_view head, std::string_view method) {
    static constexpr std::size_t version_bytes = 8;
    static constexpr std::size_t status_bytes = 3;
    const Result<std::string_view> line = take_line(head);
    if (!line) return line.error();
    const Result<int> minor_version = parse_version(line->substr(0, version_bytes));
    if (!minor_version) return minor_version.error();
    const std::string_view status = line->substr(version_bytes);
    // A space follows the status also where no reason does.
    if (status.size() < status_bytes + 2 || status.front() != ' ' ||
        status[status_bytes + 1] != ' ') {
        return Error{"the status is malformed"};
    }
    ResponseHead response;
    const char* digits = status.data() + 1;
    const auto [end, error] = std::from_chars(digits, digits + status_bytes, response.status);
    if (error != std::errc() || end != digits + status_bytes || *digits == '-') {
        return Error{"the status is malformed"};
    }
    if (response.status < 100 || response.status > 599) return Error{"the status is out of range"};
    const Result<ConnectionOptions> options = read_fields(head, response.fields);
    if (!options) return options.error();
    response.keep_alive = !options->close && (*minor_version == 1 || options->keep_alive);
    const bool bodiless = method == "HEAD" || response.status < 200 || response.status == 204 ||
                          response.status == 304;
    const Result<std::optional<Framing>> framing = stated_framing(response.fields, *minor_version);
    if (!framing) return framing.error();
    if (bodiless) return response;
    response.framing = framing->value_or(Framing{Framing::Kind::until_close, 0});
    if (response.framing.kind == Framing::Kind::until_close) response.keep_alive = false;
    return response;
}

}  // namespace ccproxy::http1
