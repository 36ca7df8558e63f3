// Stores each distinct message once, and lists of messages that share their beginnings.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ccproxy::analytics {

/// Used by the thread of its connection, within its caller's transactions. Keeps nothing of what is
/// in the tables, so that a transaction that failed leaves nothing behind.
class MessageTable {
  public:
    /// `database` must outlive it.
    explicit MessageTable(SQLite::Database& database);

    /// The id of the message, which is in canonical form; it is added when it is new.
    std::int64_t add(std::string_view message, std::int64_t created_at_ms);

    /// A list, and the messages that its caller asked for.
    struct List {
        std::optional<std::int64_t> id;       ///< Nothing for no messages.
        std::optional<std::int64_t> message;  ///< The id of the message at `wanted`.
    };
    /// Adds what is new of the list; looks at as many lists as messages are new, and not at each of
    /// a long history. `wanted` is a place in `messages`, or none of them. `beginning` is a list
    /// that is there, and stands before them.
    List add_list(const std::vector<std::string>& messages, std::int64_t created_at_ms,
                  std::optional<std::size_t> wanted = std::nullopt,
                  std::optional<std::int64_t> beginning = std::nullopt);

  private:
    using Hash = std::array<unsigned char, 16>;

    static Hash hash_of(std::string_view bytes);
    static Hash digest_of(const Hash* parent, const Hash& message);
    std::optional<std::int64_t> find(SQLite::Statement& select, const Hash& hash);
    Hash digest_of_list(std::int64_t list);
    std::int64_t add(std::string_view message, const Hash& hash, std::int64_t created_at_ms);
    std::int64_t add_node(const Hash& digest, std::optional<std::int64_t> parent,
                          std::int64_t message);

    SQLite::Database& database_;
    SQLite::Statement find_message_, insert_message_, insert_body_, find_list_, insert_list_,
        select_digest_;
};

}  // namespace ccproxy::analytics
