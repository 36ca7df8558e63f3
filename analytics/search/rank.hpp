// Puts conversations that a search has found into the order in which people want them: BM25
// (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) with its usual constants.
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ccproxy::analytics {

/// A conversation that was found.
struct Candidate {
    std::int64_t number = 0;  ///< The newer the higher.
    std::int64_t tokens = 0;  ///< How long it is.
    /// How often each term is in it, one byte each; 255 stands for more too.
    std::string hits;
};

/// What all candidates are measured by. A search keeps it from page to page, so that a candidate's
/// score never changes.
struct RankScale {
    /// What a hit of each term counts, in eighths, one byte each.
    std::string weights;
    std::int64_t average_tokens = 1;  ///< How long a candidate usually is.

    bool operator==(const RankScale&) const = default;
};

struct Ranked {
    double score = 0;
    std::int64_t number = 0;

    bool operator==(const Ranked&) const = default;
};

/// The order of the answer: the higher score, then the newer.
bool is_before(const Ranked& a, const Ranked& other);

/// What a hit counts for a term that is in about `found` of `rows` conversations, for
/// RankScale::weights. The rarer the more; at least 1.
char term_weight(std::int64_t rows, std::int64_t found);

/// At least 1.
std::int64_t average_tokens(const std::vector<Candidate>& candidates);

/// In order. Terms beyond the weights count nothing.
std::vector<Ranked> rank(const std::vector<Candidate>& candidates, const RankScale& scale);

}  // namespace ccproxy::analytics
