#include "proxy/tap/sse_parser.hpp"

#include "common/byte_scan.hpp"

namespace ccproxy::tap {

void SseParser::feed(std::string_view bytes, const std::function<void(const SseEvent&)>& on_event) {
    if (after_cr_ && !bytes.empty()) {
        after_cr_ = false;
        if (bytes.front() == '\n') bytes.remove_prefix(1);
    }
    while (!bytes.empty()) {
        const std::size_t end = bytes_before_line_end(bytes);
        const std::string_view text = bytes.substr(0, end);
        if (end == bytes.size()) return add_to_line(text);
        const bool fits = text.size() <= max_event_bytes_;
        if (partial_line_.empty() && !overlong_line_ && fits) {
            line(text, on_event);
        } else {
            add_to_line(text);
            end_line(on_event);
        }
        const bool cr = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        if (cr && bytes.empty()) after_cr_ = true;
        if (cr && bytes.starts_with('\n')) bytes.remove_prefix(1);
    }
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
    if (!overlong_line_) return line(whole, on_event);
    overlong_line_ = first_line_ = false;
    oversize_ = true;
}

void SseParser::line(std::string_view text, const std::function<void(const SseEvent&)>& on_event) {
    if (first_line_ && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    first_line_ = false;
    if (text.empty()) {
        if (has_data_ && !oversize_) on_event({name_, data_});
        if (oversize_) passed_over_ = true;
        name_.clear();
        data_.clear();
        if (data_.capacity() > 64 * 1024) data_.shrink_to_fit();
        has_data_ = oversize_ = false;
        return;
    }
    const std::size_t colon = text.find(':');
    if (colon == 0) return;
    const std::string_view field = text.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? "" : text.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") {
        name_.assign(value.substr(0, 256));
    } else if (field == "data") {
        if (data_.size() + value.size() + 1 > max_event_bytes_) oversize_ = true;
        if (!oversize_) {
            if (has_data_) data_.push_back('\n');
            data_.append(value);
        }
        has_data_ = true;
    }
}

}  // namespace ccproxy::tap
