// Finds the parts of a Messages request that make a conversation, while its body is being parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/json.hpp"
#include "proxy/tap/source_finder.hpp"

namespace ccproxy::tap {

/// A JSON value as it stands in a body, by its offsets.
struct Slice {
    std::size_t begin = 0;
    std::size_t end = 0;  ///< Equal to begin when there is none.

    [[nodiscard]] std::size_t bytes() const { return end - begin; }
};

struct PromptSlices {
    Slice system;                         ///< A string or a list.
    std::vector<Slice> messages;          ///< Objects, in order.
    std::vector<Replacement> references;  ///< For images and documents in any of them, in order.
    bool truncated = false;               ///< Some are not among them, since they break a limit.
};

/// A handler for RapidJSON's iterative parser, beside another one. The parser must read `stream`,
/// which stands over `text`; both outlive the handler. Values of a type that the Messages API does
/// not take are passed over; of members that stand there twice the last one counts.
class PromptFinder {
  public:
    PromptFinder(const rapidjson::MemoryStream& stream, std::string_view text)
        : stream_(stream), text_(text) {}

    /// What was found. Once, when the whole body has been parsed.
    PromptSlices take();

    void key(std::string_view name);
    void string(std::string_view value);
    void other_scalar();
    void start_object();
    void end_object();
    void start_array();
    void end_array();

  private:
    enum class Member { other, system, messages };

    void open_piece();
    void close_piece();

    const rapidjson::MemoryStream& stream_;
    std::string_view text_;
    PromptSlices slices_;
    SourceFinder sources_;  ///< Told of what stands in a piece.
    std::size_t depth_ = 0;
    std::size_t piece_depth_ = 0;  ///< Of the message or list that is open; 0 without one.
    std::size_t piece_begin_ = 0;
    std::size_t key_end_ = 0;
    bool piece_too_deep_ = false;
    bool in_messages_ = false;
    Member member_ = Member::other;  ///< Whose value comes next, of the top object.
};

}  // namespace ccproxy::tap
