// The tokens and the version of their registry, which is new with every change.
#pragma once

#include <SQLiteCpp/Database.h>

#include <optional>
#include <string>
#include <vector>

#include "analytics/store/store.hpp"

namespace ccproxy::analytics {

/// In one transaction each; see StoreWriter. `version` is what the registry's version becomes if
/// anything changes.
TokenChange add_token(SQLite::Database& database, const NewToken& token,
                      const std::string& version);
Result<TokenChange> revoke_token(SQLite::Database& database, const std::string& id,
                                 std::int64_t now_ms, const std::string& version);
Result<TokenChange> change_token_settings(SQLite::Database& database, const std::string& id,
                                          const TokenSettings& settings,
                                          const std::string& version);

RegistrySnapshot read_registry(SQLite::Database& database);

/// Oldest first.
std::vector<TokenInfo> read_tokens(SQLite::Database& database);
std::optional<TokenInfo> read_token(SQLite::Database& database, const Sha256& key_sha256);

}  // namespace ccproxy::analytics
