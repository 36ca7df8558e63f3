#include "proxy/record_queue.hpp"

namespace ccproxy {
namespace {

/// What many sessions that end at once may hold here.
constexpr std::size_t max_bytes = 256 * 1024;

std::int64_t tokens_of(const Event& event) {
    return event.usage.prompt_tokens() + event.usage.output_tokens;
}

}  // namespace

RecordQueue::RecordQueue(net::EventLoop& loop, journal::Journal& journal,
                         limits::TokenLimiter& limiter, const Clock& clock)
    : loop_(loop), journal_(journal), limiter_(limiter), clock_(clock) {}

void RecordQueue::add(const Event& event, std::shared_ptr<const TokenEntry> token) {
    encode_event(event, batch_.begin());
    uses_.push_back({std::move(token), tokens_of(event)});
    batch_.commit();
    // Behind all that is awake in this turn.
    loop_.wake_soon(*this);
    if (batch_.bytes() > max_bytes) write();
}

bool RecordQueue::add(const Event& event, const EventPieces& pieces, const TokenEntry& token) {
    const std::uint64_t seq = journal_.append(pieces.views());
    count(token, seq, tokens_of(event));
    return seq != 0;
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
    limiter_.used(token, seq, tokens, clock_.unix_ms());
}

}  // namespace ccproxy
