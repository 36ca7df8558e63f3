#include "analytics/pricing/price_table.hpp"

#include <algorithm>

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t pico_per_usd_per_million = 1'000'000;
constexpr std::int64_t pico_per_nano = 1'000;
constexpr std::size_t decimals = 6;

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `-20250929` or `@20250929`: what may follow a model's id without making it another model.
bool is_version_suffix(std::string_view rest) {
    constexpr std::size_t date_digits = 8;
    if (rest.starts_with('@')) return true;
    return rest.size() == 1 + date_digits && rest.front() == '-' && all_digits(rest.substr(1));
}

/// Adds tokens * price to `sum`; false when it would not fit.
bool add_product(std::int64_t tokens, std::int64_t price, std::int64_t& sum) {
    std::int64_t product = 0;
    return !__builtin_mul_overflow(tokens, price, &product) &&
           !__builtin_add_overflow(sum, product, &sum);
}

}  // namespace

ModelPrice with_usual_cache_prices(std::int64_t input, std::int64_t output) {
    ModelPrice price;
    price.input = input;
    price.output = output;
    price.cache_write_5m = (input * 5 + 2) / 4;
    price.cache_write_1h = input * 2;
    price.cache_read = (input + 5) / 10;
    return price;
}

Result<std::int64_t> parse_usd_per_million(std::string_view text) {
    const Error error{"must be US dollars per million tokens, such as 3 or 0.25"};
    const std::size_t dot = text.find('.');
    const std::string_view whole = text.substr(0, dot);
    std::string fraction(dot == std::string_view::npos ? "0" : text.substr(dot + 1));
    if (!all_digits(whole) || whole.size() > 7 || !all_digits(fraction)) return error;
    if (fraction.size() > decimals) return Error{"has more than six decimals"};
    fraction.resize(decimals, '0');
    const std::int64_t price =
        std::stoll(std::string(whole)) * pico_per_usd_per_million + std::stoll(fraction);
    if (price > 1'000'000 * pico_per_usd_per_million) return Error{"is above 1000000"};
    return price;
}

PriceTable PriceTable::built_in() {
    constexpr std::int64_t cent = pico_per_usd_per_million / 100;
    const auto price = [](std::int64_t input_cents, std::int64_t output_cents) {
        return with_usual_cache_prices(input_cents * cent, output_cents * cent);
    };
    PriceTable table;
    for (const char* model : {"claude-opus-4-5", "claude-opus-4-6", "claude-opus-4-7"}) {
        table.set(model, price(5'00, 25'00));
    }
    for (const char* model : {"claude-opus-4-1", "claude-opus-4-0", "claude-opus-4",
                              "claude-3-opus", "claude-3-opus-latest"}) {
        table.set(model, price(15'00, 75'00));
    }
    for (const char* model : {"claude-sonnet-4-6", "claude-sonnet-4-5", "claude-sonnet-4-0",
                              "claude-sonnet-4", "claude-3-7-sonnet", "claude-3-7-sonnet-latest",
                              "claude-3-5-sonnet", "claude-3-5-sonnet-latest"}) {
        table.set(model, price(3'00, 15'00));
    }
    table.set("claude-haiku-4-5", price(1'00, 5'00));
    table.set("claude-3-5-haiku", price(80, 4'00));
    table.set("claude-3-5-haiku-latest", price(80, 4'00));
    // The list price of this one model is not by the multiples.
    table.set("claude-3-haiku", ModelPrice{25 * cent, 1'25 * cent, 30 * cent, 50 * cent, 3 * cent});
    return table;
}

const ModelPrice* PriceTable::find(std::string_view model) const {
    if (const auto exact = prices_.find(model); exact != prices_.end()) return &exact->second;
    const ModelPrice* best = nullptr;
    std::size_t best_size = 0;
    for (const auto& [known, price] : prices_) {
        if (known.size() < best_size || !model.starts_with(known)) continue;
        if (!is_version_suffix(model.substr(known.size()))) continue;
        best = &price;
        best_size = known.size();
    }
    return best;
}

std::optional<std::int64_t> PriceTable::cost_nano_usd(const Event& event) const {
    if (event.usage_source == UsageSource::none) return std::nullopt;
    const ModelPrice* price = find(event.model);
    if (price == nullptr) return std::nullopt;
    const Usage& usage = event.usage;
    std::int64_t pico = 0;
    // The four kinds of input are disjoint, so each token is billed once.
    const bool fits = add_product(usage.input_tokens, price->input, pico) &&
                      add_product(usage.cache_creation_5m_tokens, price->cache_write_5m, pico) &&
                      add_product(usage.cache_creation_1h_tokens, price->cache_write_1h, pico) &&
                      add_product(usage.cache_read_tokens, price->cache_read, pico) &&
                      add_product(usage.output_tokens, price->output, pico);
    if (!fits) return std::nullopt;
    return pico / pico_per_nano + (pico % pico_per_nano >= pico_per_nano / 2 ? 1 : 0);
}

}  // namespace ccproxy::analytics
