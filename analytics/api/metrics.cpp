#include "analytics/api/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>

#include "analytics/api/handlers.hpp"

namespace ccproxy::analytics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Families in the order in which they are made.
class Families {
  public:
    template <class Number>
    void counter(const char* name, const char* help, Number value) {
        add(name, help, MetricType::Counter).push_back(metric(MetricType::Counter, value));
    }
    template <class Number>
    void gauge(const char* name, const char* help, Number value) {
        add(name, help, MetricType::Gauge).push_back(metric(MetricType::Gauge, value));
    }
    /// One series for each proxy.
    template <class Value>
    void of_proxies(const char* name, const char* help, MetricType type,
                    const std::vector<ProxyStatus>& proxies, Value value) {
        std::vector<ClientMetric>& metrics = add(name, help, type);
        for (const ProxyStatus& proxy : proxies) {
            metrics.push_back(metric(type, std::invoke(value, proxy)));
            metrics.back().label = {{"proxy_id", proxy.proxy_id}};
        }
    }
    /// One series for each value of a label.
    void labelled(const char* name, const char* help, MetricType type, const char* label,
                  const std::vector<std::pair<std::string, double>>& values) {
        std::vector<ClientMetric>& metrics = add(name, help, type);
        for (const auto& [label_value, value] : values) {
            metrics.push_back(metric(type, value));
            metrics.back().label = {{label, label_value}};
        }
    }

    std::vector<MetricFamily> take() { return std::move(families_); }

  private:
    std::vector<ClientMetric>& add(const char* name, const char* help, MetricType type) {
        families_.push_back({std::string("analyticsd_") + name, help, type, {}});
        return families_.back().metric;
    }
    template <class Number>
    static ClientMetric metric(MetricType type, Number value) {
        ClientMetric metric;
        (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) =
            static_cast<double>(value);
        return metric;
    }

    std::vector<MetricFamily> families_;
};

void add_ingest(Families& all, const IngestStatus& ingest) {
    all.counter("ingest_rows_total", "Request logs added", ingest.rows);
    all.counter("ingest_batches_total", "Batches committed", ingest.batches);
    all.counter("ingest_failed_batches_total",
                "Tries to commit that failed; each batch is tried until it succeeds",
                ingest.failed_batches);
    all.counter("ingest_duplicates_total", "Events that were in the database already",
                ingest.duplicates);
    all.counter("ingest_quarantined_total", "Events kept aside since they cannot be stored",
                ingest.quarantined);
    all.counter("ingest_conversations_total", "Conversations stored, also in part",
                ingest.conversations);
    all.counter("ingest_conversations_damaged_total",
                "Conversations stored without parts that were not readable",
                ingest.conversations_damaged);
    all.counter("ingest_conversations_cut_total",
                "Conversations stored without their beginning, which was not there any more",
                ingest.conversations_cut);
    all.counter("ingest_conversations_dropped_total",
                "Conversations that their token or the configuration did not want",
                ingest.conversations_dropped);
    all.counter("ingest_rests_total",
                "Times that batches were left waiting since the machine was full", ingest.rests);
    all.gauge("ingest_queue_events", "Events received and not yet in the database",
              ingest.queue_events);
    all.gauge("ingest_queue_bytes", "Memory that the queue takes", ingest.queue_bytes);
    all.gauge("ingest_queue_capacity_events", "Events that the queue holds at most",
              ingest.capacity_events);
    all.gauge("ingest_queue_capacity_bytes", "Memory that the queue takes at most",
              ingest.capacity_bytes);
    all.gauge("ingest_storing", "0 when events are discarded by configuration", ingest.storing);
    all.gauge("ingest_last_commit_timestamp_seconds", "Unix time; 0 before the first",
              static_cast<double>(ingest.last_commit_at_ms) / 1000);
    all.gauge("wal_held_back_bytes", "What the last checkpoint left since readers used it",
              ingest.wal_held_back_bytes);
}

void add_bus(Families& all, const SystemStatus& status) {
    all.counter("bus_malformed_messages_total", "Messages on the bus that could not be read",
                status.malformed_messages);
    all.counter("bus_unannounced_events_total", "Events ignored before their proxy said hello",
                status.unannounced_events);
    all.counter("bus_refused_proxies_total", "Hellos beyond the number of proxies served",
                status.refused_proxies);
    all.counter("bus_refused_keys_total", "Connections whose key is not listed",
                status.refused_keys);
    all.counter("bus_forged_messages_total",
                "Messages ignored since they were of another proxy than the key's",
                status.forged_messages);
    all.counter("bus_rests_total", "Times that events were left waiting since the machine was full",
                status.rests);
}

void add_proxies(Families& all, const std::vector<ProxyStatus>& proxies) {
    const auto counter = [&](const char* name, const char* help, auto value) {
        all.of_proxies(name, help, MetricType::Counter, proxies, value);
    };
    const auto gauge = [&](const char* name, const char* help, auto value) {
        all.of_proxies(name, help, MetricType::Gauge, proxies, value);
    };
    gauge("proxy_connected", "1 while the proxy is heard of", &ProxyStatus::connected);
    counter("proxy_received_total", "Events taken in their order", &ProxyStatus::received);
    counter("proxy_duplicates_total", "Events that came again", &ProxyStatus::duplicates);
    counter("proxy_gaps_total", "Times that an event came before its turn", &ProxyStatus::gaps);
    counter("proxy_resumes_total", "Times that the proxy was asked to send again",
            &ProxyStatus::resumes);
    counter("proxy_rewinds_total", "Times that the proxy's journal had lost its end",
            &ProxyStatus::rewinds);
    counter("proxy_quarantined_total", "Events kept aside", &ProxyStatus::quarantined);
    counter("proxy_lost_total", "Events that the proxy's journal no longer held",
            &ProxyStatus::lost);
    gauge("proxy_dropped", "Events that the proxy could not journal, ever, by its own count",
          &ProxyStatus::dropped);
    gauge("proxy_lag_events", "Events that the proxy has and the database has not",
          &ProxyStatus::lag);
    gauge("proxy_lag_seconds", "For how long the oldest of them has been known of",
          [](const ProxyStatus& proxy) { return static_cast<double>(proxy.lag_ms) / 1000; });
}

