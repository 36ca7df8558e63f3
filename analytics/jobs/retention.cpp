#include "analytics/jobs/retention.hpp"

#include "analytics/jobs/steps.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

/// A row with its places in the indexes takes some 20 µs to delete.
constexpr std::int64_t rows_a_step = 500;
constexpr std::int64_t conversations_a_step = 100;
constexpr std::int64_t garbage_a_step = 1000;
constexpr std::int64_t pages_a_step = 128;

}  // namespace

JobReport Retention::run_once(const JobContext& context) {
    std::int64_t logs = 0;
    if (rule_.log_days > 0) {
        const std::int64_t before_ms = context.now_ms - rule_.log_days * day_ms;
        logs = repeat(context, rows_a_step, [&](StoreWriter& store) {
            return store.purge_request_logs(before_ms, rows_a_step);
        });
    }
    std::int64_t conversations = 0;
    if (rule_.conversation_days > 0) {
        const std::int64_t before_ms = context.now_ms - rule_.conversation_days * day_ms;
        conversations = repeat(context, 1, [&](StoreWriter& store) {
            return store.delete_conversations_before(before_ms, conversations_a_step);
        });
    }
    if (!rule_.token_id.empty()) {
        conversations += repeat(context, 1, [&](StoreWriter& store) {
            return store.delete_conversations_of_token(rule_.token_id, conversations_a_step);
        });
    }
    repeat(context, 1,
           [](StoreWriter& store) { return store.collect_conversation_garbage(garbage_a_step); });
    repeat(context, 1,
           [](StoreWriter& store) { return std::int64_t{store.compact_search(pages_a_step)}; });
    const std::int64_t released = release_all_space(context);
    return {{"logs_deleted", logs},
            {"conversations_deleted", conversations},
            {"bytes_released", released}};
}

}  // namespace ccproxy::analytics
