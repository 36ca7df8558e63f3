#include "analytics/store/sqlite/token_table.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <stdexcept>

#include "analytics/store/sqlite/meta.hpp"

namespace ccproxy::analytics {
namespace {

constexpr const char* entry_columns =
    "SELECT id, key_sha256, name, mode, expires_at, revoked_at IS NOT NULL, conversation_logging, "
    "requests_per_minute, max_concurrent_requests, tokens_per_day FROM tokens ";
constexpr const char* info_columns =
    "SELECT id, name, mode, created_at, expires_at, revoked_at, last_used_at, "
    "conversation_logging, total_requests, total_tokens, requests_per_minute, "
    "max_concurrent_requests, tokens_per_day FROM tokens ";

std::optional<std::int64_t> optional_integer(SQLite::Statement& row, int index) {
    const SQLite::Column column = row.getColumn(index);
    if (column.isNull()) return std::nullopt;
    return column.getInt64();
}

void bind_optional(SQLite::Statement& row, int index, const std::optional<std::int64_t>& value) {
    if (value) {
        row.bind(index, *value);
    } else {
        row.bind(index);
    }
}

/// Three columns from `first` on.
TokenLimits read_limits(SQLite::Statement& row, int first) {
    return {optional_integer(row, first), optional_integer(row, first + 1),
            optional_integer(row, first + 2)};
}

TokenEntry to_entry(SQLite::Statement& row) {
    TokenEntry entry;
    entry.id = row.getColumn(0).getString();
    const SQLite::Column key = row.getColumn(1);
    if (static_cast<std::size_t>(key.getBytes()) != entry.key_sha256.size()) {
        throw std::runtime_error("the key of token " + entry.id + " is damaged");
    }
    const auto* bytes = static_cast<const unsigned char*>(key.getBlob());
    std::copy_n(bytes, entry.key_sha256.size(), entry.key_sha256.begin());
    entry.name = row.getColumn(2).getString();
    entry.mode = row.getColumn(3).getString();
    entry.expires_at_ms = optional_integer(row, 4);
    entry.revoked = row.getColumn(5).getInt() != 0;
    entry.conversation_logging = row.getColumn(6).getInt() != 0;
    entry.limits = read_limits(row, 7);
    return entry;
}

TokenInfo to_info(SQLite::Statement& row) {
    TokenInfo info;
    info.id = row.getColumn(0).getString();
    info.name = row.getColumn(1).getString();
    info.mode = row.getColumn(2).getString();
    info.created_at_ms = row.getColumn(3).getInt64();
    info.expires_at_ms = optional_integer(row, 4);
    info.revoked_at_ms = optional_integer(row, 5);
    info.last_used_at_ms = optional_integer(row, 6);
    info.conversation_logging = row.getColumn(7).getInt() != 0;
    info.total_requests = row.getColumn(8).getInt64();
    info.total_tokens_used = row.getColumn(9).getInt64();
    info.limits = read_limits(row, 10);
    return info;
}

std::optional<TokenEntry> find_entry(SQLite::Database& database, const std::string& id) {
    SQLite::Statement row(database, std::string(entry_columns) + "WHERE id = ?");
    row.bind(1, id);
    if (!row.executeStep()) return std::nullopt;
    return to_entry(row);
}

/// The last step of a change: the new version, and what the proxies need to hear.
TokenChange commit_change(SQLite::Database& database, SQLite::Transaction& transaction,
                          const std::string& id, const std::string& version) {
    RegistryChange change;
    change.from_version = read_meta(database, "registry_version").value_or("");
    change.version = version;
    change.tokens.push_back(find_entry(database, id).value());
    write_meta(database, "registry_version", version);
    transaction.commit();
    return {std::move(change)};
}

}  // namespace

TokenChange add_token(SQLite::Database& database, const NewToken& token,
                      const std::string& version) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement insert(database,
                             "INSERT INTO tokens (id, key_sha256, name, mode, created_at, "
                             "expires_at) VALUES (?, ?, ?, ?, ?, ?)");
    insert.bind(1, token.id);
    insert.bind(2, static_cast<const void*>(token.key_sha256.data()),
                static_cast<int>(token.key_sha256.size()));
    insert.bind(3, token.name);
    insert.bind(4, token.mode);
    insert.bind(5, token.created_at_ms);
    bind_optional(insert, 6, token.expires_at_ms);
    insert.exec();
    return commit_change(database, transaction, token.id, version);
}

Result<TokenChange> revoke_token(SQLite::Database& database, const std::string& id,
                                 std::int64_t now_ms, const std::string& version) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    const std::optional<TokenEntry> token = find_entry(database, id);
    if (!token) return Error{"there is no such token"};
    if (token->revoked) return TokenChange{};
    SQLite::Statement update(database, "UPDATE tokens SET revoked_at = ? WHERE id = ?");
    update.bind(1, now_ms);
    update.bind(2, id);
    update.exec();
    return commit_change(database, transaction, id, version);
}

Result<TokenChange> change_token_settings(SQLite::Database& database, const std::string& id,
                                          const TokenSettings& settings,
                                          const std::string& version) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    const std::optional<TokenEntry> token = find_entry(database, id);
    if (!token) return Error{"there is no such token"};
    TokenEntry wanted = *token;
    const auto change = [](auto& value, const auto& to) { value = to.value_or(value); };
    change(wanted.conversation_logging, settings.conversation_logging);
    change(wanted.limits.requests_per_minute, settings.requests_per_minute);
    change(wanted.limits.max_concurrent_requests, settings.max_concurrent_requests);
    change(wanted.limits.tokens_per_day, settings.tokens_per_day);
    if (wanted == *token) return TokenChange{};
    SQLite::Statement update(database,
                             "UPDATE tokens SET conversation_logging = ?, requests_per_minute = ?, "
                             "max_concurrent_requests = ?, tokens_per_day = ? WHERE id = ?");
    update.bind(1, wanted.conversation_logging ? 1 : 0);
    bind_optional(update, 2, wanted.limits.requests_per_minute);
    bind_optional(update, 3, wanted.limits.max_concurrent_requests);
    bind_optional(update, 4, wanted.limits.tokens_per_day);
    update.bind(5, id);
    update.exec();
    return commit_change(database, transaction, id, version);
}

RegistrySnapshot read_registry(SQLite::Database& database) {
    SQLite::Transaction transaction(database);
    RegistrySnapshot registry;
    registry.version = read_meta(database, "registry_version").value_or("");
    SQLite::Statement row(database, std::string(entry_columns) + "ORDER BY id");
    while (row.executeStep()) registry.tokens.push_back(to_entry(row));
    return registry;
}

std::vector<TokenInfo> read_tokens(SQLite::Database& database) {
    SQLite::Statement row(database, std::string(info_columns) + "ORDER BY created_at, id");
    std::vector<TokenInfo> tokens;
    while (row.executeStep()) tokens.push_back(to_info(row));
    return tokens;
}

std::optional<TokenInfo> read_token(SQLite::Database& database, const Sha256& key_sha256) {
    SQLite::Statement row(database, std::string(info_columns) + "WHERE key_sha256 = ?");
    row.bind(1, static_cast<const void*>(key_sha256.data()), static_cast<int>(key_sha256.size()));
    if (!row.executeStep()) return std::nullopt;
    return to_info(row);
}

}  // namespace ccproxy::analytics
