// Events that could not be stored: looked at, tried again, let go.
#include <charconv>

#include "analytics/api/handlers.hpp"
#include "analytics/api/json_text.hpp"
#include "analytics/api/params.hpp"
#include "common/utf8.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t max_limit = 1000;
constexpr std::int64_t default_limit = 50;
constexpr std::size_t max_cursor_bytes = 1024;

http::Response no_such_event() {
    return http::error_response(404, "id: there is no such event in quarantine");
}

/// Nothing for what cannot be an id.
std::optional<std::int64_t> id_of(const Call& call) {
    const std::string text = call.path_parameter("id");
    std::int64_t id = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, id);
    if (error != std::errc() || stop != end || id < 1) return std::nullopt;
    return id;
}

void write_event(JsonText& json, const QuarantinedEvent& event, std::size_t max_payload_bytes) {
    json.open_object();
    json.integer("id", event.id);
    json.text("proxy_id", event.proxy_id);
    json.count("seq", event.seq);
    json.time("received_at", event.received_at_ms);
    json.text("reason", event.reason);
    json.text("payload", clean_utf8(event.payload, max_payload_bytes));
    json.integer("bytes", event.bytes);
    json.boolean("truncated", event.truncated);
    json.close_object();
}

}  // namespace

http::Response list_quarantine(const Call& call) {
    Params params(call.request.query);
    QuarantineQuery query;
    query.proxy_id = params.text("proxy_id");
    query.limit = params.integer("limit", 1, max_limit).value_or(default_limit);
    query.cursor = params.text("cursor", max_cursor_bytes).value_or("");
    if (const auto error = params.error()) return http::error_response(400, error->message);

    const Result<QuarantinePage> page = call.worker.reader->quarantine(query);
    if (!page) return http::error_response(400, page.error().message);
    JsonText json;
    json.open_object();
    json.open_array("quarantined");
    for (const QuarantinedEvent& event : page->events) {
        write_event(json, event, max_listed_payload_bytes);
    }
    json.close_array();
    json.integer("total", page->total);
    json.integer("limit", query.limit);
    json.text_or_null("next_cursor", page->next_cursor);
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response show_quarantined(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const auto id = id_of(call);
    const auto event = id ? call.worker.reader->quarantined(*id) : std::nullopt;
    if (!event) return no_such_event();
    JsonText json;
    write_event(json, *event, 3 * event->payload.size());
    return http::json_response(200, json.str());
}

http::Response delete_quarantined(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const auto id = id_of(call);
    if (!id || !call.worker.services.delete_quarantined(*id)) return no_such_event();
    return message_response("the event is deleted");
}

http::Response retry_quarantined(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const auto id = id_of(call);
    const auto report = id ? call.worker.services.retry_quarantined(*id) : std::nullopt;
    if (!report) return no_such_event();
    const char* message = "the event cannot be stored and stays in quarantine";
    if (report->stored) message = "the event is stored";
    if (report->was_known) message = "the event was stored before and has left the quarantine";
    JsonText json;
    json.open_object();
    json.text("message", message);
    json.boolean("stored", report->stored);
    json.text_or_null("reason", report->reason);
    json.close_object();
    return http::json_response(200, json.str());
}

}  // namespace ccproxy::analytics
