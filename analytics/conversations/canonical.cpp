#include "analytics/conversations/canonical.hpp"

#include <algorithm>
#include <tuple>

#include "common/json.hpp"
#include "common/utf8.hpp"

namespace ccproxy::analytics {
namespace {

void append_string(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    static constexpr std::string_view short_escapes = "\b\t\n\f\r\"\\";
    static constexpr std::string_view short_letters = "btnfr\"\\";
    const auto is_special = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
    };
    out.push_back('"');
    while (true) {
        const auto special = std::find_if(text.begin(), text.end(), is_special);
        const auto plain = static_cast<std::size_t>(special - text.begin());
        out.append(text.substr(0, plain));
        if (special == text.end()) break;
        out.push_back('\\');
        const std::size_t known = short_escapes.find(*special);
        if (known != std::string_view::npos) {
            out.push_back(short_letters[known]);
        } else {
            out.append("u00").push_back(digits[*special >> 4]);
            out.push_back(digits[*special & 15]);
        }
        text.remove_prefix(plain + 1);
    }
    out.push_back('"');
}

/// Takes the events of a parser and writes the canonical form. Of messages, their lists of blocks
/// and the blocks it notes where each part stands, so that parts can be dropped and sorted; what
/// else there is goes through as it comes.
class Canonicaliser : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Canonicaliser> {
  public:
    /// With `blocks`, the elements of the message's content are copied there.
    Canonicaliser(std::size_t size, std::vector<std::string>* blocks) : blocks_(blocks) {
        out_.reserve(size);
    }

    CanonicalMessage take() { return {std::move(out_), std::move(role_)}; }
    [[nodiscard]] const char* problem() const { return problem_; }

    bool Null() {
        if (!begin_value()) return false;
        out_.append("null");
        const bool drops = !frames_.empty() && is_member_list(frames_.back().kind);
        return end_value(drops);
    }
    bool Bool(bool value) { return scalar(value ? "true" : "false"); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        return scalar({text, size});
    }

    bool String(const char* text, rapidjson::SizeType size, bool) {
        if (!begin_value()) return false;
        const std::string_view value(text, size);
        const bool in_message = frames_.back().kind == Kind::message;
        if (in_message && frames_.back().name() == "content") {
            out_.push_back('[');
            if (!value.empty()) {
                const std::size_t begin = out_.size();
                out_.append(R"({"type":"text","text":)");
                append_string(out_, value);
                out_.push_back('}');
                if (blocks_ != nullptr) blocks_->push_back(out_.substr(begin));
            }
            out_.push_back(']');
        } else {
            if (in_message && frames_.back().name() == "role") role_ = value;
            append_string(out_, value);
        }
        return end_value();
    }

    bool Key(const char* text, rapidjson::SizeType size, bool) {
        Frame& frame = frames_.back();
        begin_part(frame, {text, size});
        append_string(out_, {text, size});
        out_.push_back(':');
        return true;
    }

    bool StartObject() {
        if (frames_.empty()) return open(Kind::message, '{');
        if (!begin_value()) return false;
        return open(frames_.back().kind == Kind::blocks ? Kind::block : Kind::object, '{');
    }
    bool EndObject(rapidjson::SizeType) {
        Frame& frame = frames_.back();
        const bool drops = is_empty_text(frame);
        if (is_member_list(frame.kind)) sort_parts(frame);
        const std::size_t begin = frame.begin;
        out_.push_back('}');
        frames_.pop_back();
        if (frames_.empty()) return true;
        if (!drops && blocks_ != nullptr && frames_.size() == 2 &&
            frames_.back().kind == Kind::blocks) {
            blocks_->push_back(out_.substr(begin));
        }
        return end_value(drops);
    }

    bool StartArray() {
        if (!begin_value()) return false;
        const Frame& frame = frames_.back();
        const bool holds_blocks = is_member_list(frame.kind) && frame.name() == "content";
        return open(holds_blocks ? Kind::blocks : Kind::array, '[');
    }
    bool EndArray(rapidjson::SizeType) {
        out_.push_back(']');
        frames_.pop_back();
        return end_value();
    }

  private:
    enum class Kind { message, blocks, block, object, array };

    struct Part {
        std::string name;  ///< Empty in a list.
        std::size_t begin = 0, end = 0;
    };
    struct Frame {
        Kind kind = Kind::object;
        std::size_t begin = 0;
        bool is_empty = true;
        std::vector<Part> parts;  ///< Of messages, blocks and their lists.

        [[nodiscard]] std::string_view name() const { return parts.back().name; }
    };

