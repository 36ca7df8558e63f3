#include "analytics/app.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <optional>
#include <utility>

#include "analytics/api/server.hpp"
#include "analytics/bus/bus.hpp"
#include "analytics/bus/usage_teller.hpp"
#include "analytics/ingest/intake.hpp"
#include "analytics/ingest/writer.hpp"
#include "analytics/jobs/aggregator.hpp"
#include "analytics/jobs/compressor.hpp"
#include "analytics/jobs/retention.hpp"
#include "analytics/jobs/scheduler.hpp"
#include "analytics/services.hpp"
#include "analytics/store/sqlite/sqlite_store.hpp"
#include "analytics/time/day_zone.hpp"
#include "common/uuid.hpp"

namespace ccproxy::analytics {
namespace {

/// Bounds the memory of the queue when events are large.
constexpr std::size_t max_queue_bytes = 64 * 1024 * 1024;

/// Often, so that there is little to delete at a time.
constexpr std::chrono::hours retention_interval{1};
/// Less often, so that there is enough to put together.
constexpr std::chrono::hours compression_interval{24};

/// Of the messages that a deleted conversation leaves: a step takes some milliseconds, and one that
/// is longer than these steps leaves the rest to the retention.
constexpr std::int64_t collected_at_once = 500;
constexpr int most_collections = 20;

WriterOptions writer_options(const LoggingConfig& logging) {
    WriterOptions options;
    options.limits = {logging.buffer_size, max_queue_bytes};
    options.rule = {logging.batch_size, logging.flush_interval};
    options.storing = logging.enabled;
    return options;
}

}  // namespace

class App::Impl {
  public:
    Impl(Config config, const Clock& clock)
        : config_(std::move(config)),
          clock_(clock),
          instance_id_(UuidV7Generator().next(clock.unix_ms())),
          started_at_ms_(clock.unix_ms()) {}

    ~Impl() { stop(); }

    void start() {
        std::unique_ptr<StoreWriter> store =
            open_sqlite_writer(config_.database_path, DayZone::find(config_.timezone).value(),
                               clock_, config_.quarantine, {config_.conversations.enabled});
        bus_.emplace(config_.bus, config_.curve,
                     Delivery(instance_id_, store->registry(), store->watermarks()), clock_);
        const bool gives_way = GivingWay::is_permitted();
        WriterOptions options = writer_options(config_.logging);
        if (gives_way) options.gives_way = [this] { return bus_->keeps_up(); };
        writer_.emplace(std::move(store), std::move(options), clock_,
                        [this](const Committed& committed) { bus_->post(committed); });
        writer_->start();
        bus_->start(sink(), gives_way);
        scheduler_.emplace(jobs(), open_reader(), job_steps(), clock_);
        ApiConfig api;
        api.listen_host = config_.server.listen_host;
        api.port = config_.server.listen_port;
        api.threads = config_.server.threads;
        api.limits = config_.limits;
        api.trusted_proxies = config_.trusted_proxies;
        api.admin_key = config_.admin_key;
        if (config_.server.tls) tls_ = std::make_shared<net::TlsServer>(*config_.server.tls);
        api.tls = tls_;
        // A thread that gives way may hold what the call has to wait for.
        api.on_call = [this] {
            bus_->hurry();
            writer_->hurry();
        };
        api_.emplace(api, services());
        api_->start();
        scheduler_->start();
        teller_.emplace(
            open_reader(), [this](DayOfTokens day) { bus_->post(std::move(day)); }, clock_);
        started_ = true;
        spdlog::info("analyticsd {} serves its API on {}, events on {}, control on {}",
                     CCPROXY_VERSION, net::endpoint_text(api.listen_host, api_->port()),
                     config_.bus.events, config_.bus.control);
        if (!gives_way) {
            spdlog::info(
                "taking events in does not give way to other work: that takes LimitNICE=+0");
        }
        if (!config_.logging.enabled) {
            spdlog::warn("logging.enabled is off: events are acknowledged and discarded");
        }
    }

    /// Also after a start that failed half way.
    void stop() {
        started_ = false;
        teller_.reset();
        if (scheduler_) scheduler_->stop();
        if (api_) api_->stop();
        if (bus_) bus_->stop_receiving();
        if (writer_) writer_->stop();
        if (bus_) bus_->stop();
        api_.reset();
        scheduler_.reset();
        writer_.reset();
        bus_.reset();
    }

    void reload_certificate() {
        if (!tls_) return spdlog::info("reload: there is no certificate, and nothing else to do");
        try {
            tls_->load(*config_.server.tls);
        } catch (const std::exception& error) {
            return spdlog::error("reload: refused; the certificate stays as it was: {}",
                                 error.what());
        }
        spdlog::info("reload: done");
    }

    std::uint16_t api_port() const { return api_->port(); }

    SystemStatus status() const {
        BusStatus bus = bus_->status();
        SystemStatus status;
        status.instance_id = instance_id_;
        status.version = CCPROXY_VERSION;
        status.started_at_ms = started_at_ms_;
        status.ingest = writer_->status();
        status.ready = started_ && status.ingest.last_error.empty();
        status.malformed_messages = bus.malformed_messages;
        status.unannounced_events = bus.unannounced_events;
        status.refused_proxies = bus.refused_proxies;
        status.refused_keys = bus.refused_keys;
        status.forged_messages = bus.forged_messages;
        status.rests = bus.rests;
        status.proxies = std::move(bus.proxies);
        return status;
    }

