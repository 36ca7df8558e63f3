#include "proxy/record_queue.hpp"

namespace ccproxy {
namespace {

/// What many sessions that end at once may hold here.
constexpr std::size_t max_bytes = 256 * 1024;
/// To copy a larger event here would cost more than a system call of its own.
constexpr std::size_t max_copied_bytes = 64 * 1024;

std::int64_t tokens_of(const Event& event) {
    return event.usage.prompt_tokens() + event.usage.output_tokens;
}

}  // namespace

RecordQueue::RecordQueue(net::EventLoop& loop, journal::Journal& journal,
                         limits::TokenLimiter& limiter, const Clock& clock)
    : loop_(loop), journal_(journal), limiter_(limiter), clock_(clock) {}

void RecordQueue::add(const Event& event, std::shared_ptr<const TokenEntry> token) {
    encode_event(event, batch_.begin());
    commit(event, std::move(token));
}

void RecordQueue::add(const Event& event, const EventPieces& pieces,
                      std::shared_ptr<const TokenEntry> token) {
    if (pieces.bytes() > max_copied_bytes) {
        write();
        return count(*token, journal_.append(pieces.views()), tokens_of(event));
    }
    std::string& bytes = batch_.begin();
    for (const std::string_view piece : pieces.views()) bytes.append(piece);
    commit(event, std::move(token));
}

void RecordQueue::commit(const Event& event, std::shared_ptr<const TokenEntry> token) {
    uses_.push_back({std::move(token), tokens_of(event)});
    batch_.commit();
    // Behind all that is awake in this turn.
    loop_.wake_soon(*this);
    if (batch_.bytes() > max_bytes) write();
}

bool RecordQueue::has_room(std::size_t event_bytes) {
    return journal_.has_room(batch_.bytes() + event_bytes);
}

void RecordQueue::wake() {
    write();
    resumed_.swap(waiting_);
    for (const std::coroutine_handle<> coroutine : resumed_) coroutine.resume();
    resumed_.clear();
}

void RecordQueue::write() {
    journal_.append(batch_, seqs_);
    for (std::size_t i = 0; i < seqs_.size(); ++i) {
        count(*uses_[i].token, seqs_[i], uses_[i].tokens);
    }
    uses_.clear();
    batch_.clear();
}

void RecordQueue::count(const TokenEntry& token, std::uint64_t seq, std::int64_t tokens) {
    if (seq == 0) ++dropped_;
    limiter_.used(token, seq, tokens, clock_.unix_ms());
}

}  // namespace ccproxy
