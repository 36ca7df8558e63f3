// The records of a worker on their way to the journal: those of one turn of its loop go together.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/clock.hpp"
#include "proto/control.hpp"
#include "proto/event_codec.hpp"
#include "proxy/journal/journal.hpp"
#include "proxy/limits/token_limiter.hpp"
#include "proxy/net/event_loop.hpp"

namespace ccproxy {

/// A system call for each request would be a fourteenth of all that the request costs. So what a
/// busy worker records waits until it has served all sockets that were ready: for less than a
/// millisecond, and only where there is more than one. For the loop's thread.
class RecordQueue final : private net::Wakeable {
  public:
    /// All must outlive it.
    RecordQueue(net::EventLoop& loop, journal::Journal& journal, limits::TokenLimiter& limiter,
                const Clock& clock);

    /// Takes an event of a request with this token. What the journal cannot take is counted there
    /// and shown.
    void add(const Event& event, std::shared_ptr<const TokenEntry> token);
    /// The same for an event in pieces, with what was said. A large one is written at
    /// once, behind those that wait.
    void add(const Event& event, const EventPieces& pieces,
             std::shared_ptr<const TokenEntry> token);
    /// Whether the journal has room for so many bytes of an event beside those that wait. Makes
    /// some, where it can.
    [[nodiscard]] bool has_room(std::size_t event_bytes);
    /// How many events the journal could not take.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

    /// `co_await queue.written()`: until the journal has what was added.
    auto written() {
        struct Written {
            RecordQueue& queue;
            [[nodiscard]] bool await_ready() const { return queue.batch_.is_empty(); }
            void await_suspend(std::coroutine_handle<> coroutine) const {
                queue.waiting_.push_back(coroutine);
            }
            void await_resume() const {}
        };
        return Written{*this};
    }

  private:
    /// What the limits are told once an event has its seq.
    struct Use {
        std::shared_ptr<const TokenEntry> token;
        std::int64_t tokens;
    };

    void note(std::uint32_t) override {}
    void wake() override;
    void write();
    void commit(const Event& event, std::shared_ptr<const TokenEntry> token);
    void count(const TokenEntry& token, std::uint64_t seq, std::int64_t tokens);

    net::EventLoop& loop_;
    journal::Journal& journal_;
    limits::TokenLimiter& limiter_;
    const Clock& clock_;
    journal::Batch batch_;
    std::vector<Use> uses_;  ///< Of the events in batch_.
    std::vector<std::coroutine_handle<>> waiting_;
    std::vector<std::coroutine_handle<>> resumed_;
    std::vector<std::uint64_t> seqs_;
    std::uint64_t dropped_ = 0;
};

}  // namespace ccproxy