  private:
    /// The path of an event between the bus and the writer's queue.
    EventSink sink() {
        EventSink sink;
        sink.has_room = [this] { return writer_->has_room(); };
        sink.take = [this](const Envelope& envelope, std::string_view payload,
                           const Arrival& arrival) {
            QueuedEvent event;
            event.item = to_item(envelope, payload, config_.prices, clock_.unix_ms());
            event.item.rewinds = arrival.rewinds;
            event.generation = arrival.generation;
            event.bytes = memory_bytes(payload);
            writer_->push(std::move(event));
        };
        sink.hurry = [this] { writer_->hurry(); };
        return sink;
    }

    /// Runs a change of tokens on the writer thread and waits until the proxies have been told.
    /// Posted from the writer thread, changes reach them in the order of their commits.
    template <class F>
    auto change_tokens(F change) {
        auto result = writer_->run([this, change = std::move(change)](StoreWriter& store) {
            auto changed = change(store);
            publish(changed);
            return changed;
        });
        bus_->wait_until_sent();
        return result;
    }

    void publish(const TokenChange& change) {
        if (change.registry) bus_->post(*change.registry);
    }
    void publish(const Result<TokenChange>& change) {
        if (change) publish(*change);
    }

    /// In steps, so that ingest goes on between them.
    void collect_garbage() {
        const auto step = [](StoreWriter& store) {
            return store.collect_conversation_garbage(collected_at_once);
        };
        for (int i = 0; i < most_collections && writer_->run(step) > 0;) ++i;
    }

    Scheduler::OpenReader open_reader() const {
        return [path = config_.database_path] { return open_sqlite_reader(path); };
    }

    Scheduler::Write job_steps() {
        return [this](const std::function<void(StoreWriter&)>& step) {
            writer_->run([&step](StoreWriter& store) { step(store); });
        };
    }

    std::vector<ScheduledJob> jobs() const {
        std::vector<ScheduledJob> jobs;
        const auto add = [&jobs](std::unique_ptr<Job> job, std::chrono::milliseconds interval) {
            jobs.push_back({std::move(job), {interval}});
        };
        const AggregationConfig& aggregation = config_.aggregation;
        add(std::make_unique<Aggregator>(),
            aggregation.enabled ? aggregation.interval : std::chrono::milliseconds(0));
        const RetentionRule rule{config_.logging.retention_days,
                                 config_.conversations.retention_days};
        add(std::make_unique<Retention>(rule), retention_interval);
        // After the retention: what is deleted is not compressed before.
        add(std::make_unique<Compressor>(config_.conversations.compress_after_days),
            compression_interval);
        return jobs;
    }

    Services services() {
        const auto add_token = [this](NewToken token) {
            return change_tokens([token](StoreWriter& store) { return store.add_token(token); });
        };
        const auto revoke_token = [this](std::string id) {
            return change_tokens([id, now_ms = clock_.unix_ms()](StoreWriter& store) {
                return store.revoke_token(id, now_ms);
            });
        };
        const auto change_settings = [this](std::string id, TokenSettings settings) {
            return change_tokens([id, settings](StoreWriter& store) {
                return store.change_token_settings(id, settings);
            });
        };
        const auto retry = [this](std::int64_t id) {
            return writer_->run([this, id](StoreWriter& store) {
                return store.retry_quarantined(id, [this](std::string_view payload) {
                    return to_content(payload, config_.prices);
                });
            });
        };
        const auto let_go = [this](std::int64_t id) {
            return writer_->run([id](StoreWriter& store) { return store.delete_quarantined(id); });
        };
        const auto delete_conversation = [this](std::string id) {
            const bool found =
                writer_->run([id](StoreWriter& store) { return store.delete_conversation(id); });
            if (found) collect_garbage();
            return found;
        };
        const auto index = [this] { writer_->index_conversations(); };
        return {open_reader(),
                add_token,
                revoke_token,
                change_settings,
                retry,
                let_go,
                delete_conversation,
                index,
                [this] { return status(); },
                clock_,
                *scheduler_};
    }

    const Config config_;
    const Clock& clock_;
    const std::string instance_id_;
    const std::int64_t started_at_ms_;
    std::atomic<bool> started_{false};
    std::optional<Bus> bus_;
    std::optional<Writer> writer_;
    std::optional<Scheduler> scheduler_;
    std::optional<UsageTeller> teller_;
    std::shared_ptr<net::TlsServer> tls_;
    std::optional<ApiServer> api_;
};

App::App(const Config& config, const Clock& clock) : impl_(std::make_unique<Impl>(config, clock)) {}
App::~App() = default;
void App::start() {
    impl_->start();
}
void App::reload_certificate() {
    impl_->reload_certificate();
}
void App::stop() {
    impl_->stop();
}
std::uint16_t App::api_port() const {
    return impl_->api_port();
}
SystemStatus App::status() const {
    return impl_->status();
}

}  // namespace ccproxy::analytics
