// The events of a streamed answer, one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/upstream_sim/answer.hpp"
#include "tests/support/upstream_sim/steering.hpp"

namespace upstream_sim {

struct Event {
    enum class Kind { kMessageStart, kDelta, kMessageDelta, kMessageStop, kOther } kind;
    std::string bytes;  ///< the event as it goes on the wire, before content coding
};

/// Makes the events in the order of the API: message_start, the blocks (thinking, text, tool_use)
/// with a ping behind the first start, message_delta, message_stop. Made afresh from the same
/// answer it makes the same bytes. Both arguments outlive it.
class Script {
  public:
    /// The API's own, or a web backend's: like the API's, without usage, or the older events.
    enum class Style { kApi, kWebMessages, kWebCompletion };

    Script(const Answer& answer, const Steering& steering, std::string_view request_id,
           Style style);

    /// The next event; empty behind the last.
    std::optional<Event> next();

    /// How many content deltas next() has given.
    std::size_t deltas_given() const { return deltas_given_; }
    std::size_t deltas_total() const { return deltas_total_; }

    /// A ping, which the API may send at any time.
    std::string ping() const;

  private:
    enum class Block { kThinking, kText, kToolUse };

    std::size_t pieces_of(Block block) const;
    std::string start_of(Block block) const;
    std::string delta_of(Block block, std::size_t piece) const;
    std::string event(std::string_view name, std::string_view data) const;
    std::string indexed(std::string_view type, std::string_view rest) const;
    std::optional<Event> next_of_block();
    std::optional<Event> next_completion();
    std::string completion(std::string_view text, std::string_view stop_reason) const;
    std::string message_start() const;
    std::string message_delta() const;
    Event error();

    const Answer& answer_;
    const Steering& steering_;
    const std::string request_id_;
    const Style style_;
    std::vector<Block> blocks_;
    std::size_t deltas_total_ = 0;

    std::size_t block_ = 0;  ///< the open block, or the next
    bool block_open_ = false;
    std::size_t piece_ = 0;  ///< the next of the open block
    std::size_t deltas_given_ = 0;
    bool started_ = false;
    bool pinged_ = false;
    bool message_delta_given_ = false;
    bool limit_given_ = false;
    bool ended_ = false;
};

}  // namespace upstream_sim
