// Playing the events of a streamed answer.
//
// Events without a pause between them are gathered into one write (each remains a chunk of its
// own), as a fast server's would be; everything gathered is written before a pause or a fault.
#include "tests/support/upstream_sim/send_stream.hpp"

#include <algorithm>
#include <chrono>
#include <string>

namespace upstream_sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kBrokenChunk = "zz\r\ndata: this chunk has no size\r\n";

class Player {
  public:
    Player(Exchange& exchange, int status, const Answer& answer, Script::Style style)
        : exchange_(exchange),
          steering_(exchange.steering),
          answer_(answer),
          status_(status),
          style_(style),
          script_(answer, steering_, exchange.record.request_id, style),
          framer_(steering_, exchange.request, status, true) {}

    asio::awaitable<Ending> play();

  private:
    std::size_t measure() const;
    void add(const Event& event);
    asio::awaitable<bool> flush();
    asio::awaitable<bool> wait(Steering::Number duration_ms);
    asio::awaitable<bool> wait_before(const Event& event);
    asio::awaitable<bool> fault_before(const Event& event, Ending& ending);
    bool due(Steering::Number after, const Event& event) const;

    Exchange& exchange_;
    const Steering& steering_;
    const Answer& answer_;
    const int status_;
    const Script::Style style_;
    Script script_;
    Framer framer_;
    std::string out_;       ///< framed, not yet written
    std::string gathered_;  ///< with one_chunk: not yet framed
    bool stalled_ = false;
};

/// The size of the whole coded body.
std::size_t Player::measure() const {
    Script script(answer_, steering_, exchange_.record.request_id, style_);
    std::size_t size = 0;
    std::string coded;
    std::string whole;
    std::optional<GzipWriter> gzip;
    if (steering_.gzip) gzip.emplace();
    while (const auto event = script.next()) {
        if (!gzip) {
            size += event->bytes.size();
        } else if (steering_.one_chunk) {
            whole += event->bytes;
        } else {
            gzip->add(coded, event->bytes);
        }
    }
    if (gzip) {
        gzip->add(coded, whole);
        gzip->finish(coded);
        size = coded.size();
    }
    return size;
}

asio::awaitable<Ending> Player::play() {
    const std::size_t size = framer_.needs_length() ? measure() : 0;
    framer_.head(out_, "text/event-stream; charset=utf-8", exchange_.api_fields(), size);
    Ending head_fault;
    if (!co_await fault_in_head(exchange_, out_, head_fault)) co_return head_fault;
    exchange_.record.status = status_;
    exchange_.record.output_tokens = 0;
    exchange_.record.input_tokens = 0;
    while (const auto event = script_.next()) {
        if (!co_await wait_before(*event)) co_return kEndByClient;
        Ending fault;
        if (!co_await fault_before(*event, fault)) co_return fault;
        add(*event);
        const bool full = out_.size() >= kWriteBlockBytes && !steering_.one_chunk;
        if ((full || steering_.flush) && !co_await flush()) co_return kEndByClient;
    }
    if (steering_.cut_at == "last_chunk") {
        if (!co_await flush()) co_return kEndByClient;
        co_return kEndByCut;
    }
    framer_.body(out_, gathered_);
    gathered_.clear();
    framer_.end(out_);
    if (!co_await flush()) co_return kEndByClient;
    co_return exchange_.ending_of(framer_);
}

void Player::add(const Event& event) {
    if (steering_.one_chunk) {
        gathered_ += event.bytes;
    } else {
        framer_.body(out_, event.bytes);
    }
    Record& record = exchange_.record;
    const Usage& usage = answer_.usage;
    if (event.kind == Event::Kind::kMessageStart) {
        record.input_tokens = usage.input;
        record.cache_creation_5m_tokens = usage.cache_5m;
        record.cache_creation_1h_tokens = usage.cache_1h;
        record.cache_read_tokens = usage.cache_read;
        record.output_tokens = std::min<std::uint64_t>(usage.output, 1);
    } else if (event.kind == Event::Kind::kDelta) {
        const std::uint64_t so_far = usage.output * script_.deltas_given() / script_.deltas_total();
        record.output_tokens = std::max(record.output_tokens, so_far);
    } else if (event.kind == Event::Kind::kMessageDelta) {
        record.output_tokens = usage.output;
        record.stop_reason = answer_.stop_reason;
    }
}

