#include "analytics/store/sqlite/appender.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Transaction.h>

#include <algorithm>
#include <optional>

#include "analytics/store/sqlite/log_rows.hpp"
#include "common/utf8.hpp"
#include "proto/event_codec.hpp"

namespace ccproxy::analytics {

Appender::Appender(SQLite::Database& database, const DayZone& zone, QuarantineLimits limits,
                   ConversationOptions conversations)
    : database_(database),
      zone_(zone),
      logs_(database),
      select_watermark_(database, "SELECT watermark FROM proxies WHERE proxy_id = ?"),
      upsert_proxy_(database,
                    "INSERT INTO proxies (proxy_id, watermark, first_seen, last_seen, received, "
                    "quarantined) VALUES (?1, ?2, ?3, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
                    "watermark = ?2, last_seen = max(last_seen, ?3), received = received + ?4, "
                    "quarantined = quarantined + ?5"),
      roll_ups_(database),
      update_token_(database,
                    "UPDATE tokens SET total_requests = total_requests + ?2, "
                    "total_tokens = total_tokens + ?3, "
                    "last_used_at = max(ifnull(last_used_at, 0), ?4) WHERE id = ?1"),
      add_count_(database, "UPDATE counters SET value = value + ? WHERE name = 'request_logs'"),
      conversations_(database, conversations),
      search_(database),
      quarantine_(database, limits) {}

AppendReport Appender::append(const std::vector<IngestItem>& items, Indexing indexing) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    roll_ups_.groups.begin();
    Batch batch(zone_);
    store_all(items, batch);
    write_sums(batch);
    if (indexing == Indexing::at_once) search_.catch_up();
    write_progress(batch);
    std::uint64_t quarantined = 0;
    for (const auto& [proxy_id, count] : batch.report.quarantined) quarantined += count;
    if (quarantined > 0) batch.report.discarded = quarantine_.keep_bounds(quarantined);
    transaction.commit();
    roll_ups_.groups.committed();
    return batch.report;
}

void Appender::index_conversations() {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    search_.catch_up();
    transaction.commit();
}

void Appender::discard(const std::vector<IngestItem>& items) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    Batch batch(zone_);
    for (const IngestItem& item : items) is_next(item, batch);
    write_progress(batch);
    transaction.commit();
}

std::optional<RetryReport> Appender::retry(std::int64_t id, const StoreWriter::Decode& decode) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    const std::optional<QuarantinedEvent> kept = quarantine_.find(id);
    if (!kept) return std::nullopt;
    RetryReport report;
    if (kept->truncated) {
        report.reason = "only " + std::to_string(kept->payload.size()) + " of its " +
                        std::to_string(kept->bytes) + " bytes are kept, so it cannot be read";
        return report;
    }
    const EventContent content = decode(kept->payload);
    roll_ups_.groups.begin();
    Batch batch(zone_);
    std::optional<std::string> reason;
    if (const auto* rejected = std::get_if<RejectedEvent>(&content)) {
        reason = rejected->reason;
    } else {
        reason = store_event(kept->proxy_id, std::get<PricedEvent>(content), batch);
    }
    report.stored = !reason;
    report.was_known = batch.report.duplicate_ids > 0;
    if (reason) {
        report.reason = clean_utf8(*reason, max_event_error_bytes);
        quarantine_.change_reason(id, *reason);
    } else {
        quarantine_.erase(id);
        write_sums(batch);
        if (batch.report.conversations > 0) search_.catch_up();
    }
    transaction.commit();
    roll_ups_.groups.committed();
    return report;
}

bool Appender::delete_quarantined(std::int64_t id) {
    return quarantine_.erase(id);
}

Appender::Progress& Appender::progress_of(const std::string& proxy_id, Batch& batch) {
    const auto [entry, is_new] = batch.proxies.try_emplace(proxy_id);
    if (is_new) {
        select_watermark_.tryReset();
        select_watermark_.bindNoCopy(1, entry->first);
        if (select_watermark_.executeStep()) {
            entry->second.watermark =
                static_cast<std::uint64_t>(select_watermark_.getColumn(0).getInt64());
        }
        select_watermark_.tryReset();
    }
    return entry->second;
}

/// Moves the proxy's watermark to the item; false when it is there already.
bool Appender::is_next(const IngestItem& item, Batch& batch) {
    Progress& progress = progress_of(item.proxy_id, batch);
    if (!item.rewinds && item.seq <= progress.watermark) {
        ++batch.report.ignored;
        return false;
    }
    progress.watermark = item.seq;
    progress.seen_at_ms = std::max(progress.seen_at_ms, item.received_at_ms);
    ++progress.received;
    batch.received_at_ms = std::max(batch.received_at_ms, item.received_at_ms);
    return true;
}

