#include "proxy/http/plain_response.hpp"

#include "proxy/http/error_response.hpp"

namespace ccproxy::http1 {

std::string plain_response(int status, std::string_view content_type, std::string_view body,
                           bool keep_alive, bool head_only) {
    std::string out = "HTTP/1.1 " + std::to_string(status) + " ";
    out.append(reason_phrase(status));
    out.append("\r\ncontent-type: ").append(content_type);
    out.append("\r\ncontent-length: ").append(std::to_string(body.size()));
    out.append(keep_alive ? "\r\n\r\n" : "\r\nconnection: close\r\n\r\n");
    if (!head_only) out.append(body);
    return out;
}

}  // namespace ccproxy::http1
