// Events that go to a journal together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/journal/packing.hpp"
#include "proxy/journal/segment.hpp"

namespace ccproxy::journal {

/// Payloads of events one behind the other, each with room for the header of its record, so that
/// all are written from where they were packed. For one thread.
class Batch {
  public:
    /// Begins an event: what is appended to the result up to commit() are its bytes. What was begun
    /// and never committed is gone.
    std::string& begin() {
        event_.clear();
        return event_;
    }
    void commit() {
        bytes_.resize(bytes() + record_header_bytes);
        packer_.append(event_, bytes_);
        ends_.push_back(bytes_.size());
    }
    /// Forgets the events, and keeps their memory for the next ones.
    void clear() { ends_.clear(); }

    [[nodiscard]] bool is_empty() const { return ends_.empty(); }
    [[nodiscard]] std::size_t count() const { return ends_.size(); }
    /// With the headers.
    [[nodiscard]] std::size_t bytes() const { return ends_.empty() ? 0 : ends_.back(); }
    [[nodiscard]] std::string_view payload(std::size_t index) const {
        const std::size_t begin = begin_of(index) + record_header_bytes;
        return std::string_view(bytes_).substr(begin, ends_[index] - begin);
    }

    /// The records of all events, the first of which gets `first_seq`.
    std::string_view records(std::uint64_t first_seq) {
        for (std::size_t i = 0; i < count(); ++i) {
            const std::string_view one = payload(i);
            encode_record_header(first_seq + i, {&one, 1}, bytes_.data() + begin_of(i));
        }
        return std::string_view(bytes_).substr(0, bytes());
    }

  private:
    [[nodiscard]] std::size_t begin_of(std::size_t index) const {
        return index == 0 ? 0 : ends_[index - 1];
    }

    Packer packer_;
    std::string event_;  ///< The one that was begun.
    std::string bytes_;
    std::vector<std::size_t> ends_;
};

}  // namespace ccproxy::journal
