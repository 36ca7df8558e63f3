// What is read of a Messages request's body on its way through.
#pragma once

#include <string>
#include <string_view>

#include "common/result.hpp"
#include "proxy/tap/prompt_finder.hpp"

namespace ccproxy::tap {

struct RequestFacts {
    std::string model;
    bool stream = false;
    std::string session_id;  ///< From `metadata.user_id`; empty when it holds none.
};

/// Reads the facts from a JSON body without building a tree. Fails when the body is not one JSON
/// object. With `slices`, what makes the conversation is found in the same pass.
Result<RequestFacts> read_request_facts(std::string_view body, PromptSlices* slices = nullptr);

/// The session in a `metadata.user_id`, which is a JSON string with `session_id`, or, from older
/// clients, `user_…_account_…_session_<uuid>`. Empty when there is none.
std::string session_of_user_id(std::string_view user_id);

}  // namespace ccproxy::tap
