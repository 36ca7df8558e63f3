// How one block of an answer looks as JSON.
#include <algorithm>

#include "proto/conversation.hpp"
#include "proxy/tap/completion.hpp"
#include "proxy/tap/json_pieces.hpp"

namespace ccproxy::tap {
namespace {

/// A tool's input stands in a block, the block in a list, the list in the message.
constexpr std::size_t max_input_depth = max_conversation_depth - 3;

/// Writes one JSON object, member by member.
class ObjectText {
  public:
    void member(std::string_view name, std::string_view json) {
        out_.push_back(out_.empty() ? '{' : ',');
        append_quoted(name, out_);
        out_.push_back(':');
        out_.append(json);
    }
    void text_member(std::string_view name, std::string_view text) {
        std::string quoted;
        append_quoted(text, quoted);
        member(name, quoted);
    }
    std::string take() {
        if (out_.empty()) out_.push_back('{');
        out_.push_back('}');
        return std::move(out_);
    }

  private:
    std::string out_;
};

std::string whole_input(const CompletionBlock& block) {
    const std::size_t first = block.partial_json.find_first_not_of(" \t\r\n");
    if (first == std::string::npos || block.partial_json[first] != '{') return "";
    return to_kept_json(block.partial_json, max_input_depth).value_or("");
}

std::string with_citations(const CompletionBlock& block, std::string_view started) {
    std::string list;
    const auto add = [&list](std::string_view json) {
        list.push_back(list.empty() ? '[' : ',');
        list.append(json);
    };
    if (started.starts_with('[')) {
        for (const JsonChild& child : read_children(started).value_or(std::vector<JsonChild>())) {
            add(child.json);
        }
    }
    for (const std::string& citation : block.citations) add(citation);
    list.push_back(']');
    return list;
}

}  // namespace

std::string to_json(const CompletionBlock& block) {
    const bool untouched =
        block.added.empty() && block.partial_json.empty() && block.citations.empty();
    const auto members = read_children(block.started);
    if (untouched || !members) return block.started;

    const std::string input = whole_input(block);
    auto added = block.added;
    bool has_input = false;
    bool has_citations = block.citations.empty();
    ObjectText out;
    for (const JsonChild& member : *members) {
        const auto more = std::find_if(added.begin(), added.end(), [&](const auto& entry) {
            return entry.first == member.name && (member.is_string() || member.json == "null");
        });
        if (more != added.end()) {
            out.text_member(member.name, member.text + more->second);
            added.erase(more);
        } else if (member.name == "input" && !input.empty()) {
            out.member(member.name, input);
            has_input = true;
        } else if (member.name == "citations" && !has_citations) {
            out.member(member.name, with_citations(block, member.json));
            has_citations = true;
        } else {
            out.member(member.name, member.json);
        }
    }
    if (!input.empty() && !has_input) out.member("input", input);
    if (!has_citations) out.member("citations", with_citations(block, ""));
    if (input.empty() && !block.partial_json.empty()) {
        out.text_member("partial_json", block.partial_json);
    }
    // A member that started as something else keeps its place: the text cannot stand beside it.
    for (const auto& piece : added) {
        const bool taken = std::any_of(members->begin(), members->end(),
                                       [&](const JsonChild& m) { return m.name == piece.first; });
        if (!taken) out.text_member(piece.first, piece.second);
    }
    return out.take();
}

}  // namespace ccproxy::tap
