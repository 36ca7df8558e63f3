// Events that go to a journal together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/journal/segment.hpp"

namespace ccproxy::journal {

/// Events one behind the other, each with room for the header of its record, so that all are
/// written from where they were made. For one thread.
class Batch {
  public:
    /// Begins an event: what is appended to the result up to commit() are its bytes. What was begun
    /// and never committed is gone.
    std::string& begin() {
        bytes_.resize(bytes());
        return bytes_.append(record_header_bytes, '\0');
    }
    void commit() { ends_.push_back(bytes_.size()); }
    /// Forgets the events, and keeps their memory for the next ones.
    void clear() { ends_.clear(); }

    [[nodiscard]] bool is_empty() const { return ends_.empty(); }
    [[nodiscard]] std::size_t count() const { return ends_.size(); }
    /// With the headers.
    [[nodiscard]] std::size_t bytes() const { return ends_.empty() ? 0 : ends_.back(); }
    [[nodiscard]] std::string_view event(std::size_t index) const {
        const std::size_t begin = begin_of(index) + record_header_bytes;
        return std::string_view(bytes_).substr(begin, ends_[index] - begin);
    }

    /// The records of all events, the first of which gets `first_seq`.
    std::string_view records(std::uint64_t first_seq) {
        for (std::size_t i = 0; i < count(); ++i) {
            const std::string_view payload = event(i);
            encode_record_header(first_seq + i, {&payload, 1}, bytes_.data() + begin_of(i));
        }
        return std::string_view(bytes_).substr(0, bytes());
    }

  private:
    [[nodiscard]] std::size_t begin_of(std::size_t index) const {
        return index == 0 ? 0 : ends_[index - 1];
    }

    std::string bytes_;
    std::vector<std::size_t> ends_;
};

}  // namespace ccproxy::journal
