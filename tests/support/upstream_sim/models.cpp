// The models endpoint and its list.
#include "tests/support/upstream_sim/models.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>

#include "tests/support/upstream_sim/json_text.hpp"

namespace upstream_sim {
namespace {

struct Model {
    std::string_view id;
    std::string_view display_name;
    std::string_view created_at;
};

constexpr Model kModels[] = {
    {"claude-opus-4-1-20250805", "Claude Opus 4.1", "2025-08-05T00:00:00Z"},
    {"claude-opus-4-20250514", "Claude Opus 4", "2025-05-22T00:00:00Z"},
    {"claude-sonnet-4-20250514", "Claude Sonnet 4", "2025-05-22T00:00:00Z"},
    {"claude-3-7-sonnet-20250219", "Claude Sonnet 3.7", "2025-02-24T00:00:00Z"},
    {"claude-3-5-sonnet-20241022", "Claude Sonnet 3.5 (New)", "2024-10-22T00:00:00Z"},
    {"claude-3-5-haiku-20241022", "Claude Haiku 3.5", "2024-10-22T00:00:00Z"},
    {"claude-3-haiku-20240307", "Claude Haiku 3", "2024-03-07T00:00:00Z"},
};
constexpr std::size_t kCount = std::size(kModels);
constexpr std::size_t kDefaultLimit = 20;
constexpr std::size_t kMaxLimit = 1000;

std::size_t index_of(std::string_view id) {
    const auto* found = std::find_if(std::begin(kModels), std::end(kModels),
                                     [&](const Model& model) { return model.id == id; });
    return static_cast<std::size_t>(found - std::begin(kModels));
}

std::string json_of(const Model& model) {
    return joined({R"({"type":"model","id":)", quoted(model.id), R"(,"display_name":)",
                   quoted(model.display_name), R"(,"created_at":)", quoted(model.created_at), "}"});
}

/// The value of `name` in a query, or empty.
std::string_view parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const std::string_view item = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = item.find('=');
        if (equals != std::string_view::npos && item.substr(0, equals) == name) {
            return item.substr(equals + 1);
        }
    }
    return {};
}

}  // namespace

std::string models_json(std::string_view query, int& status) {
    std::size_t limit = kDefaultLimit;
    const std::string_view text = parameter(query, "limit");
    const auto* text_end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), text_end, limit);
    const bool number = parsed.ec == std::errc() && parsed.ptr == text_end;
    if (!text.empty() && (!number || limit == 0 || limit > kMaxLimit)) {
        status = 400;
        return "limit: Input should be from 1 to 1000";
    }
    std::size_t from = 0;
    std::size_t to = kCount;
    if (const auto after = parameter(query, "after_id"); !after.empty()) {
        from = std::min(index_of(after) + 1, kCount);
        to = std::min(from + limit, kCount);
    } else if (const auto before = parameter(query, "before_id"); !before.empty()) {
        to = index_of(before);
        from = to > limit ? to - limit : 0;
    } else {
        to = std::min(limit, kCount);
    }
    const bool backwards = !parameter(query, "before_id").empty();
    std::string out = R"({"data":[)";
    for (std::size_t i = from; i < to; ++i) {
        if (i > from) out += ',';
        out += json_of(kModels[i]);
    }
    out += R"(],"has_more":)";
    out += (backwards ? from > 0 : to < kCount) ? "true" : "false";
    out += joined({R"(,"first_id":)", (from < to ? quoted(kModels[from].id) : "null")});
    out += joined({R"(,"last_id":)", (from < to ? quoted(kModels[to - 1].id) : "null"), "}"});
    return out;
}

std::string model_json(std::string_view id) {
    const std::size_t index = index_of(id);
    return index < kCount ? json_of(kModels[index]) : std::string();
}

}  // namespace upstream_sim
