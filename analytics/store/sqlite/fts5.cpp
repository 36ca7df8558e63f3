#include "analytics/store/sqlite/fts5.hpp"

#include <SQLiteCpp/Exception.h>

#include <stdexcept>

namespace ccproxy::analytics {

/// As https://www.sqlite.org/fts5.html, section 7, says.
fts5_api& fts5_api_of(SQLite::Database& database) {
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v2(database.getHandle(), "SELECT fts5(?1)", -1, &statement, nullptr);
    if (code != SQLITE_OK) throw SQLite::Exception(database.getHandle(), code);
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (api == nullptr) throw std::runtime_error("this SQLite comes without FTS5");
    return *api;
}

}  // namespace ccproxy::analytics
