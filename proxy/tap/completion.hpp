// Puts an answer's message together from what passes: the events of a stream, or a whole JSON body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proxy/tap/sse_parser.hpp"

namespace ccproxy::tap {

/// One block of the answer: as it started, and what its deltas added.
struct CompletionBlock {
    std::int64_t index = 0;
    std::string started;  ///< JSON object; empty when it was left out.
    /// Text for the string member of that name, in the order in which they first came.
    std::vector<std::pair<std::string, std::string>> added;
    std::string partial_json;            ///< Of a tool's input.
    std::vector<std::string> citations;  ///< JSON values.
};

/// The block as JSON object. A string of a delta stands behind what the member of its name started
/// with. `input` is what the partial JSON spells when that is a whole object; else it stays as it
/// started, and the text stands in a member `partial_json`.
std::string to_json(const CompletionBlock& block);

/// Pure; one an answer. The same events give the same message however their bytes were cut.
class Completion {
  public:
    /// At most about `max_bytes` of JSON are kept; what comes after is left out.
    explicit Completion(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// An event of a Messages stream.
    void take(const SseEvent& event);
    /// A whole answer that was not streamed.
    void take_message(std::string_view json);
    /// Something of the answer could not be read.
    void note_loss() { truncated_ = true; }

    /// `{"role":"assistant","content":[…]}`, with the blocks so far, open ones included; empty when
    /// none has come.
    [[nodiscard]] std::string json() const;
    [[nodiscard]] bool truncated() const { return truncated_; }
    /// About what is held in memory, and at most what json() gives.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    void start_block(std::optional<std::int64_t> index, std::string_view json);
    CompletionBlock* find_block(std::optional<std::int64_t> index);
    void add_text(CompletionBlock& block, std::string_view name, std::string text);
    void add_citation(CompletionBlock& block, std::string_view json);
    bool has_room(std::size_t bytes);

    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    bool truncated_ = false;
    bool full_ = false;  ///< The limit was reached: nothing more is taken.
    std::vector<CompletionBlock> blocks_;
};

}  // namespace ccproxy::tap
