#include "proxy/http/head.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>
#include <stdexcept>

namespace ccproxy::http1 {
namespace {

namespace beast_http = boost::beast::http;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// What Beast tolerates and we do not: folded lines, bare LF or CR, control characters.
const char* find_bad_bytes(std::string_view head) {
    std::size_t line_start = 0;
    for (std::size_t i = 0; i < head.size(); ++i) {
        const auto c = static_cast<unsigned char>(head[i]);
        if (c == '\r' && i + 1 < head.size() && head[i + 1] == '\n') {
            ++i;
            line_start = i + 1;
            continue;
        }
        if (c == '\r' || c == '\n') return "a line does not end in CR LF";
        if (i == line_start && (c == ' ' || c == '\t')) return "a header line is folded";
        if ((c < 0x20 && c != '\t') || c == 0x7f) return "the head holds a control character";
    }
    return nullptr;
}

template <class Message>
Fields copy_fields(const Message& message) {
    Fields fields;
    for (const auto& field : message) {
        const auto name = field.name_string();
        const auto value = field.value();
        fields.add({name.data(), name.size()}, {value.data(), value.size()});
    }
    return fields;
}

template <class Parser>
std::optional<Error> parse(Parser& parser, std::string_view head) {
    if (const char* what = find_bad_bytes(head)) return Error{what};
    boost::system::error_code error;
    parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
    parser.body_limit(boost::none);
    std::size_t used = 0;
    try {
        used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
    } catch (const std::length_error&) {
        // Beast keeps a field's sizes in 16 bits.
        return Error{"a header field is too long"};
    }
    if (error && error != beast_http::error::need_more) return Error{error.message()};
    if (!parser.is_header_done() || used != head.size()) return Error{"the head is malformed"};
    return std::nullopt;
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
    const std::size_t encodings = fields.count("transfer-encoding");
    const std::size_t lengths = fields.count("content-length");
    if (lengths > 1) return Error{"there is more than one Content-Length"};
    if (encodings > 0) {
        if (minor_version == 0) return Error{"HTTP/1.0 knows no Transfer-Encoding"};
        if (lengths > 0) return Error{"Transfer-Encoding and Content-Length exclude each other"};
        if (encodings > 1 || !equals_ignoring_case(fields.get("transfer-encoding"), "chunked")) {
            return Error{"Transfer-Encoding must be chunked and nothing else"};
        }
        return std::optional(Framing{Framing::Kind::chunked, 0});
    }
    if (lengths == 0) return std::optional<Framing>();
    const Result<std::uint64_t> length = parse_length(fields.get("content-length"));
    if (!length) return length.error();
    return std::optional(
        Framing{*length == 0 ? Framing::Kind::none : Framing::Kind::length, *length});
}

bool keeps_alive(const Fields& fields, int minor_version) {
    if (fields.lists("connection", "close")) return false;
    return minor_version >= 1 || fields.lists("connection", "keep-alive");
}

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

void Fields::add(std::string_view name, std::string_view value) {
    std::string lower_name(name);
    std::transform(lower_name.begin(), lower_name.end(), lower_name.begin(), lower);
    fields_.emplace_back(std::move(lower_name), trim(value));
}

std::string_view Fields::get(std::string_view name) const {
    for (const auto& [field_name, value] : fields_) {
        if (field_name == name) return value;
    }
    return {};
}

std::size_t Fields::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        fields_.begin(), fields_.end(), [&](const auto& field) { return field.first == name; }));
}

bool Fields::lists(std::string_view name, std::string_view token) const {
    for (const auto& [field_name, value] : fields_) {
        if (field_name != name) continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            if (equals_ignoring_case(trim(rest.substr(0, comma)), token)) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

std::size_t find_head_end(std::string_view buffer) {
    const std::size_t at = buffer.find("\r\n\r\n");
    return at == std::string_view::npos ? 0 : at + 4;
}

bool may_become_response(std::string_view buffer) {
    static constexpr std::string_view start = "HTTP/1.";
    if (buffer.substr(0, start.size()) != start.substr(0, buffer.size())) return false;
    return find_head_end(buffer) != 0 || buffer.find("\n\n") == std::string_view::npos;
}

Result<RequestHead> parse_request_head(std::string_view head) {
    beast_http::request_parser<beast_http::empty_body> parser;
    if (std::optional<Error> error = parse(parser, head)) return *std::move(error);
    const auto& message = parser.get();
    RequestHead request;
    request.method = view(message.method_string());
    request.target = view(message.target());
    if (message.version() != 10 && message.version() != 11) return Error{"only HTTP/1.x is spoken"};
    request.minor_version = message.version() == 10 ? 0 : 1;
    for (const char c : request.target) {
        if (static_cast<unsigned char>(c) >= 0x80) return Error{"the target is not ASCII"};
    }
    request.fields = copy_fields(message);
    const std::size_t hosts = request.fields.count("host");
    if (hosts > 1) return Error{"there is more than one Host"};
    if (hosts == 0 && request.minor_version == 1) return Error{"Host is missing"};
    Result<std::optional<Framing>> framing = stated_framing(request.fields, request.minor_version);
    if (!framing) return framing.error();
    request.framing = framing->value_or(Framing{});
    request.keep_alive = request.minor_version == 1 && keeps_alive(request.fields, 1);
    request.expects_continue =
        request.minor_version == 1 && request.fields.lists("expect", "100-continue");
    return request;
}

Result<ResponseHead> parse_response_head(std::string_view head, std::string_view method) {
    beast_http::response_parser<beast_http::empty_body> parser;
    parser.skip(true);
    if (std::optional<Error> error = parse(parser, head)) return *std::move(error);
    const auto& message = parser.get();
    if (message.version() != 10 && message.version() != 11) return Error{"only HTTP/1.x is spoken"};
    const int minor_version = message.version() == 10 ? 0 : 1;
    ResponseHead response;
    response.status = static_cast<int>(message.result_int());
    if (response.status < 100 || response.status > 599) return Error{"the status is out of range"};
    response.fields = copy_fields(message);
    response.keep_alive = keeps_alive(response.fields, minor_version);
    const bool bodiless = method == "HEAD" || response.status < 200 || response.status == 204 ||
                          response.status == 304;
    const Result<std::optional<Framing>> framing = stated_framing(response.fields, minor_version);
    if (!framing) return framing.error();
    if (bodiless) return response;
    response.framing = framing->value_or(Framing{Framing::Kind::until_close, 0});
    if (response.framing.kind == Framing::Kind::until_close) response.keep_alive = false;
    return response;
}

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace ccproxy::http1