asio::awaitable<bool> Player::flush() {
    framer_.body(out_, gathered_);
    gathered_.clear();
    const bool written = co_await exchange_.write(out_);
    out_.clear();
    if (out_.capacity() > 2 * kWriteBlockBytes) out_.shrink_to_fit();
    co_return written;
}

asio::awaitable<bool> Player::wait_before(const Event& event) {
    if (event.kind != Event::Kind::kDelta) co_return true;
    const bool first = script_.deltas_given() == 1;
    const Steering::Number duration_ms = first ? steering_.ttft_delay_ms : steering_.delay_ms;
    if (duration_ms.value_or(0) == 0) co_return true;
    co_return co_await wait(duration_ms);
}

/// Waits, or without a duration until the client leaves, and pings meanwhile where steered so.
/// With one_chunk nothing is written before, and a length that was announced allows no pings.
asio::awaitable<bool> Player::wait(Steering::Number duration_ms) {
    if (!steering_.one_chunk && !co_await flush()) co_return false;
    const std::uint64_t ping_ms = steering_.ping_ms.value_or(0);
    if (ping_ms == 0 || steering_.one_chunk || framer_.needs_length()) {
        co_return co_await exchange_.stay_silent(duration_ms);
    }
    const auto start = steady_clock::now();
    for (;;) {
        std::uint64_t step_ms = ping_ms;
        if (duration_ms) {
            const auto passed =
                std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
            const auto passed_ms = static_cast<std::uint64_t>(passed.count());
            if (passed_ms >= *duration_ms) co_return true;
            step_ms = std::min(ping_ms, *duration_ms - passed_ms);
        }
        if (!co_await exchange_.stay_silent(step_ms)) co_return false;
        if (step_ms < ping_ms) co_return true;
        framer_.body(out_, script_.ping());
        if (!co_await flush()) co_return false;
    }
}

/// A fault after N deltas is due before delta N+1; one after more deltas than there are is due
/// before message_delta.
bool Player::due(Steering::Number after, const Event& event) const {
    if (!after) return false;
    if (event.kind == Event::Kind::kDelta) return *after == script_.deltas_given() - 1;
    return event.kind == Event::Kind::kMessageDelta && *after >= script_.deltas_total();
}

asio::awaitable<bool> Player::fault_before(const Event& event, Ending& ending) {
    const bool at_stop =
        event.kind == Event::Kind::kMessageStop && steering_.cut_at == "message_stop";
    if (at_stop || due(steering_.cut_after, event)) {
        if (!co_await flush()) co_return ends(ending, kEndByClient);
        co_return ends(ending, kEndByCut);
    }
    if (due(steering_.reset_after, event)) {
        if (!co_await flush()) co_return ends(ending, kEndByClient);
        co_return ends(ending, kEndByReset);
    }
    if (steering_.garbage == "chunk" && due(1, event)) {
        if (!co_await flush()) co_return ends(ending, kEndByClient);
        if (framer_.chunked() && !co_await exchange_.write(kBrokenChunk))
            co_return ends(ending, kEndByClient);
        co_return ends(ending, kEndByCut);
    }
    if (!stalled_ && due(steering_.stall_after, event)) {
        stalled_ = true;
        if (!co_await wait(steering_.stall_ms)) co_return ends(ending, kEndByClient);
    }
    co_return true;
}

}  // namespace

asio::awaitable<Ending> send_stream(Exchange& exchange, int status, const Answer& answer,
                                    Script::Style style) {
    Player player(exchange, status, answer, style);
    co_return co_await player.play();
}

}  // namespace upstream_sim
