#include "proxy/http/error_response.hpp"

#include <boost/beast/http/status.hpp>

#include "common/json.hpp"
#include "common/utf8.hpp"

namespace ccproxy::http1 {

std::string_view error_type(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 404:
            return "not_found_error";
        case 413:
            return "request_too_large";
        case 429:
            return "rate_limit_error";
        case 503:
            return "overloaded_error";
        case 504:
            return "timeout_error";
        case 529:
            return "overloaded_error";
        default:
            return status < 500 ? "invalid_request_error" : "api_error";
    }
}

std::string_view reason_phrase(int status) {
    const auto text =
        boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
    return {text.data(), text.size()};
}

std::string error_body(const Refusal& refusal, std::string_view request_id) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    const auto text = [&](const char* name, std::string_view value) {
        writer.Key(name);
        writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
    };
    writer.StartObject();
    text("type", "error");
    writer.Key("error");
    writer.StartObject();
    text("type", error_type(refusal.status));
    text("message", clean_utf8(refusal.message, 1024));
    writer.EndObject();
    text("request_id", request_id);
    writer.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

std::string error_response(const Refusal& refusal, std::string_view request_id, bool keep_alive,
                           bool head_only) {
    return error_response(refusal, request_id, keep_alive, head_only,
                          error_body(refusal, request_id), "request-id");
}

std::string error_response(const Refusal& refusal, std::string_view request_id, bool keep_alive,
                           bool head_only, std::string_view body, std::string_view id_field) {
    std::string out = "HTTP/1.1 " + std::to_string(refusal.status) + " ";
    out.append(reason_phrase(refusal.status));
    out.append("\r\ncontent-type: application/json\r\ncontent-length: ");
    out.append(std::to_string(body.size()));
    out.append("\r\n").append(id_field).append(": ").append(request_id);
    out.append("\r\nx-ccproxy-request-id: ").append(request_id);
    if (refusal.retry_after_seconds > 0) {
        out.append("\r\nretry-after: ").append(std::to_string(refusal.retry_after_seconds));
    }
    if (refusal.should_retry) {
        out.append("\r\nx-should-retry: ").append(*refusal.should_retry ? "true" : "false");
    }
    out.append(refusal.close || !keep_alive ? "\r\nconnection: close\r\n\r\n" : "\r\n\r\n");
    if (!head_only) out.append(body);
    return out;
}

}  // namespace ccproxy::http1
