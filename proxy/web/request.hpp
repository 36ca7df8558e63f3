// A Messages request as what a chat backend is asked.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/json/invalid.hpp"

namespace ccproxy::web {

struct Request {
    std::string body;                ///< JSON of the call that asks for the completion.
    std::int64_t prompt_tokens = 0;  ///< As token_estimate.hpp estimates them.
    /// Watched for here: the backend does not know them.
    std::vector<std::string> stop_sequences;
};

inline constexpr std::size_t max_stop_sequences = 64;
inline constexpr std::size_t max_stop_sequence_bytes = 256;

/// Pure; reads untrusted text within the limits of json/tree.hpp. Fails with the first parameter
/// that does not fit or that no chat backend can do.
boost::system::result<Request, Invalid> translate_request(std::string_view body);

}  // namespace ccproxy::web
