// One text cut in several ways, for readers that must not mind how it arrives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/check.hpp"

namespace ccproxy::fuzz {

using Pieces = std::vector<std::string_view>;

/// Pieces of 0 to 40 bytes. The text itself decides on them, so that a finding can be repeated.
inline Pieces random_pieces(std::string_view text) {
    std::minstd_rand random(
        static_cast<std::minstd_rand::result_type>(std::hash<std::string_view>()(text)));
    Pieces pieces;
    while (!text.empty()) {
        const std::size_t size = std::min<std::size_t>(random() % 41, text.size());
        pieces.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return pieces;
}

inline Pieces single_bytes(std::string_view text) {
    Pieces pieces;
    for (std::size_t i = 0; i < text.size(); ++i) pieces.push_back(text.substr(i, 1));
    return pieces;
}

/// `read` makes a text of what it understood of the pieces: the same one for any cut.
template <typename Read>
void expect_same_for_any_cut(std::string_view text, const Read& read) {
    const std::string whole = read(Pieces{text});
    check(read(single_bytes(text)) == whole, "byte by byte it reads the same");
    check(read(random_pieces(text)) == whole, "in pieces it reads the same");
}

}  // namespace ccproxy::fuzz
