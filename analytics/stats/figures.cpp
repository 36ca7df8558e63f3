#include "analytics/stats/figures.hpp"

namespace ccproxy::analytics {
const std::array<Figures::Sum, 13> Figures::sums{
    &Figures::request_count,
    &Figures::success_count,
    &Figures::prompt_tokens,
    &Figures::completion_tokens,
    &Figures::cache_creation_5m_tokens,
    &Figures::cache_creation_1h_tokens,
    &Figures::cache_read_tokens,
    &Figures::usage_count,
    &Figures::cost_nano_usd,
    &Figures::cost_count,
    &Figures::duration_sum_ms,
    &Figures::ttft_sum_ms,
    &Figures::ttft_count,
};

void Figures::add_request(const Event& event, const std::optional<std::int64_t>& cost) {
    ++request_count;
    if (event.success) ++success_count;
    if (event.usage_source != UsageSource::none) {
        ++usage_count;
        prompt_tokens += event.usage.prompt_tokens();
        completion_tokens += event.usage.output_tokens;
        cache_creation_5m_tokens += event.usage.cache_creation_5m_tokens;
        cache_creation_1h_tokens += event.usage.cache_creation_1h_tokens;
        cache_read_tokens += event.usage.cache_read_tokens;
    }
    if (cost) {
        ++cost_count;
        cost_nano_usd += *cost;
    }
    duration_sum_ms += event.duration_ms;
    duration_ms.add(event.duration_ms);
    if (event.ttft_ms) {
        ++ttft_count;
        ttft_sum_ms += *event.ttft_ms;
        ttft_ms.add(*event.ttft_ms);
    }
}

void Figures::add(const Figures& other) {
    for (const auto member : sums) this->*member = wrapping_sum(this->*member, other.*member);
    duration_ms.merge(other.duration_ms);
    ttft_ms.merge(other.ttft_ms);
}

void Figures::correct(const Figures& expected, const Figures& stored) {
    for (const auto member : sums) {
        const auto surplus = static_cast<std::uint64_t>(stored.*member);
        const auto missing = static_cast<std::uint64_t>(expected.*member) - surplus;
        this->*member = wrapping_sum(this->*member, static_cast<std::int64_t>(missing));
    }
    duration_ms.correct(expected.duration_ms, stored.duration_ms);
    ttft_ms.correct(expected.ttft_ms, stored.ttft_ms);
}

}  // namespace ccproxy::analytics
