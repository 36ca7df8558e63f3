// What was said: pages of conversations, one in full, and its deletion.
#include "analytics/api/conversation_text.hpp"
#include "analytics/api/handlers.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t max_page = 1'000'000'000;
constexpr std::int64_t max_limit = 1000;
constexpr std::int64_t default_limit = 50;
constexpr std::size_t max_cursor_bytes = 1024;

http::Response no_such_conversation() {
    return http::error_response(404, "id: there is no such conversation");
}

ConversationPageRequest read_page(Params& params) {
    ConversationPageRequest page;
    page.page = params.integer("page", 0, max_page).value_or(0);
    page.limit = params.integer("limit", 1, max_limit).value_or(default_limit);
    page.cursor = params.text("cursor", max_cursor_bytes).value_or("");
    return page;
}

}  // namespace

http::Response list_conversations(const Call& call) {
    Params params(call.request.query);
    const ConversationFilter filter = read_conversation_filter(params);
    const ConversationPageRequest page = read_page(params);
    if (const auto error = params.error()) return http::error_response(400, error->message);

    const Result<ConversationPage> found = call.worker.reader->conversations(filter, page);
    if (!found) return http::error_response(400, found.error().message);
    JsonText json;
    json.open_object();
    json.open_array("conversations");
    for (const auto& summary : found->conversations) write_conversation(json, summary);
    json.close_array();
    json.integer("total", found->total);
    json.integer("page", page.page);
    json.integer("limit", page.limit);
    json.text_or_null("next_cursor", found->next_cursor);
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response show_conversation(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const std::string id = call.path_parameter("id");
    const auto conversation = is_uuid(id) ? call.worker.reader->conversation(id) : std::nullopt;
    if (!conversation) return no_such_conversation();
    JsonText json;
    write_conversation(json, *conversation);
    return http::json_response(200, json.str());
}

http::Response delete_conversation(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const std::string id = call.path_parameter("id");
    if (!is_uuid(id) || !call.worker.services.delete_conversation(id)) {
        return no_such_conversation();
    }
    return message_response("the conversation is deleted");
}

}  // namespace ccproxy::analytics
