#include "proxy/tap/completion.hpp"

#include <algorithm>

#include "common/json.hpp"
#include "proto/conversation.hpp"
#include "proxy/tap/json_pieces.hpp"

namespace ccproxy::tap {
namespace {

/// A block stands in a list in the message.
constexpr std::size_t max_block_depth = max_conversation_depth - 2;
constexpr std::string_view opening = R"({"role":"assistant","content":[)";
constexpr std::string_view closing = "]}";
constexpr std::size_t max_blocks = 10'000;
constexpr std::size_t max_added_members = 16;
constexpr std::size_t max_name_bytes = 64;

/// What an event of a stream says, as far as a message is made of it.
class EventHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, EventHandler> {
  public:
    explicit EventHandler(const rapidjson::MemoryStream& stream) : stream_(stream) {}

    std::string type;
    std::optional<std::int64_t> index;
    std::size_t begin = 0, end = 0;  ///< Of `content_block`, or of a delta's `citation`.
    /// The delta's strings other than its `type`.
    std::vector<std::pair<std::string, std::string>> texts;

    bool Default() { return true; }
    bool Uint(unsigned value) {
        if (depth_ == 1 && key_ == "index") index = value;
        return true;
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ == 1 && key_ == "type") type.assign(text, size);
        if (depth_ == 2 && in_delta_ && key_ != "type") {
            texts.emplace_back(key_, std::string(text, size));
        }
        return true;
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ <= 2) key_.assign(text, std::min<std::size_t>(size, max_name_bytes));
        return true;
    }
    bool StartObject() {
        ++depth_;
        if (depth_ == 2) in_delta_ = key_ == "delta";
        if ((depth_ == 2 && key_ == "content_block") ||
            (depth_ == 3 && in_delta_ && key_ == "citation")) {
            kept_depth_ = depth_;
            begin = stream_.Tell();
        }
        return true;
    }
    bool EndObject(rapidjson::SizeType) {
        if (depth_ == kept_depth_) {
            end = stream_.Tell() + 1;
            kept_depth_ = 0;
        }
        --depth_;
        return true;
    }
    bool StartArray() {
        ++depth_;
        if (depth_ == 2) in_delta_ = false;
        return true;
    }
    bool EndArray(rapidjson::SizeType) {
        --depth_;
        return true;
    }

  private:
    const rapidjson::MemoryStream& stream_;
    std::size_t depth_ = 0;
    std::size_t kept_depth_ = 0;
    std::string key_;
    bool in_delta_ = false;
};

}  // namespace

void Completion::take(const SseEvent& event) {
    // Some compatible upstreams leave the event's name to the `type` in its data.
    if (full_ || (!event.name.empty() && !event.name.starts_with("content_block_"))) return;
    rapidjson::MemoryStream stream(event.data.data(), event.data.size());
    EventHandler found(stream);
    rapidjson::Reader reader;
    if (reader.Parse<rapidjson::kParseIterativeFlag>(stream, found).IsError()) return;
    const std::string_view object = event.data.substr(found.begin, found.end - found.begin);
    if (found.type == "content_block_start" && !object.empty()) {
        start_block(found.index, object);
    } else if (found.type == "content_block_delta") {
        CompletionBlock* block = find_block(found.index);
        if (block == nullptr || block->started.empty()) return;
        for (auto& [name, text] : found.texts) add_text(*block, name, std::move(text));
        if (!object.empty()) add_citation(*block, object);
    }
}

void Completion::take_message(std::string_view json) {
    const auto members = read_children(json);
    if (!members) return;
    const auto content = std::find_if(members->begin(), members->end(), [](const JsonChild& m) {
        return m.name == "content" && m.is_list();
    });
    if (content == members->end()) return;
    for (const JsonChild& block : read_children(content->json).value_or(std::vector<JsonChild>())) {
        if (block.is_object()) start_block(std::nullopt, block.json);
    }
}

void Completion::start_block(std::optional<std::int64_t> index, std::string_view json) {
    if (blocks_.size() >= max_blocks) full_ = truncated_ = true;
    if (full_) return;
    std::optional<std::string> kept = to_kept_json(json, max_block_depth);
    CompletionBlock block;
    block.index = index.value_or(static_cast<std::int64_t>(blocks_.size()));
    const std::size_t frame_bytes = blocks_.empty() ? opening.size() + closing.size() : 1;
    if (kept && has_room(kept->size() + frame_bytes)) {
        block.started = std::move(*kept);
    } else {
        truncated_ = true;
    }
    // One that is left out still takes the place of its deltas.
    blocks_.push_back(std::move(block));
}

CompletionBlock* Completion::find_block(std::optional<std::int64_t> index) {
    for (auto block = blocks_.rbegin(); block != blocks_.rend(); ++block) {
        if (!index || block->index == *index) return &*block;
    }
    return nullptr;
}

bool Completion::has_room(std::size_t bytes) {
    if (full_ || bytes_ + bytes > max_bytes_) {
        full_ = truncated_ = true;
        return false;
    }
    bytes_ += bytes;
    return true;
}

void Completion::add_text(CompletionBlock& block, std::string_view name, std::string text) {
    if (text.empty()) return;
    text = to_valid_utf8(std::move(text));
    if (!has_room(quoted_bytes(text))) return;
    if (name == "partial_json") {
        if (block.partial_json.empty() && !has_room(sizeof ",\"partial_json\":\"\"")) return;
        block.partial_json.append(text);
        return;
    }
    auto added = std::find_if(block.added.begin(), block.added.end(),
                              [&](const auto& entry) { return entry.first == name; });
    if (added == block.added.end()) {
        if (block.added.size() >= max_added_members || !has_room(name.size() + 6)) return;
        block.added.emplace_back(name, std::string());
        added = block.added.end() - 1;
    }
    added->second.append(text);
}

void Completion::add_citation(CompletionBlock& block, std::string_view json) {
    std::optional<std::string> kept = to_kept_json(json, max_block_depth - 2);
    if (!kept) {
        truncated_ = true;
    } else if (has_room(kept->size() + sizeof ",\"citations\":[]")) {
        block.citations.push_back(std::move(*kept));
    }
}

std::string Completion::json() const {
    std::string out;
    for (const CompletionBlock& block : blocks_) {
        if (block.started.empty()) continue;
        out.append(out.empty() ? opening : ",");
        out.append(to_json(block));
    }
    if (!out.empty()) out.append(closing);
    return out;
}

}  // namespace ccproxy::tap
