#include "proxy/web/stop_finder.hpp"

#include <algorithm>
#include <utility>

namespace ccproxy::web {

StopFinder::StopFinder(std::vector<std::string> sequences) : sequences_(std::move(sequences)) {
    for (const std::string& sequence : sequences_) longest_ = std::max(longest_, sequence.size());
}

std::string StopFinder::feed(std::string_view text) {
    if (!found_.empty()) return "";
    if (sequences_.empty()) return std::string(text);
    held_.append(text);
    std::size_t first = std::string::npos;
    for (const std::string& sequence : sequences_) {
        const std::size_t at = held_.find(sequence);
        if (at >= first) continue;
        first = at;
        found_ = sequence;
    }
    const std::size_t goes_on = found_.empty() ? possible_start() : first;
    std::string out = held_.substr(0, goes_on);
    held_.erase(0, found_.empty() ? goes_on : held_.size());
    return out;
}

std::string StopFinder::take_rest() {
    return std::exchange(held_, std::string());
}

/// Where the longest end of the text begins that a sequence begins with.
std::size_t StopFinder::possible_start() const {
    const std::string_view held = held_;
    for (std::size_t bytes = std::min(longest_ - 1, held.size()); bytes > 0; --bytes) {
        const std::string_view end = held.substr(held.size() - bytes);
        for (const std::string& sequence : sequences_) {
            if (sequence.starts_with(end)) return held.size() - bytes;
        }
    }
    return held.size();
}

}  // namespace ccproxy::web
