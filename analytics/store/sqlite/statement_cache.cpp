#include "analytics/store/sqlite/statement_cache.hpp"

#include <new>

namespace ccproxy::analytics {

StatementCache::~StatementCache() {
    for (const auto& [sql, statement] : kept_) sqlite3_finalize(statement);
}

sqlite3_stmt* StatementCache::take(const std::string& sql) {
    if (const auto found = kept_.find(sql); found != kept_.end()) {
        sqlite3_stmt* const statement = found->second;
        kept_.erase(found);
        return statement;
    }
    sqlite3_stmt* statement = nullptr;
    const int code =
        sqlite3_prepare_v3(database_.getHandle(), sql.c_str(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) throw SQLite::Exception(database_.getHandle(), code);
    return statement;
}

void StatementCache::give_back(sqlite3_stmt* statement) {
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    try {
        if (kept_.size() < max_kept) {
            kept_.emplace(sqlite3_sql(statement), statement);
            return;
        }
    } catch (const std::bad_alloc&) {
    }
    sqlite3_finalize(statement);
}

}  // namespace ccproxy::analytics
