#include "common/http/message.hpp"

#include <algorithm>

#include "common/json.hpp"
#include "common/utf8.hpp"

namespace ccproxy::http {
namespace {

constexpr std::size_t max_error_bytes = 4096;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view reason_phrase(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        default:
            return "";  // RFC 9112, section 4: the phrase may be empty.
    }
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
    head.append(name).append(": ");
    // A line end in a value would let it forge headers.
    for (const char c : value) head.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
    head.append("\r\n");
}

}  // namespace

bool equal_names(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](char a, char b) { return lower(a) == lower(b); });
}

std::optional<std::string_view> find_header(const std::vector<Field>& headers,
                                            std::string_view name) {
    for (const Field& field : headers) {
        if (equal_names(field.name, name)) return field.value;
    }
    return std::nullopt;
}

Response json_response(int status, std::string body) {
    Response response;
    response.status = status;
    response.headers.push_back({"content-type", "application/json"});
    response.body = std::move(body);
    return response;
}

Response error_response(int status, std::string_view message) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.StartObject();
    writer.Key("error");
    writer.String(clean_utf8(message, max_error_bytes));
    writer.EndObject();
    return json_response(status, {buffer.GetString(), buffer.GetSize()});
}

std::string response_head(const Response& response, const std::vector<Field>& extra,
                          Persistence persistence, Framing framing) {
    std::string head = "HTTP/1.1 " + std::to_string(response.status) + " ";
    head.append(reason_phrase(response.status)).append("\r\n");
    for (const Field& field : response.headers) append_field(head, field.name, field.value);
    for (const Field& field : extra) {
        if (!find_header(response.headers, field.name)) {
            append_field(head, field.name, field.value);
        }
    }
    if (status_allows_body(response.status)) {
        if (framing == Framing::length) {
            append_field(head, "content-length", std::to_string(response.body.size()));
        } else if (framing == Framing::chunked) {
            append_field(head, "transfer-encoding", "chunked");
        }
    }
    append_field(head, "connection",
                 persistence == Persistence::keep_alive ? "keep-alive" : "close");
    return head + "\r\n";
}

bool status_allows_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

}  // namespace ccproxy::http
