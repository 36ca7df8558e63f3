// A request in OpenAI's format: which one it is, and how it goes to an upstream.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proxy/http/head.hpp"
#include "proxy/http/target.hpp"
#include "proxy/openai/request.hpp"

namespace ccproxy::openai {

struct Call {
    enum class Kind { completion, model_list, model };
    Kind kind = Kind::completion;
    bool include_usage = false;  ///< Of a streamed completion.
};

/// The call that a request makes, when its answer is to be in OpenAI's format. `/v1/models` exists
/// in both formats: callers of the Messages API name a version of it, and those of OpenAI's send a
/// Bearer.
std::optional<Call> find_call(std::string_view method, std::string_view path,
                              const http1::Fields& fields);

/// Where the call goes: its path and query at an upstream.
http1::Target upstream_target(const Call& call, const http1::Target& asked, const ModelMap& models);

/// The client's fields as a request of the Messages API has them: with a version, without what
/// belongs to OpenAI, and without what no longer holds of a body that is sent anew. The answer is
/// asked for as identity, and unconditionally.
http1::Fields upstream_fields(const http1::Fields& sent);

}  // namespace ccproxy::openai
