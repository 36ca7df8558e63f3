// What a fuzz target says when something does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace ccproxy::fuzz {

/// Ends the process, as a fuzzer wants it, when `holds` is false.
inline void check(bool holds, std::string_view what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

}  // namespace ccproxy::fuzz
