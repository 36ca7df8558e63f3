// What a test may ask of one answer, by header `x-sim` or by a `[[sim …]]` marker in the body.
//
// The keys are described in tests/support/README.md; each member is called like its key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace upstream_sim {

struct Steering {
    using Number = std::optional<std::uint64_t>;
    using Text = std::optional<std::string>;

    Number input, output, cache_5m, cache_1h, cache_read;
    bool no_split = false, usage_zero_start = false, no_usage = false;

    Text text, stop_reason, tool_name, tool_input;
    Number events, delta_bytes, body_bytes;
    bool tool_use = false, thinking = false;

    Number delay_ms, first_delay_ms, ttft_delay_ms, ping_ms;

    Number status, status_times, retry_after;
    Text group, should_retry, fields, for_key;

    Text dialect;
    Number resets_in;
    bool html = false;

    Text sse_error, cut_at, garbage;
    Number error_after, cut_after, reset_after, stall_after, stall_ms;
    bool cut_before_head = false, reset_before_head = false, cut_in_head = false, silent = false;
    bool tls_truncate = false, close_after = false;

    bool byte_by_byte = false, crlf = false, gzip = false, content_length = false;
    bool close_delimited = false, http10 = false, one_chunk = false, chunked = false;
    bool chunk_ext = false, trailers = false, early_response = false, continue_100 = false;
    bool no_keepalive = false, short_length = false, flush = false;
    Number chunk_bytes, big_head;
};

/// Reads `key=value; key=value; flag` into `steering`, over what it holds. Values may be
/// percent-encoded. Returns what is wrong, so that a misspelt key fails its test loudly; empty when
/// all is well.
std::string read_steering(std::string_view spec, Steering& steering);

/// The inside of the last `[[sim …]]` marker of a body, its JSON escapes undone; empty without one.
/// The last, because a chat client re-sends the markers of earlier turns.
std::string find_marker(std::string_view body);

/// `text` without its `[[sim …]]` markers.
std::string without_markers(std::string_view text);

}  // namespace upstream_sim
