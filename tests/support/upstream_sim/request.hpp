// A request as it was received.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upstream_sim {

using Field = std::pair<std::string, std::string>;

struct Request {
    std::string method;
    std::string target;          ///< raw, as on the wire
    std::string path;            ///< of the target, without scheme, host and query
    std::string query;           ///< without the question mark
    std::vector<Field> headers;  ///< names in lower case, duplicates joined by ", "
    bool http10 = false;
    bool keep_alive = true;
    bool chunked = false;
    std::optional<std::uint64_t> content_length;

    std::size_t received_body_bytes = 0;  ///< before inflating
    std::string body;                     ///< decoded
    bool body_complete = false;

    /// The value of a header (`name` in lower case), or nullptr.
    const std::string* header(std::string_view name) const {
        for (const Field& field : headers) {
            if (field.first == name) return &field.second;
        }
        return nullptr;
    }

    /// Whether its credential, of whatever kind, ends so.
    bool credential_ends_with(std::string_view end) const {
        for (const char* name : {"x-api-key", "authorization", "cookie"}) {
            const std::string* value = header(name);
            if (value != nullptr && value->ends_with(end)) return true;
        }
        return false;
    }
};

}  // namespace upstream_sim
