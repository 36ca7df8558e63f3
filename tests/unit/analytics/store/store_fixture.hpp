// A database file in a directory of its own, a clock that stands still, and events to put in.
#pragma once

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdio>
#include <string>

#include "analytics/store/sqlite/sqlite_store.hpp"
#include "tests/unit/temp_folder.hpp"

namespace ccproxy::analytics::test {

using ccproxy::test::TempFolder;

class FixedClock final : public Clock {
  public:
    [[nodiscard]] std::int64_t unix_ms() const override { return now_ms; }
    std::int64_t now_ms = 1'735'689'600'000;  ///< 2025-01-01T00:00:00Z.
};

/// Different for each number, with a usage of which every kind of tokens has another count.
inline Event make_event(unsigned number, std::int64_t request_at_ms = 1'735'700'000'000) {
    char id[37];
    std::snprintf(id, sizeof id, "01900000-0000-7000-8000-%012x", number);
    Event event;
    event.id = id;
    event.token_id = "token-1";
    event.user_name = "ann";
    event.account_id = "account-1";
    event.mode = "api";
    event.model = "claude-sonnet-4-5";
    event.stream = true;
    event.request_at_ms = request_at_ms;
    event.response_at_ms = request_at_ms + 1500;
    event.duration_ms = 1500;
    event.ttft_ms = 300;
    event.usage = {100, 20, 30, 4000, 250};
    event.usage_source = UsageSource::final;
    event.status_code = 200;
    event.success = true;
    event.conversation_id = "conversation-1";
    event.stop_reason = "end_turn";
    event.upstream_request_id = "req_1";
    event.attempts = 1;
    return event;
}

inline IngestItem make_item(std::uint64_t seq, Event event,
                            std::optional<std::int64_t> cost = 1'000) {
    IngestItem item;
    item.proxy_id = "proxy-1";
    item.seq = seq;
    item.content = PricedEvent{std::move(event), cost};
    item.received_at_ms = 1'735'700'002'000;
    return item;
}

struct StoreFixture {
    TempFolder directory;
    FixedClock clock;
    QuarantineLimits limits;
    std::string path = directory.file("test.db");
    std::unique_ptr<StoreWriter> writer = open("UTC");

    std::unique_ptr<StoreWriter> open(const std::string& zone) {
        return open_sqlite_writer(path, DayZone::find(zone).value(), clock, limits);
    }
    [[nodiscard]] std::unique_ptr<StoreReader> reader() const { return open_sqlite_reader(path); }

    /// The answer to a query beside the store, rows joined by newlines and columns by bars.
    [[nodiscard]] std::string query(const std::string& sql) const {
        SQLite::Database database(path, SQLite::OPEN_READONLY);
        SQLite::Statement row(database, sql);
        std::string text;
        while (row.executeStep()) {
            if (!text.empty()) text += '\n';
            for (int i = 0; i < row.getColumnCount(); ++i) {
                if (i > 0) text += '|';
                text += row.getColumn(i).isNull() ? "NULL" : row.getColumn(i).getString();
            }
        }
        return text;
    }
};

}  // namespace ccproxy::analytics::test
