#include "analytics/store/sqlite/search_index.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Transaction.h>
#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <string>

#include "analytics/search/tokens.hpp"
#include "analytics/store/sqlite/meta.hpp"
#include "analytics/store/sqlite/search_facts.hpp"
#include "analytics/store/sqlite/search_tokenizer.hpp"

namespace ccproxy::analytics {
namespace {

/// Of one statement, and at the start of one transaction.
constexpr std::int64_t max_step_rows = 1000;
/// Of all conversations, one in so many has to be deleted before the index is written anew.
constexpr std::int64_t removed_share = 10;

std::int64_t read_counter(const SQLite::Database& database, const std::string& name) {
    return read_integer(database, "SELECT value FROM counters WHERE name = '" + name + "'");
}

bool is_compaction_due(const SQLite::Database& database) {
    const std::int64_t removed = read_counter(database, "search_removed");
    return removed > 0 && removed >= read_counter(database, "conversations") / removed_share;
}

/// As https://www.sqlite.org/fts5.html, section 6.8, says: a negative number begins to make the
/// whole index one, positive ones go on with it. False when there is nothing to do.
bool merge(SQLite::Database& database, std::int64_t pages) {
    const int before = sqlite3_total_changes(database.getHandle());
    SQLite::Statement command(database,
                              "INSERT INTO conversation_search (conversation_search, rank) "
                              "VALUES ('merge', ?)");
    command.bind(1, pages);
    command.exec();
    return sqlite3_total_changes(database.getHandle()) - before >= 2;
}

}  // namespace

SearchIndex::SearchIndex(SQLite::Database& database)
    : next_(database,
            "SELECT max(number) FROM (SELECT number FROM conversations WHERE number > "
            "(SELECT value FROM counters WHERE name = 'search_indexed') ORDER BY number LIMIT ?)"),
      // All of a step in one statement: FTS5 writes to disk what it has gathered whenever a
      // statement that could be undone alone begins.
      insert_(database,
              "INSERT INTO conversation_search (rowid, prompt, completion, token) "
              "SELECT rowid, prompt, completion, token FROM search_texts WHERE rowid > "
              "(SELECT value FROM counters WHERE name = 'search_indexed') AND rowid <= ? "
              "ORDER BY rowid"),
      move_on_(database, "UPDATE counters SET value = ? WHERE name = 'search_indexed'") {}

bool SearchIndex::take_in(std::int64_t max_rows) {
    next_.tryReset();
    next_.bind(1, max_rows);
    std::int64_t last = 0;
    if (next_.executeStep()) last = next_.getColumn(0).getInt64();
    next_.tryReset();
    if (last == 0) return false;
    for (SQLite::Statement* step : {&insert_, &move_on_}) {
        step->tryReset();
        step->bind(1, last);
        step->exec();
        step->tryReset();
    }
    return true;
}

void SearchIndex::catch_up() {
    while (take_in(max_step_rows)) {
    }
}

void index_conversations(SQLite::Database& database) {
    SearchIndex index(database);
    bool is_behind = true;
    for (int steps = 0; is_behind; ++steps) {
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        is_behind = index.take_in(max_step_rows);
        transaction.commit();
        if (is_behind && steps == 0) spdlog::info("conversations are put into the search index");
    }
}

bool compact_search(SQLite::Database& database, std::int64_t max_pages) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    const bool goes_on = read_counter(database, "search_compacting") != 0;
    if (!goes_on && !is_compaction_due(database)) return false;
    const bool has_worked = merge(database, goes_on ? max_pages : -max_pages);
    database.exec(has_worked ? "UPDATE counters SET value = 1 WHERE name = 'search_compacting'"
                             : "UPDATE counters SET value = 0 WHERE name = 'search_compacting'");
    if (!goes_on) database.exec("UPDATE counters SET value = 0 WHERE name = 'search_removed'");
    transaction.commit();
    return has_worked;
}

void register_search(SQLite::Database& database) {
    register_search_tokenizer(database);
    register_search_facts(database);
}

std::string token_expression(std::string_view token_id) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string term(token_mark);
    for (const char c : token_id) {
        const auto byte = static_cast<unsigned char>(c);
        term += digits[byte >> 4];
        term += digits[byte & 15];
    }
    return "token : \"" + term + '"';
}

}  // namespace ccproxy::analytics
