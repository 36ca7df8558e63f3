#include "proxy/tap/sse_parser.hpp"

#include <optional>

#include "common/byte_scan.hpp"

namespace ccproxy::tap {
namespace {

/// What a line says of a field; nullopt when it is another's. A name without a colon stands for an
/// empty value.
template <std::size_t size>
std::optional<std::string_view> value_of(const char (&field)[size], std::string_view line) {
    if (!line.starts_with(field)) return std::nullopt;
    line.remove_prefix(size - 1);
    if (line.empty()) return line;
    if (line.front() != ':') return std::nullopt;
    line.remove_prefix(1);
    if (line.starts_with(' ')) line.remove_prefix(1);
    return line;
}

/// Makes `text` a view of `kept`, which then holds it; nothing is done without a text.
void keep(std::string_view& text, std::string& kept) {
    if (text.data() != nullptr && text.data() != kept.data()) text = kept.assign(text);
}

}  // namespace

void SseParser::feed(std::string_view bytes, const std::function<void(const SseEvent&)>& on_event) {
    if (after_cr_ && !bytes.empty()) {
        after_cr_ = false;
        if (bytes.front() == '\n') bytes.remove_prefix(1);
    }
    ByteFinder<LineEnd> line_ends(bytes);
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t end = line_ends.find(at);
        const std::string_view text = bytes.substr(at, end - at);
        if (end == bytes.size()) {
            add_to_line(text);
            break;
        }
        const bool fits = text.size() <= max_event_bytes_;
        if (partial_line_.empty() && !overlong_line_ && fits) {
            line(text, on_event);
        } else {
            add_to_line(text);
            end_line(on_event);
        }
        at = end + 1;
        if (bytes[end] == '\n') continue;
        if (at == bytes.size()) after_cr_ = true;
        if (at < bytes.size() && bytes[at] == '\n') ++at;
    }
    keep_event();
}

void SseParser::add_to_line(std::string_view text) {
    if (partial_line_.size() + text.size() > max_event_bytes_) overlong_line_ = true;
    if (overlong_line_) {
        partial_line_ = std::string();
    } else {
        partial_line_.append(text);
    }
}

void SseParser::end_line(const std::function<void(const SseEvent&)>& on_event) {
    std::string whole;
    whole.swap(partial_line_);
    if (!overlong_line_) {
        line(whole, on_event);
        return keep_event();
    }
    overlong_line_ = first_line_ = false;
    oversize_ = true;
}

void SseParser::line(std::string_view text, const std::function<void(const SseEvent&)>& on_event) {
    if (first_line_ && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    first_line_ = false;
    if (text.empty()) return end_event(on_event);
    if (const std::optional<std::string_view> data = value_of("data", text)) {
        add_data(*data);
    } else if (const std::optional<std::string_view> name = value_of("event", text)) {
        name_ = name->substr(0, 256);
    }
}

void SseParser::end_event(const std::function<void(const SseEvent&)>& on_event) {
    if (has_data_ && !oversize_) on_event({name_, data_});
    if (oversize_) passed_over_ = true;
    name_ = data_ = {};
    if (kept_data_.capacity() > 64 * 1024) kept_data_ = std::string();
    has_data_ = oversize_ = false;
}

void SseParser::add_data(std::string_view data) {
    if (data_.size() + data.size() + 1 > max_event_bytes_) oversize_ = true;
    if (!oversize_) {
        if (has_data_) {
            keep(data_, kept_data_);
            kept_data_.append("\n").append(data);
            data = kept_data_;
        }
        data_ = data;
    }
    has_data_ = true;
}

void SseParser::keep_event() {
    keep(name_, kept_name_);
    keep(data_, kept_data_);
}

}  // namespace ccproxy::tap
