// Server-sent events from bytes, as they come in pieces of any size (WHATWG HTML, "Server-sent
// events").
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace ccproxy::tap {

/// One event. Views are valid during the callback only.
struct SseEvent {
    std::string_view name;  ///< Empty when the stream gave none.
    std::string_view data;  ///< Lines of data joined by LF.
};

/// Pure. Events larger than the limit are passed over: the rest of the stream is read on.
class SseParser {
  public:
    static constexpr std::size_t default_max_event_bytes = 4 * 1024 * 1024;

    /// `max_event_bytes` bounds each line of an event, and all its data together.
    explicit SseParser(std::size_t max_event_bytes = default_max_event_bytes)
        : max_event_bytes_(max_event_bytes) {}
    SseParser(const SseParser&) = delete;
    SseParser& operator=(const SseParser&) = delete;

    /// Calls `on_event` for every event that `bytes` completes. Lines may end in LF, CR or CR LF.
    void feed(std::string_view bytes, const std::function<void(const SseEvent&)>& on_event);

    /// An event was too large and passed over.
    [[nodiscard]] bool has_passed_over() const { return passed_over_; }

  private:
    /// Adds to the line that has begun, as far as it keeps to its limit.
    void add_to_line(std::string_view text);
    void end_line(const std::function<void(const SseEvent&)>& on_event);
    void line(std::string_view text, const std::function<void(const SseEvent&)>& on_event);
    void end_event(const std::function<void(const SseEvent&)>& on_event);
    void add_data(std::string_view data);
    /// What is known of the event no longer refers to the bytes that it came in.
    void keep_event();

    std::size_t max_event_bytes_;
    std::string partial_line_;
    bool overlong_line_ = false;  ///< The line has passed the limit; the rest of it is not kept.
    /// Of the current event. Where they came in, while these bytes are there, so that an event that
    /// comes in one piece is not copied; else what is kept of them.
    std::string_view name_;
    std::string_view data_;
    std::string kept_name_;
    std::string kept_data_;
    bool has_data_ = false;
    bool after_cr_ = false;  ///< A CR ended the last line: an LF that follows belongs to it.
    bool oversize_ = false;  ///< The current event has passed a limit and is not kept.
    bool passed_over_ = false;
    bool first_line_ = true;  ///< A byte order mark may stand before it.
};

}  // namespace ccproxy::tap
