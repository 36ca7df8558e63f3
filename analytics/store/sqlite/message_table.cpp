#include "analytics/store/sqlite/message_table.hpp"

#include <SQLiteCpp/Column.h>

#include <algorithm>
#include <stdexcept>

#include "analytics/store/sqlite/message_codec.hpp"
#include "common/hash.hpp"

namespace ccproxy::analytics {
namespace {

template <class Bytes>
void bind_bytes(SQLite::Statement& statement, int index, const Bytes& bytes) {
    statement.bindNoCopy(index, static_cast<const void*>(bytes.data()),
                         static_cast<int>(bytes.size()));
}

}  // namespace

MessageTable::MessageTable(SQLite::Database& database)
    : database_(database),
      find_message_(database, "SELECT id FROM messages WHERE hash = ?"),
      insert_message_(database, "INSERT INTO messages (hash, created_at, bytes) VALUES (?, ?, ?)"),
      insert_body_(database,
                   "INSERT INTO message_bodies (message, encoding, body) VALUES (?, ?, ?)"),
      find_list_(database, "SELECT id FROM message_lists WHERE digest = ?"),
      insert_list_(database,
                   "INSERT INTO message_lists (digest, parent, message) VALUES (?, ?, ?)"),
      select_digest_(database, "SELECT digest FROM message_lists WHERE id = ?") {}

MessageTable::Hash MessageTable::hash_of(std::string_view bytes) {
    const Sha256 digest = sha256(bytes);
    Hash hash{};
    std::copy_n(digest.begin(), hash.size(), hash.begin());
    return hash;
}

MessageTable::Hash MessageTable::digest_of(const Hash* parent, const Hash& message) {
    std::string bytes;
    if (parent != nullptr) bytes.append(parent->begin(), parent->end());
    bytes.append(message.begin(), message.end());
    return hash_of(bytes);
}

std::optional<std::int64_t> MessageTable::find(SQLite::Statement& select, const Hash& hash) {
    select.tryReset();
    bind_bytes(select, 1, hash);
    std::optional<std::int64_t> id;
    if (select.executeStep()) id = select.getColumn(0).getInt64();
    select.tryReset();
    return id;
}

MessageTable::Hash MessageTable::digest_of_list(std::int64_t list) {
    select_digest_.tryReset();
    select_digest_.bind(1, list);
    if (!select_digest_.executeStep()) throw std::logic_error("there is no such list of messages");
    Hash digest{};
    const std::string bytes = select_digest_.getColumn(0).getString();
    std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
    select_digest_.tryReset();
    return digest;
}

std::int64_t MessageTable::add(std::string_view message, std::int64_t created_at_ms) {
    return add(message, hash_of(message), created_at_ms);
}

std::int64_t MessageTable::add(std::string_view message, const Hash& hash,
                               std::int64_t created_at_ms) {
    if (const auto known = find(find_message_, hash)) return *known;
    insert_message_.tryReset();
    bind_bytes(insert_message_, 1, hash);
    insert_message_.bind(2, created_at_ms);
    insert_message_.bind(3, static_cast<std::int64_t>(message.size()));
    insert_message_.exec();
    insert_message_.tryReset();
    const std::int64_t id = database_.getLastInsertRowid();
    const EncodedBody body = deflate_body(message);
    insert_body_.tryReset();
    insert_body_.bind(1, id);
    insert_body_.bind(2, static_cast<std::int64_t>(body.encoding));
    bind_bytes(insert_body_, 3, body.bytes);
    insert_body_.exec();
    insert_body_.tryReset();
    return id;
}

std::int64_t MessageTable::add_node(const Hash& digest, std::optional<std::int64_t> parent,
                                    std::int64_t message) {
    insert_list_.tryReset();
    bind_bytes(insert_list_, 1, digest);
    parent ? insert_list_.bind(2, *parent) : insert_list_.bind(2);
    insert_list_.bind(3, message);
    insert_list_.exec();
    insert_list_.tryReset();
    return database_.getLastInsertRowid();
}

MessageTable::List MessageTable::add_list(const std::vector<std::string>& messages,
                                          std::int64_t created_at_ms,
                                          std::optional<std::size_t> wanted,
                                          std::optional<std::int64_t> beginning) {
    std::vector<Hash> hashes, digests;
    std::optional<Hash> parent;
    if (beginning) parent = digest_of_list(*beginning);
    for (const std::string& message : messages) {
        hashes.push_back(hash_of(message));
        parent = digest_of(parent ? &*parent : nullptr, hashes.back());
        digests.push_back(*parent);
    }
    List list;
    // From the end: the turn before has left a list that is shorter by a message or two.
    std::size_t known = messages.size();
    while (known > 0 && !list.id) {
        list.id = find(find_list_, digests[known - 1]);
        if (!list.id) --known;
    }
    if (known == 0) list.id = beginning;
    for (std::size_t i = known; i < messages.size(); ++i) {
        const std::int64_t message = add(messages[i], hashes[i], created_at_ms);
        list.id = add_node(digests[i], list.id, message);
    }
    if (wanted) list.message = find(find_message_, hashes.at(*wanted));
    return list;
}

}  // namespace ccproxy::analytics
