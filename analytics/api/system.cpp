// How analyticsd fares: in full for admins, in a word for supervisors and load balancers.
#include "analytics/api/handlers.hpp"
#include "analytics/api/jobs.hpp"
#include "analytics/api/json_text.hpp"

namespace ccproxy::analytics {
namespace {

/// 0 stands for never.
std::optional<std::int64_t> moment(std::int64_t unix_ms) {
    return unix_ms == 0 ? std::nullopt : std::optional(unix_ms);
}

void write_ingest(JsonText& json, const IngestStatus& ingest) {
    json.open_object("ingest");
    json.boolean("storing", ingest.storing);
    json.count("queue_events", ingest.queue_events);
    json.count("queue_bytes", ingest.queue_bytes);
    json.count("capacity_events", ingest.capacity_events);
    json.count("capacity_bytes", ingest.capacity_bytes);
    json.count("batches", ingest.batches);
    json.count("rows", ingest.rows);
    json.count("duplicates", ingest.duplicates);
    json.count("quarantined", ingest.quarantined);
    json.count("conversations", ingest.conversations);
    json.count("conversations_damaged", ingest.conversations_damaged);
    json.count("conversations_cut", ingest.conversations_cut);
    json.count("conversations_dropped", ingest.conversations_dropped);
    json.count("failed_batches", ingest.failed_batches);
    json.time_or_null("last_commit_at", moment(ingest.last_commit_at_ms));
    json.integer("wal_held_back_bytes", ingest.wal_held_back_bytes);
    json.text_or_null("last_error", ingest.last_error);
    json.close_object();
}

void write_proxy(JsonText& json, const ProxyStatus& proxy) {
    json.open_object();
    json.text("proxy_id", proxy.proxy_id);
    json.text_or_null("program_version", proxy.program_version);
    json.boolean("connected", proxy.connected);
    json.time_or_null("last_seen_at", moment(proxy.last_seen_at_ms));
    json.count("watermark", proxy.watermark);
    json.count("next_seq", proxy.next_seq);
    json.count("lag", proxy.lag);
    json.number("lag_seconds", static_cast<double>(proxy.lag_ms) / 1000);
    json.count("received", proxy.received);
    json.count("duplicates", proxy.duplicates);
    json.count("gaps", proxy.gaps);
    json.count("resumes", proxy.resumes);
    json.count("rewinds", proxy.rewinds);
    json.count("quarantined", proxy.quarantined);
    json.count("lost", proxy.lost);
    json.count("dropped", proxy.dropped);
    json.close_object();
}

void write_storage(JsonText& json, const StorageSizes& sizes) {
    json.open_object("storage");
    json.integer("database_bytes", sizes.database_bytes);
    json.integer("wal_bytes", sizes.wal_bytes);
    json.integer("free_bytes", sizes.free_bytes);
    json.integer("request_logs", sizes.request_logs);
    json.integer("conversations", sizes.conversations);
    json.integer("content_bytes", sizes.content_bytes);
    json.integer("content_stored_bytes", sizes.content_stored_bytes);
    json.integer("quarantined", sizes.quarantined);
    json.integer("quarantined_bytes", sizes.quarantined_bytes);
    json.integer("discarded", sizes.discarded);
    json.integer("schema_version", sizes.schema_version);
    json.close_object();
}

}  // namespace

http::Response show_system_status(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const SystemStatus status = call.worker.services.status();
    JsonText json;
    json.open_object();
    json.text("instance_id", status.instance_id);
    json.text("version", status.version);
    json.time("started_at", status.started_at_ms);
    json.boolean("ready", status.ready);
    write_ingest(json, status.ingest);
    json.count("malformed_messages", status.malformed_messages);
    json.count("unannounced_events", status.unannounced_events);
    json.count("refused_proxies", status.refused_proxies);
    json.count("refused_keys", status.refused_keys);
    json.count("forged_messages", status.forged_messages);
    json.open_array("proxies");
    for (const ProxyStatus& proxy : status.proxies) write_proxy(json, proxy);
    json.close_array();
    write_jobs(json, call.worker.services.scheduler);
    write_storage(json, call.worker.reader->sizes());
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response show_accounts(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    const SystemStatus status = call.worker.services.status();
    JsonText json;
    json.open_object();
    json.open_array("proxies");
    for (const ProxyStatus& proxy : status.proxies) {
        // One that has not been heard of since the start has nothing to show.
        if (proxy.accounts_told_at_ms == 0) continue;
        json.open_object();
        json.text("proxy_id", proxy.proxy_id);
        json.boolean("connected", proxy.connected);
        json.time("told_at", proxy.accounts_told_at_ms);
        json.open_array("accounts");
        for (const AccountReport& account : proxy.accounts) {
            show_account_report(json.writer(), account);
        }
        json.close_array();
        json.close_object();
    }
    json.close_array();
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response show_health(const Call&) {
    return http::json_response(200, R"({"status":"ok"})");
}

// Anyone may ask, so that the reasons say no more than what kind of thing is wrong.
http::Response show_readiness(const Call& call) {
    const SystemStatus status = call.worker.services.status();
    if (status.ready) return http::json_response(200, R"({"status":"ready"})");
    JsonText json;
    json.open_object();
    json.text("error", "not ready");
    json.open_array("reasons");
    json.element(status.ingest.last_error.empty() ? "the service is starting or stopping"
                                                  : "the last write to the database failed");
    json.close_array();
    json.close_object();
    return http::json_response(503, json.str());
}

}  // namespace ccproxy::analytics