void add_storage(Families& all, const StorageSizes& sizes) {
    all.gauge("database_bytes", "Size of the database file", sizes.database_bytes);
    all.gauge("database_free_bytes", "The part of it that holds nothing", sizes.free_bytes);
    all.gauge("wal_bytes", "Size of the write-ahead log", sizes.wal_bytes);
    all.gauge("request_logs", "Request logs in the database", sizes.request_logs);
    all.gauge("conversations", "Conversations in the database", sizes.conversations);
    all.gauge("content_bytes", "What their messages hold, each counted once", sizes.content_bytes);
    all.gauge("content_stored_bytes", "What those take on disk", sizes.content_stored_bytes);
    all.gauge("quarantine_events", "Events in quarantine", sizes.quarantined);
    all.gauge("quarantine_bytes", "What their payloads take", sizes.quarantined_bytes);
    all.counter("quarantine_discarded_total", "Events thrown out of a full quarantine, ever",
                sizes.discarded);
}

}  // namespace

CallCounters::CallCounters()
    : requests_(prometheus::BuildCounter()
                    .Name("analyticsd_http_requests_total")
                    .Help("Calls of the API that were answered, by route and class of status")
                    .Register(registry_)) {}

void CallCounters::count(std::string_view method, std::string_view route, int status) {
    static constexpr std::array<const char*, 6> classes{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"};
    const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
    requests_
        .Add({{"method", std::string(method)},
              {"route", std::string(route)},
              {"status", classes[status_class]}})
        .Increment();
}

std::vector<MetricFamily> CallCounters::collect() const {
    return registry_.Collect();
}

std::vector<MetricFamily> export_metrics(const ExportCounters& exports) {
    Families all;
    all.gauge("exports_running", "Exports under way", exports.running.load());
    all.labelled("exports_total", "Exports that ended", MetricType::Counter, "outcome",
                 {{"complete", static_cast<double>(exports.complete.load())},
                  {"broken_off", static_cast<double>(exports.broken_off.load())}});
    return all.take();
}

std::vector<MetricFamily> listener_metrics(const Listener& listener) {
    Families all;
    all.counter("http_refused_connections_total", "Connections closed since there were too many",
                listener.counters.refused_connections.load());
    all.counter("http_blocked_addresses_total", "Addresses refused since they tried wrong keys",
                listener.guard.blocked_addresses());
    all.counter("http_blocked_requests_total", "Calls that such an address made meanwhile",
                listener.guard.blocked_requests());
    if (!listener.tls) return all.take();
    all.counter("tls_failed_handshakes_total", "Connections whose TLS handshake failed",
                listener.counters.failed_handshakes.load());
    all.gauge("tls_certificate_expires_seconds", "When the certificate expires; Unix time",
              static_cast<double>(listener.tls->valid_until_ms()) / 1000);
    return all.take();
}

std::vector<MetricFamily> job_metrics(const std::vector<JobStatus>& jobs) {
    std::vector<std::pair<std::string, double>> running;
    std::vector<std::pair<std::string, double>> failed;
    std::vector<std::pair<std::string, double>> starts;
    for (const JobStatus& job : jobs) {
        const JobRecord& record = job.record;
        running.emplace_back(record.name, record.state == JobState::running ? 1 : 0);
        failed.emplace_back(record.name, record.state == JobState::failed ? 1 : 0);
        starts.emplace_back(record.name,
                            static_cast<double>(record.started_at_ms.value_or(0)) / 1000);
    }
    Families all;
    all.labelled("job_running", "1 while the job runs", MetricType::Gauge, "job", running);
    all.labelled("job_failed", "1 when the job's last run failed", MetricType::Gauge, "job",
                 failed);
    all.labelled("job_last_start_timestamp_seconds", "Unix time; 0 when it never ran",
                 MetricType::Gauge, "job", starts);
    return all.take();
}

std::vector<MetricFamily> state_metrics(const SystemStatus& status, const StorageSizes& sizes) {
    Families all;
    all.gauge("ready", "1 while events are taken and stored", status.ready);
    all.gauge("start_time_seconds", "Unix time of the start",
              static_cast<double>(status.started_at_ms) / 1000);
    add_ingest(all, status.ingest);
    add_bus(all, status);
    add_proxies(all, status.proxies);
    add_storage(all, sizes);
    return all.take();
}

// Anyone who reaches the port may read it: figures and the names of proxies, nothing of a request.
http::Response show_metrics(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    std::vector<MetricFamily> families =
        state_metrics(call.worker.services.status(), call.worker.reader->sizes());
    std::ranges::move(job_metrics(call.worker.services.scheduler.status()),
                      std::back_inserter(families));
    std::ranges::move(export_metrics(call.worker.exports), std::back_inserter(families));
    std::ranges::move(listener_metrics(call.worker.listener), std::back_inserter(families));
    std::ranges::move(call.worker.counters.collect(), std::back_inserter(families));
    http::Response response;
    response.headers.push_back({"content-type", "text/plain; version=0.0.4; charset=utf-8"});
    response.body = prometheus::TextSerializer().Serialize(families);
    return response;
}

}  // namespace ccproxy::analytics
