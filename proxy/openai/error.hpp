// Errors in OpenAI's shape.
#pragma once

#include <string>
#include <string_view>

#include "proxy/http/error_response.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::openai {

/// `{"error":{"message":…,"type":…,"param":…,"code":…}}` for a status of HTTP; an empty `param` is
/// null.
std::string error_body(int status, std::string_view message, std::string_view param = {});

/// A whole response with such a body, as http1::error_response makes it.
std::string error_response(const http1::Refusal& refusal, std::string_view request_id,
                           bool keep_alive, bool head_only);

/// The body for an error that an upstream answered. What is not an error of the Messages API is
/// named by its status alone.
std::string translate_error(int status, std::string_view json);

/// The same for the `error` event of a stream, whose type stands for the status that it would have
/// had.
std::string translate_stream_error(const JsonValue& event);

}  // namespace ccproxy::openai
