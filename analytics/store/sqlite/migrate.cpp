#include "analytics/store/sqlite/migrate.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <stdexcept>

namespace ccproxy::analytics {
namespace {

int pragma_int(const SQLite::Database& database, const std::string& name) {
    SQLite::Statement statement(database, "PRAGMA " + name);
    statement.executeStep();
    return statement.getColumn(0).getInt();
}

bool has_tables(const SQLite::Database& database) {
    SQLite::Statement statement(database, "SELECT COUNT(*) FROM sqlite_schema");
    statement.executeStep();
    return statement.getColumn(0).getInt() > 0;
}

}  // namespace

int schema_version(const SQLite::Database& database) {
    return pragma_int(database, "user_version");
}

void check_ownership(SQLite::Database& database, const std::vector<Migration>& migrations) {
    const std::string& file = database.getFilename();
    const int id = pragma_int(database, "application_id");
    const int version = schema_version(database);
    const bool is_new = id == 0 && version == 0 && !has_tables(database);
    if (id != application_id && !is_new) {
        throw std::runtime_error(file + " is an SQLite database of another program");
    }
    const int known = static_cast<int>(migrations.size());
    if (version > known) {
        throw std::runtime_error(file + " has schema version " + std::to_string(version) +
                                 ", and this program knows versions up to " +
                                 std::to_string(known) + ": it was written by a newer analyticsd");
    }
}

void migrate(SQLite::Database& database, const std::vector<Migration>& migrations,
             std::int64_t now_ms) {
    for (const Migration& step : migrations) {
        if (step.version <= schema_version(database)) continue;
        try {
            SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
            database.exec(step.sql);
            SQLite::Statement record(database, "INSERT INTO schema_migrations VALUES (?, ?, ?)");
            record.bind(1, step.version);
            record.bind(2, step.name);
            record.bind(3, now_ms);
            record.exec();
            database.exec("PRAGMA application_id = " + std::to_string(application_id));
            database.exec("PRAGMA user_version = " + std::to_string(step.version));
            transaction.commit();
        } catch (const SQLite::Exception& error) {
            throw std::runtime_error("migration " + std::to_string(step.version) + " (" +
                                     step.name + ") failed: " + error.what());
        }
    }
}

}  // namespace ccproxy::analytics
