#include "proxy/tap/source_finder.hpp"

#include <algorithm>

#include "common/hash.hpp"
#include "common/json.hpp"
#include "proxy/tap/base64.hpp"

namespace ccproxy::tap {
namespace {

constexpr std::size_t max_media_type_bytes = 256;
/// Documents hold lists of images, not more; what is deeper is no source.
constexpr std::size_t max_nested_sources = 64;

std::string reference(const std::string& media_type, const std::string& sha256, std::size_t bytes) {
    rapidjson::StringBuffer out;
    rapidjson::Writer<rapidjson::StringBuffer> writer(out);
    writer.StartObject();
    writer.Key("type");
    writer.String("reference");
    writer.Key("media_type");
    writer.String(media_type);
    writer.Key("sha256");
    writer.String(sha256);
    writer.Key("bytes");
    writer.Uint64(bytes);
    writer.EndObject();
    return {out.GetString(), out.GetSize()};
}

std::vector<Replacement>::const_iterator first_from(std::size_t begin,
                                                    const std::vector<Replacement>& parts) {
    return std::lower_bound(
        parts.begin(), parts.end(), begin,
        [](const Replacement& part, std::size_t at) { return part.begin < at; });
}

}  // namespace

void SourceFinder::key(std::string_view name) {
    member_ = Member::other;
    if (name == "source") {
        member_ = Member::source;
    } else if (!candidates_.empty() && candidates_.back().depth == depth_) {
        if (name == "type") member_ = Member::type;
        if (name == "media_type") member_ = Member::media_type;
        if (name == "data") member_ = Member::data;
    }
}

void SourceFinder::start_object(std::size_t begin) {
    ++depth_;
    if (member_ == Member::source && candidates_.size() < max_nested_sources) {
        candidates_.emplace_back();
        candidates_.back().begin = begin;
        candidates_.back().depth = depth_;
    }
    member_ = Member::other;
}

void SourceFinder::end_object(std::size_t end) {
    if (!candidates_.empty() && candidates_.back().depth == depth_) {
        const Candidate source = std::move(candidates_.back());
        candidates_.pop_back();
        if (source.type == "base64" && !source.sha256.empty()) {
            while (!found_.empty() && found_.back().begin > source.begin) found_.pop_back();
            found_.push_back(
                {source.begin, end, reference(source.media_type, source.sha256, source.bytes)});
        }
    }
    --depth_;
    member_ = Member::other;
}

void SourceFinder::start_array() {
    ++depth_;
    member_ = Member::other;
}

void SourceFinder::end_array() {
    --depth_;
    member_ = Member::other;
}

void SourceFinder::string(std::string_view value) {
    const Member member = member_;
    member_ = Member::other;
    if (member == Member::other || member == Member::source) return;
    Candidate& source = candidates_.back();
    if (member == Member::type) source.type = value.substr(0, 16);
    if (member == Member::media_type) source.media_type = value.substr(0, max_media_type_bytes);
    // A text source has `data` too; when its type comes first, decoding is saved.
    if (member != Member::data || (!source.type.empty() && source.type != "base64")) return;
    const std::optional<std::string> bytes = decode_base64(value);
    source.sha256 = bytes ? to_hex(sha256(*bytes)) : "";
    source.bytes = bytes ? bytes->size() : 0;
}

bool has_part(std::size_t begin, std::size_t end, const std::vector<Replacement>& parts) {
    const auto part = first_from(begin, parts);
    return part != parts.end() && part->begin < end;
}

std::size_t replaced_bytes(std::size_t begin, std::size_t end,
                           const std::vector<Replacement>& parts) {
    std::size_t bytes = end - begin;
    for (auto part = first_from(begin, parts); part != parts.end() && part->end <= end; ++part) {
        bytes += part->text.size();
        bytes -= part->end - part->begin;
    }
    return bytes;
}

void append_replaced(std::string_view text, std::size_t begin, std::size_t end,
                     const std::vector<Replacement>& parts, std::string& out) {
    for (auto part = first_from(begin, parts); part != parts.end() && part->end <= end; ++part) {
        out.append(text.substr(begin, part->begin - begin)).append(part->text);
        begin = part->end;
    }
    out.append(text.substr(begin, end - begin));
}

std::string replace_parts(std::string_view text, std::size_t begin, std::size_t end,
                          const std::vector<Replacement>& parts) {
    std::string out;
    out.reserve(replaced_bytes(begin, end, parts));
    append_replaced(text, begin, end, parts, out);
    return out;
}

}  // namespace ccproxy::tap
