// Answers about figures equal those counted one by one, for any question, in any zone.
#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/analytics/store/traffic.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using Catch::Contains;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;

struct Zone {
    const char* name;
    std::int64_t around_ms;  ///< A time near which its clocks change.
};

const std::vector<Zone> zones{
    {"UTC", 1'735'689'600'000},
    {"Europe/Berlin", 1'743'296'400'000},        // A day of 23 hours.
    {"America/New_York", 1'730'613'600'000},     // A day of 25 hours.
    {"Asia/Kathmandu", 1'735'689'600'000},       // Hours begin at a quarter to.
    {"Australia/Lord_Howe", 1'743'865'200'000},  // Clocks are set back by half an hour.
    {"Asia/Beirut", 1'711'836'000'000},          // A day without a midnight.
};

using Key = std::pair<std::int64_t, Labels>;
std::string text_of(const Key& key) {
    std::string text = std::to_string(key.first);
    for (const std::string& label : key.second) text += "|" + label;
    return text;
}

Labels all_labels(const Event& event) {
    return Labels{{event.token_id, event.user_name, event.account_id, event.mode, event.model}};
}

std::map<std::string, Figures> counted(const std::vector<IngestItem>& items, const DayZone& zone,
                                       const StatsQuery& query) {
    std::map<std::string, Figures> sums;
    for (const IngestItem& item : items) {
        const auto& priced = std::get<PricedEvent>(item.content);
        const Event& event = priced.event;
        if (event.request_at_ms < query.from_ms || event.request_at_ms >= query.to_ms) continue;
        Key key;
        bool fits = true;
        for (std::size_t i = 0; i < dimension_count; ++i) {
            const auto dimension = static_cast<Dimension>(i);
            const std::string label = all_labels(event)[dimension];
            if (query.filter[dimension] && *query.filter[dimension] != label) fits = false;
            if (query.by[dimension]) key.second[dimension] = label;
        }
        if (!fits) continue;
        if (query.per == TimeUnit::day) key.first = zone.day_number(event.request_at_ms);
        if (query.per == TimeUnit::hour) key.first = zone.hour_of(event.request_at_ms).start_ms;
        sums[text_of(key)].add_request(event, priced.cost_nano_usd);
    }
    return sums;
}

std::map<std::string, Figures> answered(StoreReader& reader, const StatsQuery& query) {
    std::map<std::string, Figures> sums;
    const StatsTable table = reader.stats(query).value();
    CHECK(table.total_rows == table.rows.size());
    for (const StatsRow& row : table.rows) {
        CHECK(sums.emplace(text_of({row.period, row.labels}), row.figures).second);
    }
    return sums;
}

}  // namespace

TEST_CASE("any question has the answer that counting has", "[store][stats]") {
    const Zone& place = zones.at(GENERATE(range(0, 6)));
    CAPTURE(place.name);
    StoreFixture store;
    store.path = store.directory.file("zone.db");
    store.writer = store.open(place.name);
    const DayZone zone = DayZone::find(place.name).value();
    const std::vector<IngestItem> items =
        random_traffic(3, 600, place.around_ms - 2 * day_ms, place.around_ms + 2 * day_ms);
    append_in_batches(*store.writer, items);
    const auto reader = store.reader();
    CHECK(reader->stats_zone().name() == place.name);

    std::mt19937 random(17);
    for (int i = 0; i < 150; ++i) {
        StatsQuery query;
        query.percentiles = true;
        query.per = static_cast<TimeUnit>(random() % 3);
        for (std::size_t d = 0; d < dimension_count; ++d) {
            query.by[static_cast<Dimension>(d)] = random() % 3 == 0;
            if (random() % 6 != 0) continue;
            const auto& some = std::get<PricedEvent>(items[random() % items.size()].content);
            const std::string label = all_labels(some.event)[static_cast<Dimension>(d)];
            if (!label.empty()) query.filter[static_cast<Dimension>(d)] = label;
        }
        const auto moment = [&] {
            return place.around_ms + static_cast<std::int64_t>(random() % (5 * day_ms)) -
                   5 * day_ms / 2;
        };
        std::tie(query.from_ms, query.to_ms) = std::minmax({moment(), moment()});
        if (random() % 2 == 0) {
            query.from_ms = zone.start_of(zone.day_number(query.from_ms));
            query.to_ms = zone.start_of(zone.day_number(query.to_ms) + 1);
        } else {
            query.from_ms = zone.hour_of(query.from_ms).start_ms;
            query.to_ms = zone.hour_of(query.to_ms).end_ms;
        }
        const auto expected = counted(items, zone, query);
        CHECK(answered(*reader, query) == expected);
        const ActiveCount active_now = reader->count_active(query.from_ms, query.to_ms);
        for (const Dimension dimension : {Dimension::token, Dimension::user}) {
            StatsQuery of_one;
            of_one.by[dimension] = true;
            of_one.from_ms = query.from_ms;
            of_one.to_ms = query.to_ms;
            auto active = counted(items, zone, of_one);
            active.erase(text_of({}));
            CHECK((dimension == Dimension::token ? active_now.tokens : active_now.users) ==
                  static_cast<std::int64_t>(active.size()));
        }
    }
}

