// A statement over SQLite's own interface, for loops over many rows: SQLiteCpp counts references
// for every column, which costs more than the column.
#pragma once

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "analytics/store/sqlite/statement_cache.hpp"

namespace ccproxy::analytics {

/// Throws SQLite::Exception. Parameters count from 1, columns from 0.
class RawStatement {
  public:
    RawStatement(const SQLite::Database& database, const std::string& sql)
        : RawStatement(database.getHandle(), sql) {}
    /// For functions that SQLite calls, which have no more than this.
    RawStatement(sqlite3* database, const std::string& sql) : handle_(database) {
        const int code = sqlite3_prepare_v2(handle_, sql.c_str(), static_cast<int>(sql.size()),
                                            &statement_, nullptr);
        if (code != SQLITE_OK) throw SQLite::Exception(handle_, code);
    }
    /// One that is kept for the next time. The cache must outlive it.
    RawStatement(StatementCache& cache, const std::string& sql)
        : handle_(cache.database().getHandle()), statement_(cache.take(sql)), cache_(&cache) {}
    ~RawStatement() {
        if (cache_ != nullptr) {
            cache_->give_back(statement_);
        } else {
            sqlite3_finalize(statement_);
        }
    }
    RawStatement(const RawStatement&) = delete;
    RawStatement& operator=(const RawStatement&) = delete;

    void bind(int parameter, std::int64_t value) {
        check(sqlite3_bind_int64(statement_, parameter, value));
    }
    /// The text must stay as it is until the statement is reset.
    void bind_text(int parameter, std::string_view text) {
        check(sqlite3_bind_text(statement_, parameter, text.data(), static_cast<int>(text.size()),
                                SQLITE_STATIC));
    }
    /// The bytes must stay as they are until the statement is reset.
    void bind_blob(int parameter, std::string_view bytes) {
        // A null pointer would be NULL.
        check(sqlite3_bind_blob(statement_, parameter, bytes.empty() ? "" : bytes.data(),
                                static_cast<int>(bytes.size()), SQLITE_STATIC));
    }
    /// True when there is a row.
    bool step() {
        const int code = sqlite3_step(statement_);
        if (code == SQLITE_ROW) return true;
        if (code != SQLITE_DONE) {
            const SQLite::Exception error(handle_, code);
            sqlite3_reset(statement_);
            throw error;
        }
        return false;
    }
    /// Runs a statement that gives no rows, and makes it ready to run again.
    void run() {
        step();
        reset();
    }
    void reset() { sqlite3_reset(statement_); }

    [[nodiscard]] bool is_null(int column) const {
        return sqlite3_column_type(statement_, column) == SQLITE_NULL;
    }
    /// 0 when NULL.
    [[nodiscard]] std::int64_t integer(int column) const {
        return sqlite3_column_int64(statement_, column);
    }
    /// Of a text or a blob; empty when NULL. Valid until the next step.
    [[nodiscard]] std::string_view bytes(int column) const {
        const void* bytes = sqlite3_column_blob(statement_, column);
        const int size = sqlite3_column_bytes(statement_, column);
        if (bytes == nullptr || size <= 0) return {};
        return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
    }

  private:
    void check(int code) {
        if (code != SQLITE_OK) throw SQLite::Exception(handle_, code);
    }

    sqlite3* handle_;
    sqlite3_stmt* statement_ = nullptr;
    StatementCache* cache_ = nullptr;
};

}  // namespace ccproxy::analytics
