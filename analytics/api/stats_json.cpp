#include "analytics/api/stats_json.hpp"

#include <array>
#include <string>
#include <utility>

namespace ccproxy::analytics {
namespace {

/// 0 of nothing: a number always, beside a count that tells.
double ratio(std::int64_t sum, std::int64_t count) {
    return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
}

}  // namespace

void write_counts(JsonText& json, const Figures& figures, std::string_view requests_name) {
    json.integer(requests_name, figures.request_count);
    json.integer("success_count", figures.success_count);
    json.integer("error_count", figures.error_count());
    json.number("success_rate", 100 * ratio(figures.success_count, figures.request_count));
    json.integer("total_prompt_tokens", figures.prompt_tokens);
    json.integer("total_completion_tokens", figures.completion_tokens);
    json.integer("total_tokens", figures.total_tokens());
    json.integer("total_cache_creation_5m_tokens", figures.cache_creation_5m_tokens);
    json.integer("total_cache_creation_1h_tokens", figures.cache_creation_1h_tokens);
    json.integer("total_cache_read_tokens", figures.cache_read_tokens);
    json.integer("usage_count", figures.usage_count);
    json.integer("total_cost_nano_usd", figures.cost_nano_usd);
    json.integer("cost_count", figures.cost_count);
}

void write_averages(JsonText& json, const Figures& figures) {
    json.number("avg_duration_ms", ratio(figures.duration_sum_ms, figures.request_count));
    json.number("avg_ttft_ms", ratio(figures.ttft_sum_ms, figures.ttft_count));
    json.integer("ttft_count", figures.ttft_count);
}

void write_percentiles(JsonText& json, const Figures& figures) {
    constexpr std::array<std::pair<const char*, double>, 3> percentiles{
        {{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}}};
    const auto write = [&](const Histogram& histogram, const char* what) {
        for (const auto& [name, fraction] : percentiles) {
            json.integer_or_null(std::string(name) + what, histogram.quantile(fraction));
        }
    };
    write(figures.duration_ms, "_duration_ms");
    write(figures.ttft_ms, "_ttft_ms");
}

}  // namespace ccproxy::analytics
