// Ways to keep messages, side by side: what they take, and what writing and reading cost.
#pragma once

#include <string>
#include <vector>

namespace ccproxy::bench {

/// The distinct messages of each session, in canonical form, in the order in which they came.
using Messages = std::vector<std::vector<std::string>>;

/// Prints a line for each way. `users` sessions run at the same time; `turns` is the sum of all.
void compare_ways(const Messages& sessions, unsigned users, std::size_t turns);

}  // namespace ccproxy::bench
