// The API on a real socket over a real SQLite store, with a clock that stands still.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "analytics/api/server.hpp"
#include "common/json.hpp"
#include "common/uuid.hpp"
#include "tests/unit/common/http/raw_client.hpp"

namespace ccproxy::analytics::test {

inline constexpr const char* admin_key = "the admin key of the tests";

class SteppedClock final : public Clock {
  public:
    [[nodiscard]] std::int64_t unix_ms() const override { return now_ms; }
    std::atomic<std::int64_t> now_ms = 1'772'323'200'000;  // 2026-03-01T00:00:00Z
};

/// An answer and its body as JSON. The body is checked to be JSON.
struct JsonAnswer : http::test::Answer {
    rapidjson::Document json;

    /// `error` of the body; empty when there is none.
    [[nodiscard]] std::string error() const;
};

// RapidJSON's own comparison of a value with a text or a number calls itself for ever in C++20.
/// A value's text; of another value `not a text`.
std::string text_of(const rapidjson::Value& value);
/// A value's whole number; of another value the smallest there is.
std::int64_t number_of(const rapidjson::Value& value);

class ApiFixture {
  public:
    /// Wrong keys are not limited: many tests try them.
    explicit ApiFixture(std::size_t max_failed_keys_per_minute = 0);
    ~ApiFixture();
    ApiFixture(const ApiFixture&) = delete;
    ApiFixture& operator=(const ApiFixture&) = delete;

    /// With the admin key.
    [[nodiscard]] JsonAnswer get(const std::string& target) const;
    [[nodiscard]] JsonAnswer send(const std::string& method, const std::string& target,
                                  const std::string& body = "") const;
    /// With exactly these headers.
    [[nodiscard]] JsonAnswer call(const std::string& method, const std::string& target,
                                  const std::vector<http::Field>& headers,
                                  const std::string& body = "") const;
    /// Stores an event of `token_id`; `change` sets what the test is about. Gives its id.
    std::string add_log(const std::function<void(PricedEvent&)>& change = {});
    /// Stores an event with a conversation, of a token that wants it kept. Gives its id.
    std::string add_conversation(const std::function<void(Event&)>& change = {});
    /// Stores bytes that are kept aside.
    void add_poison(const std::string& payload, const std::string& proxy_id = "proxy-1");
    [[nodiscard]] std::uint16_t port() const { return server_->port(); }

    SteppedClock clock;
    SystemStatus status;  ///< Set before a call is made.
    std::atomic<bool> writer_fails = false;
    int registry_changes = 0;
    std::atomic<int> indexings = 0;  ///< How often the index was asked to catch up.
    std::mutex job_steps;            ///< While the test holds it, a job that runs does not go on.

  private:
    Services services();
    std::unique_ptr<Scheduler> make_scheduler();
    void count(const TokenChange& change);

    std::string folder_;
    std::mutex mutex_;
    std::unique_ptr<StoreWriter> writer_;  // guarded by mutex_
    std::uint64_t next_seq_ = 1;
    UuidV7Generator ids_;
    std::unique_ptr<Scheduler> scheduler_;
    std::unique_ptr<ApiServer> server_;
};

}  // namespace ccproxy::analytics::test
