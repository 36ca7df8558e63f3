#include "analytics/store/sqlite/roll_up.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace ccproxy::analytics {
namespace {

/// One entry's part in one row of a table.
struct Part {
    int kind;
    std::int64_t period, group_id;
    const Figures* figures;

    [[nodiscard]] auto row() const { return std::tie(kind, period, group_id); }
};

/// Rows in the order of their key, so that neighbours are written one after the other.
void write_parts(std::vector<Part>& parts, FiguresWriter& table) {
    std::sort(parts.begin(), parts.end(),
              [](const Part& a, const Part& b) { return a.row() < b.row(); });
    for (auto first = parts.begin(); first != parts.end();) {
        const auto end = std::find_if(first, parts.end(),
                                      [&](const Part& part) { return part.row() != first->row(); });
        if (end - first == 1) {
            table.write(first->kind, first->period, first->group_id, *first->figures);
        } else {
            Figures sum;
            for (auto part = first; part != end; ++part) sum.add(*part->figures);
            table.write(first->kind, first->period, first->group_id, sum);
        }
        first = end;
    }
}

void open_weeks(const std::vector<Part>& days, RawStatement& open_week) {
    std::set<std::int64_t> weeks;
    for (const Part& part : days) weeks.insert(week_of(part.period));
    for (const std::int64_t week : weeks) {
        open_week.bind(1, week);
        open_week.run();
    }
}

}  // namespace

Labels labels_of(const Event& event) {
    Labels labels;
    labels[Dimension::token] = event.token_id;
    labels[Dimension::user] = event.user_name;
    labels[Dimension::account] = event.account_id;
    labels[Dimension::mode] = event.mode;
    labels[Dimension::model] = event.model;
    return labels;
}

void RollUp::add(const Event& event, const std::optional<std::int64_t>& cost_nano_usd) {
    if (!hour_.holds(event.request_at_ms)) hour_ = zone_.hour_of(event.request_at_ms);
    key_.assign(reinterpret_cast<const char*>(&hour_.start_ms), sizeof hour_.start_ms);
    for (const std::string* text :
         {&event.token_id, &event.user_name, &event.account_id, &event.mode, &event.model}) {
        key_.append(*text).push_back('\0');
    }
    const auto [place, is_new] = places_.try_emplace(key_, entries_.size());
    if (is_new) entries_.push_back({hour_.start_ms, hour_.day, labels_of(event), {}});
    entries_[place->second].figures.add_request(event, cost_nano_usd);
}

void RollUp::write(RollUpTables& tables) const {
    std::vector<Part> hours;
    std::vector<Part> days;
    std::map<std::int64_t, bool> open_hours;
    for (const Entry& entry : entries_) {
        const GroupIds& ids = tables.groups.ids_of(entry.labels);
        const auto [hour, is_new] = open_hours.try_emplace(entry.hour_at);
        if (is_new) hour->second = tables.open_hour.is_open(entry.hour_at);
        for (std::size_t kind = 0; kind < kind_count; ++kind) {
            const int number = static_cast<int>(kind);
            hours.push_back({number, entry.hour_at, ids.at(kind), &entry.figures});
            if (!hour->second) days.push_back({number, entry.day, ids.at(kind), &entry.figures});
        }
    }
    write_parts(hours, tables.hourly);
    write_parts(days, tables.daily);
    open_weeks(days, tables.open_week);
}

void RollUp::clear() {
    places_.clear();
    entries_.clear();
}

}  // namespace ccproxy::analytics
