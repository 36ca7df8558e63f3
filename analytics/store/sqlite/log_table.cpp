#include "analytics/store/sqlite/log_table.hpp"

#include <sqlite3.h>

#include "analytics/store/sqlite/log_rows.hpp"

namespace ccproxy::analytics {
namespace {

/// Whether a failure is the rows' own fault, so that the rest of the batch can go on. SQLite then
/// has undone the one statement and no more.
bool is_fault_of_rows(int code) {
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_TOOBIG:
        case SQLITE_RANGE:
            return true;
        default:
            return false;
    }
}

/// Why the table does not take what is bound; nullopt when it did. Throws what the rows cannot
/// help.
std::optional<std::string> run(SQLite::Database& database, SQLite::Statement& insert) {
    const int code = insert.tryExecuteStep();
    std::optional<std::string> refusal;
    if (code != SQLITE_DONE) refusal = database.getErrorMsg();
    insert.tryReset();
    if (refusal && !is_fault_of_rows(code)) throw SQLite::Exception(*refusal, code);
    return refusal;
}

}  // namespace

LogTable::LogTable(SQLite::Database& database)
    : database_(database),
      insert_one_(database, insert_log_rows(1) + " ON CONFLICT (id) DO NOTHING"),
      insert_together_(database, insert_log_rows(rows_together)) {}

LogOutcome LogTable::add(const std::string& proxy_id, const PricedEvent& priced) {
    bind_log_row(insert_one_, priced, proxy_id);
    LogOutcome outcome;
    outcome.refusal = run(database_, insert_one_);
    outcome.added = !outcome.refusal && database_.getChanges() > 0;
    return outcome;
}

bool LogTable::add_together(std::span<const IngestItem* const> items) {
    int parameter = 1;
    for (const IngestItem* item : items) {
        bind_log_row(insert_together_, std::get<PricedEvent>(item->content), item->proxy_id,
                     parameter);
        parameter += log_parameter_count;
    }
    return !run(database_, insert_together_);
}

}  // namespace ccproxy::analytics
