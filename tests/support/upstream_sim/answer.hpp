// What an answer to POST /v1/messages says: its text, blocks and usage, and its JSON form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/upstream_sim/identity.hpp"
#include "tests/support/upstream_sim/messages_request.hpp"
#include "tests/support/upstream_sim/steering.hpp"

namespace upstream_sim {

/// The text of an answer, cut into pieces. Repeats a base text as often as its size needs; never
/// cuts inside a UTF-8 sequence.
class PiecedText {
  public:
    /// Shapes `base` by the keys events, delta_bytes and body_bytes.
    PiecedText(std::string base, const Steering& steering);
    std::size_t pieces() const { return pieces_; }
    std::size_t bytes() const { return total_bytes_; }
    /// The piece number `index`, from 0.
    std::string piece(std::size_t index) const;
    std::string all() const;

  private:
    std::string slice(std::size_t from, std::size_t to) const;
    std::size_t boundary(std::size_t at) const;

    std::string base_;
    std::size_t total_bytes_ = 0;
    std::size_t piece_bytes_ = 1;
    std::size_t pieces_ = 0;
};

struct Usage {
    std::uint64_t input = 0;  ///< not cached
    std::uint64_t cache_5m = 0;
    std::uint64_t cache_1h = 0;
    std::uint64_t cache_read = 0;
    std::uint64_t output = 0;
};

struct Answer {
    std::string message_id;
    std::string model;
    Usage usage;
    PiecedText text;
    bool thinking = false;
    std::string tool_id;     ///< empty without a tool_use block
    std::string tool_name;   ///< of the block
    std::string tool_input;  ///< of the block, JSON
    std::string stop_reason;
};

extern const char kThinkingText[];
extern const char kSignatureText[];

/// Decides the answer to a valid request. `body_bytes` (decoded) gives the input tokens that
/// are not steered: a quarter of it.
Answer make_answer(const MessagesRequest& request, const Steering& steering, std::size_t body_bytes,
                   Ids& ids);

/// The fields of a usage object, without its braces. With `split`, cache_creation is told apart.
std::string usage_fields(const Usage& usage, bool split);

/// The body of an answer that is not streamed.
std::string message_json(const Answer& answer, const Steering& steering);

/// `"stop_reason":…,"stop_sequence":…`
std::string stop_fields(const std::string& stop_reason);

}  // namespace upstream_sim
