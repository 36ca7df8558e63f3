// What the HTTP API needs of the rest of analyticsd, as plain functions, so that it is built and
// tested without a bus.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "analytics/jobs/scheduler.hpp"
#include "analytics/status.hpp"
#include "analytics/store/store.hpp"
#include "common/clock.hpp"
#include "common/result.hpp"

namespace ccproxy::analytics {

/// Every function may be called from any thread. Those that write return when the change is
/// committed, and one of tokens on its way to all connected proxies; they throw std::runtime_error
/// when the database fails or the writer is stopping, and then nothing has changed.
struct Services {
    /// A reader of the caller's own, for use by one thread at a time. Throws std::runtime_error.
    std::function<std::unique_ptr<StoreReader>()> open_reader;
    /// Throws also when the id or the key is taken.
    std::function<TokenChange(NewToken)> add_token;
    /// Fails when there is no such token.
    std::function<Result<TokenChange>(std::string id)> revoke_token;
    /// Fails when there is no such token.
    std::function<Result<TokenChange>(std::string id, TokenSettings)> change_token_settings;
    /// See StoreWriter; nothing when there is no such event.
    std::function<std::optional<RetryReport>(std::int64_t id)> retry_quarantined;
    /// False when there is no such event.
    std::function<bool(std::int64_t id)> delete_quarantined;
    /// With the messages that it alone held; where they are many, the rest of them goes with the
    /// next run of the job `retain`. False when there is no such conversation.
    std::function<bool(std::string id)> delete_conversation;
    /// Returns once a search finds all that is stored; where the database takes nothing, without
    /// that. Never throws.
    std::function<void()> index_conversations;
    std::function<SystemStatus()> status;
    const Clock& clock;
    Scheduler& scheduler;
};

}  // namespace ccproxy::analytics
