#include "tests/unit/analytics/api/api_fixture.hpp"

#include <filesystem>
#include <limits>
#include <stdexcept>

#include "analytics/ingest/intake.hpp"
#include "analytics/jobs/aggregator.hpp"
#include "analytics/jobs/compressor.hpp"
#include "analytics/jobs/retention.hpp"
#include "analytics/store/sqlite/sqlite_store.hpp"
#include "common/hash.hpp"
#include "proto/json_fields.hpp"

namespace ccproxy::analytics::test {

std::string JsonAnswer::error() const {
    const bool has_error = json.IsObject() && json.HasMember("error");
    return has_error ? json["error"].GetString() : "";
}

std::string text_of(const rapidjson::Value& value) {
    return value.IsString() ? value.GetString() : "not a text";
}

std::int64_t number_of(const rapidjson::Value& value) {
    return value.IsInt64() ? value.GetInt64() : std::numeric_limits<std::int64_t>::min();
}

ApiFixture::ApiFixture(std::size_t max_failed_keys_per_minute) {
    std::string name = (std::filesystem::temp_directory_path() / "ccproxy-api-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
    writer_ = open_sqlite_writer(folder_ + "/analytics.db", DayZone::find("UTC").value(), clock);
    status.ready = true;
    scheduler_ = make_scheduler();
    scheduler_->start();
    ApiConfig config;
    config.threads = 4;
    config.admin_key = admin_key;
    config.limits.max_failed_keys_per_minute = max_failed_keys_per_minute;
    server_ = std::make_unique<ApiServer>(config, services());
    server_->start();
}

ApiFixture::~ApiFixture() {
    server_->stop();
    server_.reset();
    scheduler_.reset();
    writer_.reset();
    std::filesystem::remove_all(folder_);
}

std::unique_ptr<Scheduler> ApiFixture::make_scheduler() {
    std::vector<ScheduledJob> jobs;
    jobs.push_back({std::make_unique<Aggregator>(), {}});
    jobs.push_back({std::make_unique<Compressor>(7), {}});
    jobs.push_back({std::make_unique<Retention>(RetentionRule{}), {}});
    return std::make_unique<Scheduler>(
        std::move(jobs), [this] { return open_sqlite_reader(folder_ + "/analytics.db"); },
        [this](const std::function<void(StoreWriter&)>& step) {
            const std::lock_guard hold(job_steps);
            const std::lock_guard lock(mutex_);
            if (writer_fails) throw std::runtime_error("disk full");
            step(*writer_);
        },
        clock);
}

Services ApiFixture::services() {
    const auto locked = [this](auto operation) {
        const std::lock_guard lock(mutex_);
        if (writer_fails) throw std::runtime_error("a secret of the database");
        return operation();
    };
    return Services{
        [this] { return open_sqlite_reader(folder_ + "/analytics.db"); },
        [this, locked](const NewToken& token) {
            return locked([&] {
                TokenChange change = writer_->add_token(token);
                count(change);
                return change;
            });
        },
        [this, locked](const std::string& id) {
            return locked([&] {
                Result<TokenChange> change = writer_->revoke_token(id, clock.unix_ms());
                if (change) count(*change);
                return change;
            });
        },
        [this, locked](const std::string& id, const TokenSettings& settings) {
            return locked([&] {
                Result<TokenChange> change = writer_->change_token_settings(id, settings);
                if (change) count(*change);
                return change;
            });
        },
        [this, locked](std::int64_t id) {
            return locked([&] {
                return writer_->retry_quarantined(id, [](std::string_view payload) {
                    return to_content(payload, PriceTable::built_in());
                });
            });
        },
        [this, locked](std::int64_t id) {
            return locked([&] { return writer_->delete_quarantined(id); });
        },
        [this, locked](const std::string& id) {
            return locked([&] { return writer_->delete_conversation(id); });
        },
        [this] { ++indexings; },
        [this] { return status; },
        clock,
        *scheduler_,
    };
}

void ApiFixture::add_poison(const std::string& payload, const std::string& proxy_id) {
    const std::lock_guard lock(mutex_);
    const EventContent content = RejectedEvent{payload, "poison"};
    writer_->append({IngestItem{proxy_id, next_seq_++, content, clock.unix_ms()}});
}

void ApiFixture::count(const TokenChange& change) {
    if (change.registry) ++registry_changes;
}

JsonAnswer ApiFixture::get(const std::string& target) const {
    return send("GET", target);
}

JsonAnswer ApiFixture::send(const std::string& method, const std::string& target,
                            const std::string& body) const {
    return call(method, target, {{"X-Admin-Key", admin_key}}, body);
}

JsonAnswer ApiFixture::call(const std::string& method, const std::string& target,
                            const std::vector<http::Field>& headers,
                            const std::string& body) const {
    JsonAnswer answer;
    static_cast<http::test::Answer&>(answer) =
        http::test::exchange(port(), method, target, headers, body);
    if (method != "HEAD") answer.json = std::move(parse_json(answer.body).value());
    return answer;
}

std::string ApiFixture::add_conversation(const std::function<void(Event&)>& change) {
    {
        const std::lock_guard lock(mutex_);
        if (writer_->registry().tokens.empty()) {
            writer_->add_token({"token", sha256("key"), "ann", "api", 1, std::nullopt});
            writer_->change_token_settings("token", {true});
        }
    }
    return add_log([&](PricedEvent& priced) {
        priced.event.conversation = Conversation{};
        if (change) change(priced.event);
    });
}

std::string ApiFixture::add_log(const std::function<void(PricedEvent&)>& change) {
    PricedEvent priced;
    Event& event = priced.event;
    event.request_at_ms = clock.unix_ms();
    event.response_at_ms = event.request_at_ms + 1500;
    event.duration_ms = 1500;
    event.token_id = "token";
    event.status_code = 200;
    event.success = true;
    event.attempts = 1;
    if (change) change(priced);
    const std::lock_guard lock(mutex_);
    if (event.id.empty()) event.id = ids_.next(event.request_at_ms);
    writer_->append({IngestItem{"proxy-1", next_seq_++, priced, clock.unix_ms()}});
    return event.id;
}

}  // namespace ccproxy::analytics::test
