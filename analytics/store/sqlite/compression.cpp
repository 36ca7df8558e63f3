#include "analytics/store/sqlite/compression.hpp"

#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "analytics/store/sqlite/message_codec.hpp"
#include "analytics/store/sqlite/message_reader.hpp"
#include "analytics/store/sqlite/pack_codec.hpp"
#include "analytics/store/sqlite/pack_table.hpp"
#include "analytics/store/sqlite/raw_statement.hpp"

namespace ccproxy::analytics {
namespace {

/// A pack holds so much, or one message that is larger. More would compress better and make the
/// reading of a single message slower: tests/bench/README.md.
constexpr std::int64_t pack_bytes = std::int64_t{256} << 10;
// With each at its most, write_pack() takes some ten milliseconds.
constexpr std::size_t most_parts = 500;
constexpr std::size_t most_conversations = 500;

constexpr const char* oldest_sql =
    "SELECT number, created_at, conversation_id, system, messages, completion FROM conversations "
    "WHERE is_compressed = 0 AND created_at < ?1 AND (created_at, number) > (?2, ?3) ORDER BY "
    "created_at, number LIMIT 1";
constexpr const char* session_sql =
    "SELECT number, created_at, conversation_id, system, messages, completion FROM conversations "
    "WHERE conversation_id = ?1 AND is_compressed = 0 AND created_at < ?2 ORDER BY created_at, "
    "number LIMIT ?3";
constexpr const char* body_sql =
    "SELECT encoding, bytes, body FROM messages JOIN message_bodies ON message = id WHERE id = ?";

/// What of a conversation is needed here. Lists and messages are 0 where there is none.
struct Row {
    std::int64_t number = 0, created_at_ms = 0;
    std::string session;
    std::int64_t system = 0, messages = 0, completion = 0;
};

Row read_row(const RawStatement& row) {
    return {row.integer(0), row.integer(1), std::string(row.bytes(2)),
            row.integer(3), row.integer(4), row.integer(5)};
}

/// Gathers messages, session after session, until the pack is full.
class Gatherer {
  public:
    Gatherer(SQLite::Database& database, std::int64_t before_ms)
        : database_(database.getHandle()),
          before_ms_(before_ms),
          oldest_(database, oldest_sql),
          session_(database, session_sql),
          body_(database, body_sql) {}

    void gather() {
        Row last;
        while (!full_) {
            oldest_.reset();
            oldest_.bind(1, before_ms_);
            oldest_.bind(2, last.created_at_ms);
            oldest_.bind(3, last.number);
            if (!oldest_.step()) return;
            last = read_row(oldest_);
            if (taken_.contains(last.number)) continue;
            last.session.empty() ? take(last) : take_session(last.session);
        }
    }

    MessagePack pack;
    std::string content;

  private:
    void take_session(const std::string& session) {
        std::vector<Row> rows;
        session_.reset();
        session_.bind_text(1, session);
        session_.bind(2, before_ms_);
        session_.bind(3, static_cast<std::int64_t>(most_conversations));
        while (session_.step()) rows.push_back(read_row(session_));
        session_.reset();
        for (const Row& row : rows) {
            if (full_) return;
            take(row);
        }
    }

    /// The conversation counts as done when all of it had room.
    void take(const Row& row) {
        for (const std::int64_t list : {row.system, row.messages}) {
            for (const std::int64_t message : ids_of(list)) take_message(message);
            if (!full_) lists_.insert(list);
        }
        if (row.completion != 0) take_message(row.completion);
        if (full_) return;
        taken_.insert(row.number);
        pack.conversations.push_back(row.number);
        full_ = pack.conversations.size() == most_conversations;
    }

    /// Without those of lists that were taken before.
    std::vector<std::int64_t> ids_of(std::int64_t list) {
        try {
            return read_list_ids(database_, list,
                                 [this](std::int64_t next) { return !lists_.contains(next); });
        } catch (const DamagedMessage&) {
            return {};
        }
    }

    void take_message(std::int64_t id) {
        if (full_ || seen_.contains(id)) return;
        body_.reset();
        body_.bind(1, id);
        if (!body_.step()) return;  // In a pack already.
        std::string message;
        try {
            message = decode_body(body_.integer(0), body_.bytes(2), body_.integer(1));
        } catch (const DamagedMessage&) {
            pack.damaged.push_back(id);
            seen_.insert(id);
            return;
        }
        const auto place = static_cast<std::int64_t>(content.size());
        const auto end = place + static_cast<std::int64_t>(message.size());
        full_ = pack.parts.size() == most_parts || (place > 0 && end > pack_bytes);
        if (full_) return;
        seen_.insert(id);
        content.append(message);
        pack.parts.push_back({id, place});
        pack.stored_bytes += static_cast<std::int64_t>(body_.bytes(2).size());
    }

    sqlite3* const database_;
    const std::int64_t before_ms_;
    RawStatement oldest_, session_, body_;
    std::set<std::int64_t> taken_;  ///< Conversations.
    std::set<std::int64_t> lists_;  ///< Their messages are all taken, packed or damaged.
    std::set<std::int64_t> seen_;   ///< Messages.
    bool full_ = false;             ///< Nothing more is taken.
};

/// What is read is closed again when it returns. The pack has no body yet.
std::pair<MessagePack, std::string> gather(SQLite::Database& database, std::int64_t before_ms) {
    const SQLite::Transaction snapshot(database);
    Gatherer gatherer(database, before_ms);
    gatherer.gather();
    return {std::move(gatherer.pack), std::move(gatherer.content)};
}

}  // namespace

std::optional<MessagePack> next_pack(SQLite::Database& database, std::int64_t before_ms) {
    auto [pack, content] = gather(database, before_ms);
    if (pack.parts.empty()) {
        if (pack.conversations.empty()) return std::nullopt;
        return std::move(pack);
    }
    pack.bytes = static_cast<std::int64_t>(content.size());
    pack.body = encode_pack(content, thorough_level);
    // What it takes the place of will be gone.
    constexpr auto encoding = static_cast<std::int64_t>(PackEncoding::zstd);
    if (decode_pack(encoding, pack.body, pack.bytes) != content) {
        throw std::runtime_error("a pack does not hold what was put into it");
    }
    return std::move(pack);
}

bool write_pack(SQLite::Database& database, const MessagePack& pack) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (!pack.parts.empty()) {
        const std::int64_t id = insert_pack(database, pack.body, pack.bytes);
        RawStatement move(database,
                          "UPDATE messages SET pack = ?, place = ? WHERE id = ? AND pack IS NULL");
        RawStatement drop(database, "DELETE FROM message_bodies WHERE message = ?");
        for (const MessagePack::Part& part : pack.parts) {
            move.bind(1, id);
            move.bind(2, part.place);
            move.bind(3, part.message);
            move.run();
            if (database.getChanges() != 1) return false;
            drop.bind(1, part.message);
            drop.run();
        }
    }
    RawStatement mark(database, "UPDATE conversations SET is_compressed = 1 WHERE number = ?");
    for (const std::int64_t number : pack.conversations) {
        mark.bind(1, number);
        mark.run();
    }
    transaction.commit();
    return true;
}

}  // namespace ccproxy::analytics
