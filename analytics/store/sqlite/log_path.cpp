#include "analytics/store/sqlite/log_path.hpp"

#include "analytics/store/sqlite/raw_statement.hpp"
#include "analytics/store/sqlite/roll_up_table.hpp"

namespace ccproxy::analytics {
namespace {

/// Each is a walk of its own in every range.
constexpr std::size_t max_tokens_of_user = 16;

/// The tokens that made requests under a name; empty when there are none, or too many.
std::vector<Conditions::Value> tokens_of_user(StatementCache& statements,
                                              const std::string& user_name) {
    RawStatement row(statements, "SELECT token_id FROM usage_groups WHERE kind = " +
                                     std::to_string(kind_of_users) + " AND user_name = ? LIMIT " +
                                     std::to_string(max_tokens_of_user + 1));
    row.bind_text(1, user_name);
    std::vector<Conditions::Value> tokens;
    while (row.step()) tokens.emplace_back(std::string(row.bytes(0)));
    if (tokens.size() > max_tokens_of_user) tokens.clear();
    return tokens;
}

std::string is_one_of(const char* column, std::size_t count) {
    std::string condition = std::string(column) + " IN (?";
    for (std::size_t i = 1; i < count; ++i) condition += ", ?";
    return condition + ")";
}

}  // namespace

LogPath path_of(StatementCache& statements, const LogFilter& filter) {
    LogPath path;
    path.index = "request_logs_by_time";
    if (filter.conversation_id) {
        path.index = "request_logs_by_conversation";
        path.conditions.add("conversation_id = ?", {*filter.conversation_id});
    } else if (filter.status_code && *filter.status_code != 200) {
        path.index = "request_logs_by_failure";
        add_failure_index(filter, path.conditions);
    } else if (filter.token_id) {
        path.index = "request_logs_by_token";
        path.conditions.add("token_id = ?", {*filter.token_id});
    } else if (auto tokens = filter.user_name ? tokens_of_user(statements, *filter.user_name)
                                              : std::vector<Conditions::Value>{};
               !tokens.empty()) {
        path.index = "request_logs_by_token";
        path.in_order = tokens.size() == 1;
        const std::string condition = is_one_of("token_id", tokens.size());
        path.conditions.add(condition, std::move(tokens));
    } else if (filter.success == false) {
        path.index = "request_logs_unsuccessful";
        path.is_covering = true;
        path.conditions.add("success = 0");
    }
    return path;
}

}  // namespace ccproxy::analytics
