#include "common/http/framing.hpp"

#include <algorithm>

namespace ccproxy::http {
namespace {

bool is_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

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
