#include "analytics/store/sqlite/conversation_removal.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <optional>
#include <vector>

#include "analytics/store/sqlite/pack_table.hpp"

namespace ccproxy::analytics {
namespace {

/// A large message has a page of the file for each 4 KB, all of which are read when it goes.
constexpr std::int64_t bytes_a_step = 16'384;
/// What it takes to replace a pack, in steps.
constexpr std::int64_t steps_of_a_pack = 400;

/// The one place where rows of conversations are deleted. What the row pointed at is noted as
/// garbage, to be looked at later.
class Remover {
  public:
    explicit Remover(SQLite::Database& database)
        : note_lists_(database,
                      "INSERT OR IGNORE INTO conversation_garbage (list) "
                      "SELECT system FROM conversations WHERE number = ?1 AND system IS NOT NULL "
                      "UNION SELECT messages FROM conversations WHERE number = ?1 AND messages IS "
                      "NOT NULL"),
          note_message_(database,
                        "INSERT OR IGNORE INTO conversation_garbage (message) SELECT completion "
                        "FROM conversations WHERE number = ? AND completion IS NOT NULL"),
          // One statement for all: FTS5 writes to disk what it has gathered whenever a statement
          // that could be undone alone begins.
          delete_rows_(database,
                       "DELETE FROM conversations WHERE number IN (SELECT value FROM "
                       "json_each(?))") {}

    void remove(const std::vector<std::int64_t>& numbers) {
        std::string list;
        for (const std::int64_t number : numbers) {
            run(note_lists_, number);
            run(note_message_, number);
            list.append(list.empty() ? "[" : ",").append(std::to_string(number));
        }
        if (!list.empty()) run(delete_rows_, list.append("]"));
    }

  private:
    template <typename Value>
    static void run(SQLite::Statement& statement, const Value& value) {
        statement.tryReset();
        statement.bind(1, value);
        statement.exec();
    }

    SQLite::Statement note_lists_, note_message_, delete_rows_;
};

/// Of a query with the numbers of rows, which the caller has bound.
std::int64_t remove_all(SQLite::Database& database, SQLite::Statement& numbers) {
    std::vector<std::int64_t> found;
    while (numbers.executeStep()) found.push_back(numbers.getColumn(0).getInt64());
    numbers.reset();
    Remover(database).remove(found);
    return static_cast<std::int64_t>(found.size());
}

/// Takes what is noted as garbage, one piece at a time, and deletes it unless something points at
/// it. A deleted list leaves its parent and its message to be looked at.
class Collector {
  public:
    explicit Collector(SQLite::Database& database)
        : next_(database,
                "SELECT rowid, list, message FROM conversation_garbage ORDER BY rowid DESC "
                "LIMIT 1"),
          forget_(database, "DELETE FROM conversation_garbage WHERE rowid = ?"),
          note_list_(database, "INSERT OR IGNORE INTO conversation_garbage (list) VALUES (?)"),
          note_message_(database,
                        "INSERT OR IGNORE INTO conversation_garbage (message) VALUES (?)"),
          delete_list_(database,
                       "DELETE FROM message_lists WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM "
                       "message_lists WHERE parent = ?1) AND NOT EXISTS (SELECT 1 FROM "
                       "conversations WHERE messages = ?1) AND NOT EXISTS (SELECT 1 FROM "
                       "conversations WHERE system = ?1) RETURNING parent, message"),
          delete_message_(database,
                          "DELETE FROM messages WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM "
                          "message_lists WHERE message = ?1) AND NOT EXISTS (SELECT 1 FROM "
                          "conversations WHERE completion = ?1) RETURNING bytes") {}

    /// Gives how many steps it took, 0 when there is nothing left.
    std::int64_t collect_one() {
        next_.reset();
        if (!next_.executeStep()) return 0;
        const std::int64_t row = next_.getColumn(0).getInt64();
        const bool is_list = !next_.getColumn(1).isNull();
        const std::int64_t id = next_.getColumn(is_list ? 1 : 2).getInt64();
        next_.reset();
        run(forget_, row);
        if (!is_list) return 1 + collect_message(id) / bytes_a_step;
        collect_list(id);
        return 1;
    }

  private:
    static void run(SQLite::Statement& statement, std::int64_t id) {
        statement.reset();
        statement.bind(1, id);
        statement.exec();
        statement.reset();
    }

    /// Gives its bytes; 0 when it stays.
    std::int64_t collect_message(std::int64_t id) {
        delete_message_.reset();
        delete_message_.bind(1, id);
        const bool deleted = delete_message_.executeStep();
        const std::int64_t bytes = deleted ? delete_message_.getColumn(0).getInt64() : 0;
        delete_message_.reset();
        return bytes;
    }

    void collect_list(std::int64_t id) {
        delete_list_.reset();
        delete_list_.bind(1, id);
        if (!delete_list_.executeStep()) return delete_list_.reset();
        std::optional<std::int64_t> parent;
        if (!delete_list_.getColumn(0).isNull()) parent = delete_list_.getColumn(0).getInt64();
        const std::int64_t message = delete_list_.getColumn(1).getInt64();
        delete_list_.reset();
        if (parent) run(note_list_, *parent);
        run(note_message_, message);
    }

    SQLite::Statement next_, forget_, note_list_, note_message_, delete_list_, delete_message_;
};

}  // namespace

bool delete_conversation(SQLite::Database& database, const std::string& id) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement numbers(database, "SELECT number FROM conversations WHERE id = ?");
    numbers.bind(1, id);
    const bool found = remove_all(database, numbers) > 0;
    transaction.commit();
    return found;
}

std::int64_t delete_conversations_of_token(SQLite::Database& database, const std::string& token_id,
                                           std::int64_t max_rows) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement numbers(database,
                              "SELECT number FROM conversations WHERE token_id = ? LIMIT ?");
    numbers.bind(1, token_id);
    numbers.bind(2, max_rows);
    const std::int64_t removed = remove_all(database, numbers);
    transaction.commit();
    return removed;
}

std::int64_t delete_conversations_before(SQLite::Database& database, std::int64_t before_ms,
                                         std::int64_t max_rows) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement numbers(database,
                              "SELECT number FROM conversations WHERE created_at < ? ORDER BY "
                              "created_at LIMIT ?");
    numbers.bind(1, before_ms);
    numbers.bind(2, max_rows);
    const std::int64_t removed = remove_all(database, numbers);
    transaction.commit();
    return removed;
}

std::int64_t collect_conversation_garbage(SQLite::Database& database, std::int64_t max_steps) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    Collector collector(database);
    std::int64_t steps = 0;
    while (steps < max_steps) {
        std::int64_t taken = collector.collect_one();
        if (taken == 0 && replace_torn_pack(database)) taken = steps_of_a_pack;
        if (taken == 0) break;
        steps += taken;
    }
    transaction.commit();
    return steps;
}

}  // namespace ccproxy::analytics
