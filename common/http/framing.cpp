#include "common/http/framing.hpp"

#include <algorithm>

namespace ccproxy::http {
namespace {

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view complete_head(std::string_view bytes) {
    static constexpr std::string_view end_of_head = "\r\n\r\n";
    const std::size_t end = bytes.find(end_of_head);
    return end == std::string_view::npos ? "" : bytes.substr(0, end + end_of_head.size());
}

bool has_folded_line(std::string_view head) {
    return head.find("\n ") != std::string_view::npos ||
           head.find("\n\t") != std::string_view::npos;
}

std::optional<std::string_view> framing_problem(int http_minor, const std::vector<Field>& headers) {
    int encodings = 0;
    int lengths = 0;
    int hosts = 0;
    for (const Field& field : headers) {
        if (equal_names(field.name, "transfer-encoding")) {
            ++encodings;
            if (!equal_names(field.value, "chunked")) {
                return "Transfer-Encoding must be chunked or absent";
            }
        } else if (equal_names(field.name, "content-length")) {
            ++lengths;
            if (!is_digits(field.value)) return "Content-Length must be a number";
        } else if (equal_names(field.name, "host")) {
            ++hosts;
        }
    }
    if (encodings > 1) return "Transfer-Encoding is repeated";
    if (lengths > 1) return "Content-Length is repeated";
    if (encodings == 1 && lengths == 1) return "Transfer-Encoding and Content-Length contradict";
    if (encodings == 1 && http_minor == 0) return "Transfer-Encoding is not part of HTTP/1.0";
    if (hosts > 1) return "Host is repeated";
    if (hosts == 0 && http_minor != 0) return "Host is missing";
    return std::nullopt;
}

}  // namespace ccproxy::http
