// Finds the images and documents that stand in a JSON text as base64, while it is being parsed.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccproxy::tap {

/// A part of a text, and what stands in its place when the text is kept.
struct Replacement {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string text;
};

/// A source is an object under the key `source` with `"type": "base64"` and base64 `data`, whatever
/// block it belongs to. It is replaced by
/// `{"type":"reference","media_type":…,"sha256":…,"bytes":…}`: the SHA-256 (hexadecimal) and the
/// number of the decoded bytes. Sources of another type stay, and so does what only claims to be
/// base64.
///
/// Told of what a parser meets, in order; offsets are those of the text.
class SourceFinder {
  public:
    void key(std::string_view name);
    void start_object(std::size_t begin);
    void end_object(std::size_t end);
    void start_array();
    void end_array();
    void string(std::string_view value);
    /// Whether it would make a difference what the string is that comes next.
    [[nodiscard]] bool wants_string() const {
        return member_ != Member::other && member_ != Member::source;
    }
    void other_scalar() { member_ = Member::other; }

    /// Objects and lists that are open.
    [[nodiscard]] std::size_t depth() const { return depth_; }
    /// In the order of the text.
    [[nodiscard]] const std::vector<Replacement>& found() const { return found_; }
    [[nodiscard]] std::vector<Replacement>& found() { return found_; }

  private:
    enum class Member { other, source, type, media_type, data };

    /// An object under the key `source` that has not ended.
    struct Candidate {
        std::size_t begin = 0;
        std::size_t depth = 0;
        std::string type;
        std::string media_type;
        std::string sha256;  ///< Of `data`; empty when there is none that is base64.
        std::size_t bytes = 0;
    };

    std::vector<Candidate> candidates_;
    std::vector<Replacement> found_;
    std::size_t depth_ = 0;
    Member member_ = Member::other;  ///< Whose value comes next.
};

/// Whether any of `parts`, which are in order, begins from `begin` on and before `end`.
bool has_part(std::size_t begin, std::size_t end, const std::vector<Replacement>& parts);
/// What append_replaced() appends, in bytes.
std::size_t replaced_bytes(std::size_t begin, std::size_t end,
                           const std::vector<Replacement>& parts);
/// Appends `text` from `begin` to `end` with those of `parts`, which are in order, that lie within.
void append_replaced(std::string_view text, std::size_t begin, std::size_t end,
                     const std::vector<Replacement>& parts, std::string& out);
/// The same, in a string of its own.
std::string replace_parts(std::string_view text, std::size_t begin, std::size_t end,
                          const std::vector<Replacement>& parts);

}  // namespace ccproxy::tap
