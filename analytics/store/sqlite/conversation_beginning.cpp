#include "analytics/store/sqlite/conversation_beginning.hpp"

#include <SQLiteCpp/Column.h>

#include <string_view>

#include "analytics/store/sqlite/message_codec.hpp"
#include "analytics/store/sqlite/message_reader.hpp"

namespace ccproxy::analytics {
namespace {

/// Canonical messages begin with their role.
constexpr std::string_view user_message = R"({"role":"user")";

std::optional<std::int64_t> id_of(const SQLite::Column& column) {
    if (column.isNull()) return std::nullopt;
    return column.getInt64();
}

}  // namespace

BeginningFinder::BeginningFinder(SQLite::Database& database)
    : database_(database),
      packs_(database.getHandle()),
      find_(database,
            "SELECT message_count, messages, system, content_bytes - ifnull((SELECT bytes FROM "
            "messages AS m WHERE m.id = completion), 0) FROM conversations WHERE id = ? AND "
            "token_id = ?"),
      node_(database,
            "SELECT parent, message, bytes FROM message_lists AS l JOIN messages AS m ON m.id = "
            "message WHERE l.id = ?"),
      list_bytes_(database,
                  "WITH RECURSIVE nodes (parent, message) AS (SELECT parent, message FROM "
                  "message_lists WHERE id = ? UNION ALL SELECT l.parent, l.message FROM nodes AS n "
                  "JOIN message_lists AS l ON l.id = n.parent) SELECT ifnull(sum(bytes), 0) FROM "
                  "nodes JOIN messages ON id = message") {}

std::optional<ConversationBeginning> BeginningFinder::find(const Continuation& continues,
                                                           const std::string& token_id) {
    find_.tryReset();
    find_.bindNoCopy(1, continues.event_id);
    find_.bindNoCopy(2, token_id);
    const bool found = find_.executeStep();
    const auto of_count = static_cast<std::int64_t>(continues.of_count);
    if (!found || find_.getColumn(0).getInt64() != of_count) {
        find_.tryReset();
        return std::nullopt;
    }
    ConversationBeginning beginning;
    beginning.list = id_of(find_.getColumn(1));
    beginning.system = id_of(find_.getColumn(2));
    beginning.bytes = find_.getColumn(3).getInt64();
    find_.tryReset();
    beginning.system_bytes = bytes_of(beginning.system);
    beginning.bytes -= beginning.system_bytes;
    // A list points at its beginning, so the way there is from the end.
    beginning.message_count = of_count;
    const auto wanted = static_cast<std::int64_t>(continues.message_count);
    for (; beginning.message_count > wanted && beginning.list; --beginning.message_count) {
        const Node last = node(*beginning.list);
        beginning.bytes -= last.bytes;
        beginning.list = last.parent;
    }
    return beginning;
}

std::optional<BeginningFinder::Prompt> BeginningFinder::find_prompt(
    std::optional<std::int64_t> list) {
    while (list) {
        const Node last = node(*list);
        try {
            auto text = read_message(database_.getHandle(), packs_, last.message);
            if (text && text->starts_with(user_message)) {
                return Prompt{last.message, std::move(*text)};
            }
        } catch (const DamagedMessage&) {
        }
        list = last.parent;
    }
    return std::nullopt;
}

/// The end of the list.
BeginningFinder::Node BeginningFinder::node(std::int64_t list) {
    Node node;
    node_.tryReset();
    node_.bind(1, list);
    if (node_.executeStep()) {
        node.parent = id_of(node_.getColumn(0));
        node.message = node_.getColumn(1).getInt64();
        node.bytes = node_.getColumn(2).getInt64();
    }
    node_.tryReset();
    // A list is younger than its parent, so a damaged file cannot make anyone go round for ever.
    if (node.parent && *node.parent >= list) node.parent.reset();
    return node;
}

std::int64_t BeginningFinder::bytes_of(std::optional<std::int64_t> list) {
    if (!list) return 0;
    list_bytes_.tryReset();
    list_bytes_.bind(1, *list);
    const std::int64_t bytes = list_bytes_.executeStep() ? list_bytes_.getColumn(0).getInt64() : 0;
    list_bytes_.tryReset();
    return bytes;
}

}  // namespace ccproxy::analytics