    static bool is_member_list(Kind kind) { return kind == Kind::message || kind == Kind::block; }
    static bool is_list(Kind kind) { return kind == Kind::blocks || kind == Kind::array; }
    static bool has_parts(Kind kind) { return kind != Kind::object && kind != Kind::array; }

    bool open(Kind kind, char bracket) {
        if (frames_.size() == max_message_depth) return fail("is nested too deeply");
        frames_.push_back({kind, out_.size(), true, {}});
        out_.push_back(bracket);
        return true;
    }

    bool fail(const char* problem) {
        problem_ = problem;
        return false;
    }

    void begin_part(Frame& frame, std::string_view name) {
        if (!frame.is_empty) out_.push_back(',');
        frame.is_empty = false;
        if (has_parts(frame.kind)) frame.parts.push_back({std::string(name), out_.size(), 0});
    }

    bool begin_value() {
        if (frames_.empty()) return fail("is not a JSON object");
        if (is_list(frames_.back().kind)) begin_part(frames_.back(), {});
        return true;
    }

    bool end_value(bool drops = false) {
        Frame& frame = frames_.back();
        if (!has_parts(frame.kind)) return true;
        drops = drops || (is_member_list(frame.kind) && frame.name() == "cache_control");
        if (drops) {
            out_.resize(frame.parts.back().begin - (frame.parts.size() > 1 ? 1 : 0));
            frame.parts.pop_back();
            frame.is_empty = frame.parts.empty();
        } else {
            frame.parts.back().end = out_.size();
        }
        return true;
    }

    bool scalar(std::string_view text) {
        if (!begin_value()) return false;
        out_.append(text);
        return end_value();
    }

    [[nodiscard]] bool has_part(const Frame& frame, std::string_view text) const {
        return std::any_of(frame.parts.begin(), frame.parts.end(), [&](const Part& part) {
            return std::string_view(out_).substr(part.begin, part.end - part.begin) == text;
        });
    }
    [[nodiscard]] bool is_empty_text(const Frame& frame) const {
        return frame.kind == Kind::block && has_part(frame, R"("type":"text")") &&
               has_part(frame, R"("text":"")");
    }

    void sort_parts(Frame& frame) {
        const auto comes_first = [](const Part& left, const Part& right) {
            const auto key = [](const Part& part) {
                return std::tuple<bool, const std::string&>(
                    part.name != "type" && part.name != "role", part.name);
            };
            return key(left) < key(right);
        };
        if (std::is_sorted(frame.parts.begin(), frame.parts.end(), comes_first)) return;
        std::stable_sort(frame.parts.begin(), frame.parts.end(), comes_first);
        std::string sorted;
        sorted.reserve(out_.size() - frame.begin);
        for (const Part& part : frame.parts) {
            sorted.push_back(sorted.empty() ? '{' : ',');
            sorted.append(out_, part.begin, part.end - part.begin);
        }
        out_.replace(frame.begin, std::string::npos, sorted);
    }

    std::vector<std::string>* blocks_;
    std::string out_, role_;
    std::vector<Frame> frames_;
    const char* problem_ = nullptr;
};

Result<CanonicalMessage> canonicalise(std::string_view json, std::vector<std::string>* blocks) {
    if (!is_utf8(json)) return Error{"is not UTF-8"};
    // Not a StringStream: with SSE that one reads 16 bytes at a time, beyond the end of the text.
    // This one stops at the end, and at a NUL.
    rapidjson::MemoryStream stream(json.data(), json.size());
    rapidjson::Reader reader;
    Canonicaliser canonicaliser(json.size() + 64, blocks);
    constexpr unsigned flags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
    const rapidjson::ParseResult result = reader.Parse<flags>(stream, canonicaliser);
    if (canonicaliser.problem() != nullptr) return Error{canonicaliser.problem()};
    if (!result) {
        return Error{std::string("is not JSON: ") + rapidjson::GetParseError_En(result.Code())};
    }
    if (stream.Tell() != json.size()) return Error{"is not JSON: it holds a NUL"};
    return canonicaliser.take();
}

}  // namespace

Result<CanonicalMessage> canonical_message(std::string_view json) {
    return canonicalise(json, nullptr);
}

Result<std::vector<std::string>> canonical_system(std::string_view json) {
    std::vector<std::string> blocks;
    const std::string message = R"({"content":)" + std::string(json) + "}";
    const Result<CanonicalMessage> canonical = canonicalise(message, &blocks);
    if (!canonical) return canonical.error();
    return blocks;
}

}  // namespace ccproxy::analytics
