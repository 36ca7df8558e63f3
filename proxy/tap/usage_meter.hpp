// Merges what an answer says of its usage, and judges in the end how good the figures are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/event.hpp"

namespace ccproxy::tap {

/// Facts of one answer as its JSON objects tell them. Pure.
///
/// Usage may come twice, in `message_start` and in `message_delta`; compatible upstreams send zeros
/// first. So each figure is the largest that was said. `cache_creation_input_tokens` is the sum of
/// its 5 minutes and 1 hour parts; what a split leaves unexplained, or all of it without a split,
/// counts as 5 minutes.
class UsageMeter {
  public:
    /// Takes one JSON object: a whole message, the data of a stream event, or an error. False when
    /// it is not JSON.
    bool take(std::string_view json);

    /// The stream's own `type` of the last object taken, such as `message_delta`.
    [[nodiscard]] const std::string& last_type() const { return last_type_; }
    [[nodiscard]] bool has_usage() const { return has_usage_; }
    [[nodiscard]] bool has_final_usage() const { return has_final_usage_; }
    [[nodiscard]] Usage usage() const;
    [[nodiscard]] const std::string& stop_reason() const { return stop_reason_; }
    /// `type: message` of an error object; empty when none came.
    [[nodiscard]] const std::string& error() const { return error_; }

  private:
    std::string last_type_;
    std::string stop_reason_;
    std::string error_;
    bool has_usage_ = false;
    bool has_final_usage_ = false;
    std::int64_t input_ = 0;
    std::int64_t creation_total_ = 0;
    std::int64_t creation_5m_ = 0;
    std::int64_t creation_1h_ = 0;
    std::int64_t read_ = 0;
    std::int64_t output_ = 0;
};

}  // namespace ccproxy::tap
