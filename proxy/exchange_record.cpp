// The end of a request's life: its record; and what is kept for it of what was said.
#include "proto/event_codec.hpp"
#include "proxy/exchange.hpp"
#include "proxy/web_state.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {
namespace {

constexpr std::string_view agent_id_field = "x-claude-code-agent-id";

}  // namespace

void Exchange::record(int status, const std::string& error) {
    if (recorded_) return;
    recorded_ = true;
    lease_.release();
    const bool drained = client_.is_drained();
    if (drained) status = status_client_gone;
    worker_.shared.metrics.count_request(route_, status);
    if (!is_recorded(route_) || !token_) return;
    Event event;
    event.id = id_;
    event.token_id = token_->id;
    event.user_name = token_->name;
    event.account_id = account_ == nullptr ? "" : account_->id;
    event.mode = mode_;
    event.model = std::move(model_);
    event.stream = stream_;
    event.request_at_ms = request_at_ms_;
    event.duration_ms = elapsed_ms();
    event.response_at_ms = request_at_ms_ + event.duration_ms;
    event.ttft_ms = ttft_ms_;
    event.status_code = status;
    event.conversation_id = std::move(conversation_id_);
    event.agent_id = head_.fields.get(agent_id_field);
    event.upstream_request_id = response_.fields.get("request-id");
    event.attempts = attempts_;
    event.attempts_detail = std::move(attempts_detail_);
    event.error_message = drained ? "the client left" : error;
    if (tap_) {
        tap::TapReport report = tap_->report();
        event.usage = report.usage;
        event.usage_source = report.usage_source;
        event.stop_reason = std::move(report.stop_reason);
        if (event.error_message.empty()) event.error_message = std::move(report.error);
    }
    if (web_) web_->complete(event);
    event.success = status >= 200 && status < 300 && event.error_message.empty();
    append(event);
}

/// What the journal cannot take is counted there and shown; the request goes on.
void Exchange::append(Event& event) {
    if (const std::optional<ConversationText> said = conversation()) {
        const EventPieces pieces = encode_event(event, *said);
        if (worker_.records().has_room(pieces.bytes())) {
            worker_.records().add(event, pieces, token_);
            if (auto known = capture_->known()) {
                worker_.known_conversations().remember(std::move(*known), event.id);
            }
            return;
        }
        // The row is worth more: what fills a journal is conversations.
        event.conversation.emplace().truncated = true;
    }
    worker_.records().add(event, token_);
}

void Exchange::capture_prompt(std::string_view body, const tap::PromptSlices& slices) {
    // Whenever either changes, what was said before may not be there to be continued.
    const std::uint64_t epoch =
        worker_.shared.publisher.lost_beginnings() + worker_.records().dropped();
    const tap::ConversationOwner owner{token_->id, conversation_id_,
                                       head_.fields.get(agent_id_field)};
    capture_ =
        std::make_unique<tap::ConversationCapture>(worker_.shared.config.conversations.max_bytes);
    capture_->take_prompt(body, slices,
                          worker_.known_conversations().look_up(owner, body, slices, epoch));
    count_conversation();
}

/// What was said, once an upstream has been asked and while the token's owner still wants it kept:
/// who switches it off means the answer that is under way, too.
std::optional<ConversationText> Exchange::conversation() {
    if (!capture_ || attempts_ == 0) return std::nullopt;
    const auto token = worker_.shared.registry.find(token_->key_sha256);
    if (!token || !token->conversation_logging) return std::nullopt;
    return capture_->take();
}

void Exchange::count_conversation() {
    if (!capture_) return;
    std::atomic<std::size_t>& total = worker_.shared.conversation_bytes;
    const auto count = [&] {
        const std::size_t bytes = capture_->held_bytes();
        total += bytes - captured_bytes_;  // Modulo 2^64, where it has become less.
        captured_bytes_ = bytes;
    };
    count();
    if (total.load() <= worker_.shared.config.conversations.max_held_bytes) return;
    capture_->give_up();
    count();
}

}  // namespace ccproxy
