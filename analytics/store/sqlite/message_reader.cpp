#include "analytics/store/sqlite/message_reader.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "analytics/conversations/text.hpp"
#include "analytics/store/sqlite/message_codec.hpp"

namespace ccproxy::analytics {
namespace {

/// A statement with one integer parameter. Not SQLiteCpp's, since that needs its own connection
/// object, which a function called by SQLite does not have.
class Query {
  public:
    Query(sqlite3* database, const char* sql) : database_(database) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK) fail();
        statement_.reset(statement);
    }

    /// Whether there is a row for this value.
    bool find(std::int64_t value) {
        sqlite3_reset(statement_.get());
        sqlite3_bind_int64(statement_.get(), 1, value);
        const int code = sqlite3_step(statement_.get());
        if (code != SQLITE_ROW && code != SQLITE_DONE) fail();
        return code == SQLITE_ROW;
    }

    [[nodiscard]] std::optional<std::int64_t> integer(int column) const {
        if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nullopt;
        return sqlite3_column_int64(statement_.get(), column);
    }
    [[nodiscard]] std::string_view blob(int column) const {
        const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
        const int size = sqlite3_column_bytes(statement_.get(), column);
        return {data, data == nullptr ? 0 : static_cast<std::size_t>(size)};
    }

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };

    [[noreturn]] void fail() const { throw std::runtime_error(sqlite3_errmsg(database_)); }

    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

constexpr const char* body_sql = "SELECT encoding, bytes, body FROM messages WHERE id = ?";
constexpr const char* list_sql = "SELECT parent, message FROM message_lists WHERE id = ?";

std::optional<std::string> find_message(Query& body, std::int64_t id) {
    if (!body.find(id)) return std::nullopt;
    const auto bytes = static_cast<std::size_t>(body.integer(1).value_or(0));
    return decode_body(body.integer(0).value_or(0), body.blob(2), bytes);
}

std::optional<std::string> text_of_message(sqlite3* database, std::int64_t id) {
    const std::optional<std::string> message = read_message(database, id);
    if (!message) return std::nullopt;
    return message_text(*message);
}

std::optional<std::string> text_of_list(sqlite3* database, std::int64_t list) {
    std::string text;
    for (const std::string& message : read_message_list(database, list)) {
        if (!text.empty()) text.append("\n\n");
        text.append(message_text(message));
    }
    return text;
}

std::optional<std::string> json_of_list(sqlite3* database, std::int64_t list) {
    std::string json("[");
    for (const std::string& message : read_message_list(database, list)) {
        if (json.size() > 1) json.push_back(',');
        json.append(message);
    }
    json.push_back(']');
    return json;
}

using Read = std::optional<std::string> (*)(sqlite3*, std::int64_t);

/// What SQLite calls: exceptions end here.
template <Read read>
void call(sqlite3_context* context, int, sqlite3_value** values) {
    if (sqlite3_value_type(values[0]) == SQLITE_NULL) return sqlite3_result_null(context);
    try {
        const std::optional<std::string> text =
            read(sqlite3_context_db_handle(context), sqlite3_value_int64(values[0]));
        if (!text) return sqlite3_result_null(context);
        sqlite3_result_text64(context, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    } catch (const std::bad_alloc&) {
        sqlite3_result_error_nomem(context);
    } catch (const std::exception& error) {
        sqlite3_result_error(context, error.what(), -1);
    }
}

template <Read read>
void add_function(sqlite3* database, const char* name) {
    // Innocuous: it may be called by views whatever the connection trusts.
    constexpr int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    if (sqlite3_create_function_v2(database, name, 1, flags, nullptr, call<read>, nullptr, nullptr,
                                   nullptr) != SQLITE_OK) {
        throw std::runtime_error(sqlite3_errmsg(database));
    }
}

}  // namespace

std::optional<std::string> read_message(sqlite3* database, std::int64_t id) {
    Query body(database, body_sql);
    return find_message(body, id);
}

std::vector<std::string> read_message_list(sqlite3* database, std::int64_t list) {
    std::vector<std::int64_t> ids;
    Query lists(database, list_sql);
    for (std::optional<std::int64_t> next = list; next && lists.find(*next);
         next = lists.integer(0)) {
        // A list is younger than its parent, so a damaged file cannot make this go round for ever.
        if (lists.integer(0) >= next) throw std::runtime_error("a list of messages is damaged");
        ids.push_back(lists.integer(1).value_or(0));
    }
    std::vector<std::string> messages;
    Query body(database, body_sql);
    for (auto id = ids.rbegin(); id != ids.rend(); ++id) {
        if (std::optional<std::string> message = find_message(body, *id)) {
            messages.push_back(std::move(*message));
        }
    }
    return messages;
}

void register_message_functions(sqlite3* database) {
    add_function<read_message>(database, "message_json");
    add_function<text_of_message>(database, "message_text");
    add_function<text_of_list>(database, "list_text");
    add_function<json_of_list>(database, "list_json");
}

}  // namespace ccproxy::analytics
