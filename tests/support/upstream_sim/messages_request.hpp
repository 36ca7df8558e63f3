// What the simulator reads from the body of POST /v1/messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upstream_sim {

struct MessagesRequest {
    std::string problem;  ///< the message of a 400; empty when the request is valid
    std::string model;
    bool stream = false;
    bool thinking = false;
    std::string last_text;         ///< the last text of the last message
    bool has_tool_result = false;  ///< in the last message
    bool tool_forced = false;      ///< by tool_choice
    std::string tool_name;         ///< the forced tool's, else the first one's; empty without tools
};

/// Reads and validates the body of a completion that a web backend is asked for: its prompt is
/// `last_text`, its answer a stream.
MessagesRequest read_web_request(std::string_view body);

/// Reads and validates a body as the API does. It is a single pass without a document in memory,
/// since bodies may be large. `counting`: for count_tokens, which needs no max_tokens.
MessagesRequest read_messages_request(std::string_view body, bool counting);

}  // namespace upstream_sim
