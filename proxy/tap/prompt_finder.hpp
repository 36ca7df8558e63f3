// Finds the parts of a Messages request that make a conversation, while its body is being parsed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "proxy/tap/json_reader.hpp"
#include "proxy/tap/source_finder.hpp"

namespace ccproxy::tap {

/// A JSON value as it stands in a body, by its offsets.
struct Slice {
    std::size_t begin = 0;
    std::size_t end = 0;  ///< Equal to begin when there is none.

    [[nodiscard]] std::size_t bytes() const { return end - begin; }
};

struct PromptSlices {
    Slice system;                 ///< A string or a list.
    std::vector<Slice> messages;  ///< Objects, in order.
    /// In any of them, in order: references for images and documents, nothing for cache markers.
    std::vector<Replacement> replacements;
    bool truncated = false;  ///< Some are not among them, since they break a limit.
};

/// Is told of every token of a body, in order; `body` outlives it. Values of a type that the
/// Messages API does not take are passed over; of members that stand there twice the last one
/// counts. Clients move their cache markers from turn to turn: a `cache_control` in a block of a
/// system prompt or of a message's content is no part of either, unless it stands first there.
class PromptFinder {
  public:
    /// `reader` has just read `token`.
    void take(const JsonReader& reader, JsonToken token);

    /// What was found. Once, when the whole body has been read.
    PromptSlices found();

  private:
    void take_name(const JsonText& name);
    void take_string(const JsonReader& reader);
    void start(const JsonReader& reader, bool is_object);
    void end(const JsonReader& reader, bool is_object);
    void close_piece(std::size_t end_at);
    void find_marker(const JsonReader& reader, JsonToken token);
    void close_marker(std::size_t end_at);

    PromptSlices slices_;
    SourceFinder sources_;         ///< Told of what stands in a piece.
    std::size_t piece_depth_ = 0;  ///< Of the message or list that is open; 0 without one.
    std::size_t piece_begin_ = 0;
    bool piece_too_deep_ = false;
    bool in_messages_ = false;
    std::size_t block_depth_ = 0;   ///< Of the blocks in the list that is open; 0 without one.
    std::size_t marker_depth_ = 0;  ///< Of the cache marker that is open; 0 without one.
    std::size_t marker_begin_ = 0;
    std::size_t last_end_ = 0;     ///< Behind the last token.
    bool last_was_start_ = false;  ///< That began an object or list.
};

}  // namespace ccproxy::tap
