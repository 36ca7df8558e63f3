// Finds the client's stop sequences in a text that comes in pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ccproxy::web {

/// Pure. What may be the start of a stop sequence is held back until more has come, so that the
/// client sees nothing of one: the same text gives the same result however it is cut.
class StopFinder {
  public:
    /// None of the sequences is empty.
    explicit StopFinder(std::vector<std::string> sequences);

    /// The text that goes on now. Once a sequence has been found nothing goes on any more.
    std::string feed(std::string_view text);
    /// What was held back, since the text ends here.
    std::string take_rest();

    /// The sequence that came first; empty while none has.
    [[nodiscard]] const std::string& found() const { return found_; }

  private:
    [[nodiscard]] std::size_t possible_start() const;

    std::vector<std::string> sequences_;
    std::size_t longest_ = 0;
    std::string held_;
    std::string found_;
};

}  // namespace ccproxy::web
