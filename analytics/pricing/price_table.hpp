// What a request costs, in exact integer arithmetic. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.hpp"
#include "proto/event.hpp"

namespace ccproxy::analytics {

/// Pico US dollars (1e-12) a token: 1 USD per million tokens is 1,000,000. Nano dollars would not
/// do: the cache writes of a model at 0.25 USD a million cost 312.5 of them.
struct ModelPrice {
    std::int64_t input = 0;
    std::int64_t output = 0;
    std::int64_t cache_write_5m = 0;
    std::int64_t cache_write_1h = 0;
    std::int64_t cache_read = 0;

    bool operator==(const ModelPrice&) const = default;
};

/// A price with the usual multiples of the input price for the caches: 1.25, 2 and 0.1
/// (https://docs.claude.com/en/docs/build-with-claude/prompt-caching, Pricing).
ModelPrice with_usual_cache_prices(std::int64_t input, std::int64_t output);

/// Reads US dollars per million tokens, such as `3`, `0.25` or `18.75`: at most six decimals and
/// 1,000,000.
Result<std::int64_t> parse_usd_per_million(std::string_view text);

/// Immutable once set up; then safe to read from any thread.
class PriceTable {
  public:
    /// The public Claude models at their list prices.
    static PriceTable built_in();

    /// Adds a model or replaces its price. `model` is a model's id, or what a dated id begins with.
    void set(const std::string& model, const ModelPrice& price) { prices_[model] = price; }

    /// The price of the model of exactly this id; else that of the longest known id which is
    /// followed by a date
    /// (`claude-sonnet-4-5-20250929`) or a version (`claude-sonnet-4-5@20250929`); else nullptr.
    [[nodiscard]] const ModelPrice* find(std::string_view model) const;

    /// Nano US dollars, rounded to the nearest once, at the end. Absent when the model has no
    /// price, when nothing is known of the usage, or when the figure would not fit.
    [[nodiscard]] std::optional<std::int64_t> cost_nano_usd(const Event& event) const;

  private:
    std::map<std::string, ModelPrice, std::less<>> prices_;
};

}  // namespace ccproxy::analytics