/// Rows go into the table together as long as all is as it nearly always is.
void Appender::store_all(const std::vector<IngestItem>& items, Batch& batch) {
    std::vector<const IngestItem*> together;
    for (const IngestItem& item : items) {
        if (!is_next(item, batch)) continue;
        const auto* priced = std::get_if<PricedEvent>(&item.content);
        if (priced == nullptr || unstorable(*priced)) {
            store(item, batch);
            continue;
        }
        together.push_back(&item);
        if (together.size() < LogTable::rows_together) continue;
        store_together(together, batch);
        together.clear();
    }
    for (const IngestItem* item : together) store(*item, batch);
}

void Appender::store_together(const std::vector<const IngestItem*>& items, Batch& batch) {
    const bool added = logs_.add_together(items);
    for (const IngestItem* item : items) {
        if (added) {
            note_added(item->proxy_id, std::get<PricedEvent>(item->content), batch);
        } else {
            store(*item, batch);
        }
    }
}

void Appender::store(const IngestItem& item, Batch& batch) {
    if (const auto* rejected = std::get_if<RejectedEvent>(&item.content)) {
        return quarantine(item, rejected->payload, rejected->reason, batch);
    }
    const auto& priced = std::get<PricedEvent>(item.content);
    const std::optional<std::string> reason = store_event(item.proxy_id, priced, batch);
    if (!reason) return;
    std::string payload;
    encode_event(priced.event, payload);
    quarantine(item, payload, *reason, batch);
}

/// The row, and what it adds to the sums. Gives the reason when the event cannot be stored.
std::optional<std::string> Appender::store_event(const std::string& proxy_id,
                                                 const PricedEvent& priced, Batch& batch) {
    if (const std::optional<std::string> reason = unstorable(priced)) return reason;
    const LogOutcome outcome = logs_.add(proxy_id, priced);
    if (outcome.refusal) return outcome.refusal;
    if (outcome.added) {
        note_added(proxy_id, priced, batch);
    } else {
        ++batch.report.duplicate_ids;
    }
    return std::nullopt;
}

/// What a row that has been added adds to the sums, and its conversation.
void Appender::note_added(const std::string& proxy_id, const PricedEvent& priced, Batch& batch) {
    const Event& event = priced.event;
    ++batch.report.rows;
    batch.roll_up.add(event, priced.cost_nano_usd);
    TokenUse& use = batch.tokens[event.token_id];
    ++use.requests;
    use.tokens += event.usage.prompt_tokens() + event.usage.output_tokens;
    use.last_used_at_ms = std::max(use.last_used_at_ms, event.request_at_ms);
    store_conversation(proxy_id, event, batch);
}

void Appender::store_conversation(const std::string& proxy_id, const Event& event, Batch& batch) {
    const ContentOutcome outcome = conversations_.add(event);
    AppendReport& report = batch.report;
    switch (outcome) {
        case ContentOutcome::none:
            return;
        case ContentOutcome::not_wanted:
            ++report.conversations_dropped;
            return;
        case ContentOutcome::damaged:
            ++report.conversations_damaged;
            break;
        case ContentOutcome::cut:
            ++report.conversations_cut[proxy_id];
            break;
        case ContentOutcome::stored:
            break;
    }
    ++report.conversations;
}

void Appender::quarantine(const IngestItem& item, const std::string& payload,
                          const std::string& reason, Batch& batch) {
    quarantine_.add(item, payload, reason);
    ++batch.report.quarantined[item.proxy_id];
    ++progress_of(item.proxy_id, batch).quarantined;
}

void Appender::write_sums(const Batch& batch) {
    if (batch.received_at_ms > 0 && batch.report.rows > 0) {
        roll_ups_.open_hour.follow(zone_.hour_of(batch.received_at_ms));
    }
    batch.roll_up.write(roll_ups_);
    for (const auto& [token_id, use] : batch.tokens) {
        update_token_.tryReset();
        update_token_.bindNoCopy(1, token_id);
        update_token_.bind(2, use.requests);
        update_token_.bind(3, use.tokens);
        update_token_.bind(4, use.last_used_at_ms);
        update_token_.exec();
    }
    update_token_.tryReset();
    add_count_.tryReset();
    add_count_.bind(1, static_cast<std::int64_t>(batch.report.rows));
    add_count_.exec();
    add_count_.tryReset();
}

void Appender::write_progress(const Batch& batch) {
    for (const auto& [proxy_id, progress] : batch.proxies) {
        if (progress.received == 0) continue;
        upsert_proxy_.tryReset();
        upsert_proxy_.bindNoCopy(1, proxy_id);
        upsert_proxy_.bind(2, static_cast<std::int64_t>(progress.watermark));
        upsert_proxy_.bind(3, progress.seen_at_ms);
        upsert_proxy_.bind(4, progress.received);
        upsert_proxy_.bind(5, progress.quarantined);
        upsert_proxy_.exec();
    }
    upsert_proxy_.tryReset();
}

}  // namespace ccproxy::analytics
