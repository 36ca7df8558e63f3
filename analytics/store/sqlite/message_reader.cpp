#include "analytics/store/sqlite/message_reader.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "analytics/conversations/text.hpp"
#include "analytics/store/sqlite/message_codec.hpp"
#include "analytics/store/sqlite/raw_statement.hpp"

namespace ccproxy::analytics {
namespace {

constexpr const char* message_sql =
    "SELECT bytes, pack, place, encoding, body FROM messages LEFT JOIN message_bodies ON message = "
    "id WHERE id = ?";
constexpr const char* list_sql = "SELECT parent, message FROM message_lists WHERE id = ?";

std::optional<std::string> find_message(RawStatement& row, std::int64_t id, PackReader& packs) {
    row.reset();
    row.bind(1, id);
    if (!row.step()) return std::nullopt;
    const std::int64_t bytes = row.integer(0);
    if (!row.is_null(1)) return packs.read(row.integer(1), row.integer(2), bytes);
    if (row.is_null(3)) throw DamagedMessage("a message has no body");
    return decode_body(row.integer(3), row.bytes(4), bytes);
}

std::optional<std::string> text_of_message(sqlite3* database, PackReader& packs, std::int64_t id) {
    const std::optional<std::string> message = read_message(database, packs, id);
    if (!message) return std::nullopt;
    return message_text(*message);
}

/// A body that is damaged is as good as none, so that the index can go on without it.
std::optional<std::string> searchable_text(sqlite3* database, PackReader& packs, std::int64_t id) {
    try {
        return text_of_message(database, packs, id);
    } catch (const DamagedMessage&) {
        return std::nullopt;
    }
}

std::optional<std::string> text_of_list(sqlite3* database, PackReader& packs, std::int64_t list) {
    std::string text;
    for (const std::string& message : read_message_list(database, packs, list)) {
        if (!text.empty()) text.append("\n\n");
        text.append(message_text(message));
    }
    return text;
}

std::optional<std::string> json_of_list(sqlite3* database, PackReader& packs, std::int64_t list) {
    std::string json("[");
    for (const std::string& message : read_message_list(database, packs, list)) {
        if (json.size() > 1) json.push_back(',');
        json.append(message);
    }
    json.push_back(']');
    return json;
}

using Read = std::optional<std::string> (*)(sqlite3*, PackReader&, std::int64_t);
/// One for all functions of a connection.
using Packs = std::shared_ptr<PackReader>;

/// What SQLite calls: exceptions end here.
template <Read read>
void call(sqlite3_context* context, int, sqlite3_value** values) {
    if (sqlite3_value_type(values[0]) == SQLITE_NULL) return sqlite3_result_null(context);
    PackReader& packs = **static_cast<Packs*>(sqlite3_user_data(context));
    try {
        const std::optional<std::string> text =
            read(sqlite3_context_db_handle(context), packs, sqlite3_value_int64(values[0]));
        if (!text) return sqlite3_result_null(context);
        sqlite3_result_text64(context, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    } catch (const std::bad_alloc&) {
        sqlite3_result_error_nomem(context);
    } catch (const std::exception& error) {
        sqlite3_result_error(context, error.what(), -1);
    }
}

template <Read read>
void add_function(sqlite3* database, const char* name, const Packs& packs) {
    // Innocuous: it may be called by views whatever the connection trusts.
    constexpr int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    const auto forget = [](void* own) { delete static_cast<Packs*>(own); };
    // SQLite deletes it also when this fails.
    if (sqlite3_create_function_v2(database, name, 1, flags, new Packs(packs), call<read>, nullptr,
                                   nullptr, forget) != SQLITE_OK) {
        throw std::runtime_error(sqlite3_errmsg(database));
    }
}

}  // namespace

std::optional<std::string> read_message(sqlite3* database, PackReader& packs, std::int64_t id) {
    RawStatement row(database, message_sql);
    return find_message(row, id, packs);
}

std::vector<std::int64_t> read_list_ids(sqlite3* database, std::int64_t list,
                                        const std::function<bool(std::int64_t)>& is_wanted) {
    std::vector<std::int64_t> ids;
    RawStatement row(database, list_sql);
    for (std::int64_t next = list; next != 0 && (!is_wanted || is_wanted(next));) {
        row.reset();
        row.bind(1, next);
        if (!row.step()) break;
        // A list is younger than its parent, so a damaged file cannot make this go round for ever.
        const std::int64_t parent = row.integer(0);
        if (parent >= next) throw DamagedMessage("a list of messages is damaged");
        ids.push_back(row.integer(1));
        next = parent;
    }
    std::ranges::reverse(ids);
    return ids;
}

std::vector<std::string> read_message_list(sqlite3* database, PackReader& packs,
                                           std::int64_t list) {
    std::vector<std::string> messages;
    RawStatement row(database, message_sql);
    for (const std::int64_t id : read_list_ids(database, list)) {
        if (auto message = find_message(row, id, packs)) messages.push_back(std::move(*message));
    }
    return messages;
}

void register_message_functions(sqlite3* database) {
    const Packs packs = std::make_shared<PackReader>(database);
    add_function<read_message>(database, "message_json", packs);
    add_function<text_of_message>(database, "message_text", packs);
    add_function<searchable_text>(database, "search_text", packs);
    add_function<text_of_list>(database, "list_text", packs);
    add_function<json_of_list>(database, "list_json", packs);
}

}  // namespace ccproxy::analytics
