// Walks request_logs for what roll-ups are made of, and nothing else of a row.
#pragma once

#include <SQLiteCpp/Database.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "proto/event.hpp"

namespace ccproxy::analytics {

/// Gives every log with from <= request_at < to, in the order of request_at. The event holds what
/// Figures and Labels need, and is good until the call returns.
void each_log(
    const SQLite::Database& database, std::int64_t from_ms, std::int64_t to_ms,
    const std::function<void(const Event&, const std::optional<std::int64_t>& cost)>& take);

}  // namespace ccproxy::analytics
