#include "analytics/api/conversation_text.hpp"

namespace ccproxy::analytics {

void write_summary(JsonText& json, const ConversationSummary& summary) {
    json.text("id", summary.id);
    json.text("request_log_id", summary.id);
    json.text("token_id", summary.token_id);
    json.text_or_null("user_name", summary.user_name);
    json.text_or_null("model", summary.model);
    json.text_or_null("conversation_id", summary.conversation_id);
    json.text_or_null("agent_id", summary.agent_id);
    json.time("created_at", summary.created_at_ms);
    json.integer("message_count", summary.message_count);
    json.integer("content_bytes", summary.content_bytes);
    json.text_or_null("prompt_preview", summary.prompt_preview);
    json.boolean("has_completion", summary.has_completion);
    json.boolean("truncated", summary.truncated);
    json.boolean("is_compressed", summary.is_compressed);
}

ConversationFilter read_conversation_filter(Params& params) {
    ConversationFilter filter;
    filter.token_id = params.text("token_id");
    filter.conversation_id = params.text("conversation_id");
    filter.from_ms = params.from_date("from_date");
    filter.to_ms = params.to_date("to_date");
    if (filter.from_ms && filter.to_ms && *filter.from_ms >= *filter.to_ms) {
        params.fail("from_date", "must be before to_date");
    }
    return filter;
}

void write_conversation(JsonText& json, const ConversationSummary& summary) {
    json.open_object();
    write_summary(json, summary);
    json.close_object();
}

void write_conversation(JsonText& json, const ConversationDetail& conversation) {
    const auto text_or_null = [&](std::string_view name, const std::optional<std::string>& text) {
        text ? json.text(name, *text) : json.text_or_null(name, "");
    };
    json.open_object();
    write_summary(json, conversation.summary);
    text_or_null("system_prompt", conversation.system_prompt);
    json.text("messages_json", conversation.messages_json);
    text_or_null("prompt", conversation.prompt);
    text_or_null("completion", conversation.completion);
    text_or_null("completion_json", conversation.completion_json);
    json.close_object();
}

}  // namespace ccproxy::analytics
