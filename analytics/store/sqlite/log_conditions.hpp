// The filters of request logs as conditions.
#pragma once

#include "analytics/store/log_walk.hpp"
#include "analytics/store/sqlite/conditions.hpp"

namespace ccproxy::analytics {

/// What of a filter has an index of its own.
enum class Narrowing { none, token, conversation };

/// Adds the conditions of `filter`, but for its times and for `left_out`.
inline void add_filter(const LogFilter& filter, Narrowing left_out, Conditions& conditions) {
    if (left_out != Narrowing::token) conditions.add_optional("token_id = ?", filter.token_id);
    conditions.add_optional("account_id = ?", filter.account_id);
    conditions.add_optional("user_name = ?", filter.user_name);
    conditions.add_optional("mode = ?", filter.mode);
    conditions.add_optional("model = ?", filter.model);
    if (left_out != Narrowing::conversation) {
        conditions.add_optional("conversation_id = ?", filter.conversation_id);
    }
    if (filter.success) conditions.add(*filter.success ? "success = 1" : "success = 0");
    if (filter.status_code) {
        conditions.add("status_code = ?", {std::int64_t{*filter.status_code}});
    }
}

/// Lets a question for a status beside 200 use the index of those, which names this condition.
inline void add_failure_index(const LogFilter& filter, Conditions& conditions) {
    if (!filter.status_code || *filter.status_code == 200) return;
    conditions.add("status_code <> 200");
    conditions.add("status_code = ?", {std::int64_t{*filter.status_code}});
}

}  // namespace ccproxy::analytics
