// Searching conversations by their words.
#include "analytics/api/conversation_text.hpp"
#include "analytics/api/handlers.hpp"
#include "analytics/api/json_text.hpp"
#include "analytics/api/params.hpp"
#include "analytics/search/query.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t max_limit = 1000;
constexpr std::int64_t default_limit = 50;
constexpr std::size_t max_cursor_bytes = 1024;

SearchRequest read_request(Params& params) {
    SearchRequest request;
    const auto query = params.text("q", max_search_bytes);
    if (!query) params.fail("q", "is required");
    request.query = query.value_or("");
    request.token_id = params.text("token_id");
    request.page = params.integer("page", 0, max_search_depth).value_or(0);
    request.limit = params.integer("limit", 1, max_limit).value_or(default_limit);
    request.cursor = params.text("cursor", max_cursor_bytes).value_or("");
    return request;
}

void write_found(JsonText& json, const FoundConversation& found) {
    json.open_object();
    write_summary(json, found.summary);
    json.text("snippet", found.snippet);
    json.text("snippet_of", found.in_completion ? "completion" : "prompt");
    json.close_object();
}

}  // namespace

http::Response search_conversations(const Call& call) {
    Params params(call.request.query);
    const SearchRequest request = read_request(params);
    if (const auto error = params.error()) return http::error_response(400, error->message);

    call.worker.services.index_conversations();
    const Result<SearchPage> page = call.worker.reader->search_conversations(request);
    if (!page) return http::error_response(400, page.error().message);
    JsonText json;
    json.open_object();
    json.text("query", request.query);
    json.text_or_null("token_id", request.token_id.value_or(""));
    json.open_array("conversations");
    for (const FoundConversation& found : page->conversations) write_found(json, found);
    json.close_array();
    json.integer("total", page->total);
    json.boolean("total_is_exact", page->total_is_exact);
    json.integer("page", request.page);
    json.integer("limit", request.limit);
    json.text_or_null("next_cursor", page->next_cursor);
    json.close_object();
    return http::json_response(200, json.str());
}

}  // namespace ccproxy::analytics