TEST_CASE("figures are there the moment their rows are", "[store][stats]") {
    StoreFixture store;
    const auto reader = store.reader();
    StatsQuery query;
    query.to_ms = 4'000'000'000'000;
    query.filter[Dimension::token] = "token-1";
    CHECK(reader->stats(query).value().rows.empty());
    for (unsigned i = 1; i <= 3; ++i) {
        store.writer->append({make_item(i, make_event(i, i * 100 * day_ms))});
        CHECK(reader->stats(query).value().rows.at(0).figures.request_count == i);
    }
}

TEST_CASE("the first rows of each order, and how many there are", "[store][stats]") {
    StoreFixture store;
    append_in_batches(*store.writer, random_traffic(5, 300, day_ms, 3 * day_ms));
    const auto reader = store.reader();
    StatsQuery query;
    query.to_ms = 4 * day_ms;
    query.by[Dimension::token] = true;
    // Without models the first rows are found by what they are ranked by, and read afterwards.
    query.by[Dimension::model] = GENERATE(true, false);
    query.percentiles = GENERATE(true, false);
    const std::size_t count = query.by[Dimension::model] ? 16 : 4;
    query.sort =
        GENERATE(FigureSort::request_count, FigureSort::error_count, FigureSort::total_tokens,
                 FigureSort::cost, FigureSort::avg_duration, FigureSort::avg_ttft);
    query.ascending = GENERATE(true, false);
    const auto value = [&](const StatsRow& row) {
        const Figures& f = row.figures;
        switch (query.sort) {
            case FigureSort::error_count:
                return static_cast<double>(f.error_count());
            case FigureSort::total_tokens:
                return static_cast<double>(f.total_tokens());
            case FigureSort::cost:
                return static_cast<double>(f.cost_nano_usd);
            case FigureSort::avg_duration:
                return static_cast<double>(f.duration_sum_ms) /
                       static_cast<double>(f.request_count);
            case FigureSort::avg_ttft:
                return static_cast<double>(f.ttft_sum_ms) / static_cast<double>(f.ttft_count);
            default:
                return static_cast<double>(f.request_count);
        }
    };
    const StatsTable all = reader->stats(query).value();
    REQUIRE(all.rows.size() == count);
    for (std::size_t i = 1; i < all.rows.size(); ++i) {
        const double before = value(all.rows[i - 1]);
        const double after = value(all.rows[i]);
        CHECK((query.ascending ? before <= after : before >= after));
    }
    query.limit = 3;
    const StatsTable first = reader->stats(query).value();
    CHECK(first.total_rows == count);
    REQUIRE(first.rows.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(first.rows[i].labels == all.rows[i].labels);
        CHECK(first.rows[i].figures == all.rows[i].figures);
    }
}

TEST_CASE("a damaged histogram fails neither a batch nor an answer", "[store][stats]") {
    StoreFixture store;
    store.writer->append({make_item(1, make_event(1))});
    SQLite::Database(store.path, SQLite::OPEN_READWRITE)
        .exec(
            "UPDATE usage_daily SET duration_histogram = x'ff00'; "
            "UPDATE usage_hourly SET duration_histogram = x'ff00'");
    CHECK(store.writer->append({make_item(2, make_event(2))}).rows == 1);
    StatsQuery query;
    query.to_ms = 4'000'000'000'000;
    query.percentiles = true;
    const Figures figures = store.reader()->stats(query).value().rows.at(0).figures;
    CHECK(figures.request_count == 2);
    CHECK(figures.duration_ms.count() == 1);
}

TEST_CASE("a model that looks like SQL is a label like any other", "[store][stats]") {
    StoreFixture store;
    Event event = make_event(1);
    event.model = "x'; DROP TABLE usage_daily; --";
    store.writer->append({make_item(1, event)});
    StatsQuery query;
    query.to_ms = 4'000'000'000'000;
    query.filter[Dimension::model] = event.model;
    query.by[Dimension::model] = true;
    CHECK(store.reader()->stats(query).value().rows.at(0).labels[Dimension::model] == event.model);
}
