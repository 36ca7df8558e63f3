// The table of steering keys and its reader.
#include "tests/support/upstream_sim/steering.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <variant>

#include "tests/support/upstream_sim/json_text.hpp"

namespace upstream_sim {
namespace {

using S = Steering;
using Member = std::variant<bool S::*, S::Number S::*, S::Text S::*>;

struct Key {
    std::string_view name;
    Member member;
    std::uint64_t max = 0;          ///< of a number
    std::string_view choices = {};  ///< of a text: " a b c ", or empty for any
};

constexpr std::uint64_t kTokens = 1'000'000'000'000;
constexpr std::uint64_t kMs = 24ULL * 3600 * 1000;
constexpr std::uint64_t kCount = 1'000'000;
constexpr std::uint64_t kBytes = 64ULL << 20U;

constexpr Key kKeys[] = {
    {"input", &S::input, kTokens},
    {"output", &S::output, kTokens},
    {"cache_5m", &S::cache_5m, kTokens},
    {"cache_1h", &S::cache_1h, kTokens},
    {"cache_read", &S::cache_read, kTokens},
    {"no_split", &S::no_split},
    {"usage_zero_start", &S::usage_zero_start},
    {"no_usage", &S::no_usage},
    {"text", &S::text},
    {"stop_reason", &S::stop_reason},
    {"tool_name", &S::tool_name},
    {"tool_input", &S::tool_input},
    {"events", &S::events, kCount},
    {"delta_bytes", &S::delta_bytes, 1U << 20U},
    {"body_bytes", &S::body_bytes, kBytes},
    {"tool_use", &S::tool_use},
    {"thinking", &S::thinking},
    {"delay_ms", &S::delay_ms, kMs},
    {"first_delay_ms", &S::first_delay_ms, kMs},
    {"ttft_delay_ms", &S::ttft_delay_ms, kMs},
    {"ping_ms", &S::ping_ms, kMs},
    {"status", &S::status, 599},
    {"status_times", &S::status_times, kTokens},
    {"retry_after", &S::retry_after, kTokens},
    {"group", &S::group},
    {"should_retry", &S::should_retry, 0, " true false "},
    {"fields", &S::fields},
    {"for_key", &S::for_key},
    {"dialect", &S::dialect, 0, " messages completion "},
    {"resets_in", &S::resets_in, kTokens},
    {"html", &S::html},
    {"sse_error", &S::sse_error},
    {"cut_at", &S::cut_at, 0, " message_stop last_chunk "},
    {"garbage", &S::garbage, 0,
     " head chunk json both_framings dup_length bad_te nonsense_status "},
    {"error_after", &S::error_after, kTokens},
    {"cut_after", &S::cut_after, kTokens},
    {"reset_after", &S::reset_after, kTokens},
    {"stall_after", &S::stall_after, kTokens},
    {"stall_ms", &S::stall_ms, kMs},
    {"cut_before_head", &S::cut_before_head},
    {"reset_before_head", &S::reset_before_head},
    {"cut_in_head", &S::cut_in_head},
    {"silent", &S::silent},
    {"tls_truncate", &S::tls_truncate},
    {"close_after", &S::close_after},
    {"byte_by_byte", &S::byte_by_byte},
    {"crlf", &S::crlf},
    {"gzip", &S::gzip},
    {"content_length", &S::content_length},
    {"close_delimited", &S::close_delimited},
    {"http10", &S::http10},
    {"one_chunk", &S::one_chunk},
    {"chunked", &S::chunked},
    {"chunk_ext", &S::chunk_ext},
    {"trailers", &S::trailers},
    {"early_response", &S::early_response},
    {"continue_100", &S::continue_100},
    {"no_keepalive", &S::no_keepalive},
    {"short_length", &S::short_length},
    {"flush", &S::flush},
    {"chunk_bytes", &S::chunk_bytes, kBytes},
    {"big_head", &S::big_head, 1U << 20U},
};

std::string_view trimmed(std::string_view text) {
    const auto from = text.find_first_not_of(" \t\r\n");
    if (from == std::string_view::npos) return {};
    return text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1);
}

/// Undoes `%3B` and the like; a percent sign that starts no such pair stands for itself.
std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            const char* from = text.data() + i + 1;
            if (std::from_chars(from, from + 2, byte, 16).ptr == from + 2) {
                out += static_cast<char>(byte);
                i += 2;
                continue;
            }
        }
        out += text[i];
    }
    return out;
}

