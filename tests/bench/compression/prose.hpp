// Words that read like those of a tree's documents and comments, and are new each time.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/bench/compression/sessions.hpp"

namespace ccproxy::bench {

using Random = std::mt19937;

/// From 0 to `end` - 1.
inline std::size_t below(Random& random, std::size_t end) {
    return random() % end;
}

/// A chain of words: each is followed by one that follows it somewhere in the documents.
class Prose {
  public:
    explicit Prose(const std::vector<SourceFile>& tree);
    [[nodiscard]] std::string write(Random& random, std::size_t words) const;

  private:
    std::vector<std::string> words_;
    std::map<std::string, std::vector<std::size_t>> places_;
};

/// Letters and digits without any order, such as those of ids and signatures.
std::string random_text(Random& random, std::size_t size);

}  // namespace ccproxy::bench
