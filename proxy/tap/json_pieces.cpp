#include "proxy/tap/json_pieces.hpp"

#include "common/json.hpp"
#include "common/utf8.hpp"
#include "proxy/tap/source_finder.hpp"

namespace ccproxy::tap {
namespace {

/// Collects what stands at depth 1.
class ChildrenHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ChildrenHandler> {
  public:
    ChildrenHandler(const rapidjson::MemoryStream& stream, std::string_view text)
        : stream_(stream), text_(text) {}

    std::vector<JsonChild> children;

    bool Default() { return scalar({}); }
    bool String(const char* text, rapidjson::SizeType size, bool) { return scalar({text, size}); }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ != 1) return true;
        name_.assign(text, size);
        from_ = stream_.Tell();
        return true;
    }
    bool StartObject() { return start(); }
    bool StartArray() { return start(); }
    bool EndObject(rapidjson::SizeType) { return end(); }
    bool EndArray(rapidjson::SizeType) { return end(); }

  private:
    bool start() {
        if (++depth_ == 1) from_ = stream_.Tell();
        if (depth_ == 2) begin_ = stream_.Tell();
        return true;
    }
    bool end() {
        if (--depth_ == 1) add(begin_, stream_.Tell() + 1, {});
        return true;
    }
    bool scalar(std::string_view value) {
        if (depth_ == 0) return false;
        if (depth_ > 1) return true;
        // Where it starts is not told; only these stand between it and what was before.
        add(text_.find_first_not_of(" \t\r\n:,[", from_), stream_.Tell(), value);
        return true;
    }
    void add(std::size_t begin, std::size_t end, std::string_view value) {
        children.push_back(
            {std::move(name_), text_.substr(begin, end - begin), std::string(value)});
        name_.clear();
        from_ = end;
    }

    const rapidjson::MemoryStream& stream_;
    std::string_view text_;
    std::size_t depth_ = 0;
    std::size_t begin_ = 0;
    std::size_t from_ = 0;  ///< The end of what was before the next value.
    std::string name_;
};

class SourcesHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, SourcesHandler> {
  public:
    SourcesHandler(const rapidjson::MemoryStream& stream, std::size_t max_depth)
        : stream_(stream), max_depth_(max_depth) {}

    SourceFinder sources;

    bool Default() {
        sources.other_scalar();
        return true;
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        sources.string({text, size});
        return true;
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        sources.key({text, size});
        return true;
    }
    bool StartObject() {
        sources.start_object(stream_.Tell());
        return sources.depth() <= max_depth_;
    }
    bool EndObject(rapidjson::SizeType) {
        sources.end_object(stream_.Tell() + 1);
        return true;
    }
    bool StartArray() {
        sources.start_array();
        return sources.depth() <= max_depth_;
    }
    bool EndArray(rapidjson::SizeType) {
        sources.end_array();
        return true;
    }

  private:
    const rapidjson::MemoryStream& stream_;
    std::size_t max_depth_;
};

template <class Handler>
bool parse_whole(rapidjson::MemoryStream& stream, Handler& handler) {
    rapidjson::Reader reader;
    if (reader.Parse<rapidjson::kParseIterativeFlag>(stream, handler).IsError()) return false;
    // The parser takes a NUL for the end.
    return stream.Tell() == stream.size_;
}

}  // namespace

std::optional<std::vector<JsonChild>> read_children(std::string_view json) {
    rapidjson::MemoryStream stream(json.data(), json.size());
    ChildrenHandler handler(stream, json);
    if (!parse_whole(stream, handler)) return std::nullopt;
    return std::move(handler.children);
}

std::optional<std::string> to_kept_json(std::string_view json, std::size_t max_depth) {
    rapidjson::MemoryStream stream(json.data(), json.size());
    SourcesHandler handler(stream, max_depth);
    if (!parse_whole(stream, handler)) return std::nullopt;
    return to_valid_utf8(replace_parts(json, 0, json.size(), handler.sources.found()));
}

std::string to_valid_utf8(std::string text) {
    return is_utf8(text) ? std::move(text) : clean_utf8(text, 3 * text.size());
}

void append_quoted(std::string_view text, std::string& out) {
    if (!is_utf8(text)) return append_quoted(clean_utf8(text, 3 * text.size()), out);
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    out.append(buffer.GetString(), buffer.GetSize());
}

std::size_t quoted_bytes(std::string_view text) {
    std::size_t bytes = text.size();
    for (const char c : text) {
        if (c == '"' || c == '\\') ++bytes;
        if (static_cast<unsigned char>(c) < 0x20) bytes += 5;
    }
    return bytes;
}

}  // namespace ccproxy::tap