std::string set(const Key& key, std::string_view value, bool has_value, Steering& steering) {
    const std::string name(key.name);
    if (const auto* flag = std::get_if<bool S::*>(&key.member)) {
        if (has_value) return name + " is a flag and takes no value";
        steering.** flag = true;
        return {};
    }
    if (!has_value) return name + " needs a value";
    if (const auto* number = std::get_if<S::Number S::*>(&key.member)) {
        std::uint64_t parsed = 0;
        const auto* end = value.data() + value.size();
        const auto result = std::from_chars(value.data(), end, parsed);
        if (result.ec != std::errc() || result.ptr != end || parsed > key.max) {
            return name + " needs a whole number up to " + std::to_string(key.max);
        }
        steering.** number = parsed;
        return {};
    }
    const std::string decoded = to_utf8(percent_decoded(value));
    if (!key.choices.empty() && key.choices.find(" " + decoded + " ") == std::string_view::npos) {
        return name + " is one of:" + std::string(key.choices);
    }
    steering.*std::get<S::Text S::*>(key.member) = decoded;
    return {};
}

/// What only shows when all keys are known.
std::string check(const Steering& steering) {
    if (steering.status && *steering.status < 200) return "status is from 200 to 599";
    if (steering.chunk_bytes == 0U) return "chunk_bytes is at least 1";
    if (steering.events.value_or(1) * steering.delta_bytes.value_or(1) > kBytes) {
        return "events times delta_bytes is at most 64 MiB";
    }
    return {};
}

constexpr std::string_view kMarkerStart = "[[sim ";
constexpr std::string_view kMarkerEnd = "]]";

}  // namespace

std::string read_steering(std::string_view spec, Steering& steering) {
    while (!spec.empty()) {
        const auto end = std::min(spec.find(';'), spec.size());
        const std::string_view item = trimmed(spec.substr(0, end));
        spec.remove_prefix(std::min(end + 1, spec.size()));
        if (item.empty()) continue;
        const auto equals = item.find('=');
        const bool has_value = equals != std::string_view::npos;
        const std::string_view name = trimmed(item.substr(0, equals));
        const auto* key = std::find_if(std::begin(kKeys), std::end(kKeys),
                                       [&](const Key& k) { return k.name == name; });
        if (key == std::end(kKeys)) return joined({"unknown key ", to_utf8(name)});
        const std::string_view value = has_value ? trimmed(item.substr(equals + 1)) : item;
        std::string problem = set(*key, value, has_value, steering);
        if (!problem.empty()) return problem;
    }
    return check(steering);
}

std::string find_marker(std::string_view body) {
    const auto start = body.rfind(kMarkerStart);
    if (start == std::string_view::npos) return {};
    const std::string_view rest = body.substr(start + kMarkerStart.size());
    const auto end = rest.find(kMarkerEnd);
    if (end == std::string_view::npos) return {};
    return unescape_json(rest.substr(0, end));
}

std::string without_markers(std::string_view text) {
    std::string out(text);
    for (;;) {
        const auto start = out.find(kMarkerStart);
        if (start == std::string::npos) return std::string(trimmed(out));
        const auto end = out.find(kMarkerEnd, start);
        if (end == std::string::npos) return out;
        out.erase(start, end + kMarkerEnd.size() - start);
    }
}

}  // namespace upstream_sim
