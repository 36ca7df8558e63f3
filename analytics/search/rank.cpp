#include "analytics/search/rank.hpp"

#include <algorithm>
#include <cmath>

namespace ccproxy::analytics {
namespace {

constexpr double k1 = 1.2;
constexpr double b = 0.75;
constexpr double weight_steps = 8;

}  // namespace

bool is_before(const Ranked& a, const Ranked& other) {
    return a.score != other.score ? a.score > other.score : a.number > other.number;
}

char term_weight(std::int64_t rows, std::int64_t found) {
    const double without = static_cast<double>(std::max<std::int64_t>(0, rows - found));
    const double weight = std::log(1 + (without + 0.5) / (static_cast<double>(found) + 0.5));
    const double eighths = std::clamp(std::round(weight * weight_steps), 1.0, 255.0);
    return static_cast<char>(static_cast<unsigned char>(eighths));
}

std::int64_t average_tokens(const std::vector<Candidate>& candidates) {
    if (candidates.empty()) return 1;
    std::int64_t sum = 0;
    for (const Candidate& candidate : candidates) sum += candidate.tokens;
    return std::max<std::int64_t>(1, sum / static_cast<std::int64_t>(candidates.size()));
}

std::vector<Ranked> rank(const std::vector<Candidate>& candidates, const RankScale& scale) {
    const auto average = static_cast<double>(std::max<std::int64_t>(1, scale.average_tokens));
    std::vector<Ranked> ranked;
    ranked.reserve(candidates.size());
    for (const Candidate& candidate : candidates) {
        const double length = static_cast<double>(candidate.tokens) / average;
        Ranked entry{0, candidate.number};
        for (std::size_t i = 0; i < std::min(scale.weights.size(), candidate.hits.size()); ++i) {
            const double weight = static_cast<unsigned char>(scale.weights[i]) / weight_steps;
            const double hits = static_cast<unsigned char>(candidate.hits[i]);
            entry.score += weight * hits * (k1 + 1) / (hits + k1 * (1 - b + b * length));
        }
        ranked.push_back(entry);
    }
    std::sort(ranked.begin(), ranked.end(), is_before);
    return ranked;
}

}  // namespace ccproxy::analytics
