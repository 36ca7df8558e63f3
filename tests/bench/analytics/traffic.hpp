// Requests of a team, made by a seed: a few tokens make most of them, a session stays with its
// account, days are busier than nights.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "analytics/store/store.hpp"
#include "common/uuid.hpp"

namespace ccproxy::analytics::bench {

struct TrafficOptions {
    std::size_t rows = 100'000;
    std::size_t days = 90;
    std::int64_t end_ms = 0;  ///< Of the last request, Unix time.
    std::size_t tokens = 200, accounts = 20, models = 8;
    unsigned seed = 1;
};

class Traffic {
  public:
    explicit Traffic(const TrafficOptions& options)
        : options_(options),
          random_(options.seed),
          at_ms_(static_cast<double>(options.end_ms) -
                 static_cast<double>(options.days) * 86'400'000.0),
          step_ms_(static_cast<double>(options.days) * 86'400'000.0 /
                   static_cast<double>(std::max<std::size_t>(options.rows, 1))),
          token_(weights(options.tokens)),
          model_(weights(options.models)),
          sessions_(options.tokens) {}

    IngestItem next() {
        ++seq_;
        at_ms_ += step_ms_ * pace();
        Event event;
        event.request_at_ms = std::min(static_cast<std::int64_t>(at_ms_), options_.end_ms);
        const std::size_t token = token_(random_);
        Session& session = sessions_[token];
        if (session.left == 0) renew(session);
        --session.left;
        event.token_id = numbered("01900000-0000-7000-8000-", token, 12);
        event.user_name = "user-" + std::to_string(token);
        event.account_id = "account-" + std::to_string(session.account);
        event.mode = session.account % 10 == 9 ? "web" : "api";
        event.model = "claude-model-" + std::to_string(session.model);
        event.conversation_id = session.id;
        fill(event);
        event.id = ids_.next(event.response_at_ms);
        const std::int64_t cost =
            3'000 * event.usage.prompt_tokens() + 15'000 * event.usage.output_tokens;
        const bool known = event.usage_source != UsageSource::none;
        return {"bench-0123456789ab", seq_,
                PricedEvent{event, known ? std::optional(cost) : std::nullopt},
                event.response_at_ms};
    }

    std::vector<IngestItem> batch(std::size_t size) {
        std::vector<IngestItem> items;
        items.reserve(size);
        while (items.size() < size) items.push_back(next());
        return items;
    }

  private:
    struct Session {
        std::size_t left = 0, account = 0, model = 0;
        std::string id;
    };

    static std::discrete_distribution<std::size_t> weights(std::size_t count) {
        std::vector<double> list;
        for (std::size_t i = 0; i < count; ++i) list.push_back(1 / std::pow(1.0 + double(i), 0.8));
        return {list.begin(), list.end()};
    }
    static std::string numbered(std::string text, std::size_t number, std::size_t digits) {
        const std::string tail = std::to_string(number);
        return text.append(digits - tail.size(), '0').append(tail);
    }
    std::int64_t below(std::int64_t limit) {
        return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(limit));
    }
    /// Longer steps at night; the mean over a day is 1.
    [[nodiscard]] double pace() const {
        const double hour = std::fmod(at_ms_ / 3'600'000.0, 24.0);
        return hour >= 8 && hour < 20 ? 0.75 : 1.5;
    }
    void renew(Session& session) {
        session.left = static_cast<std::size_t>(5 + below(60));
        session.account =
            static_cast<std::size_t>(below(static_cast<std::int64_t>(options_.accounts)));
        session.model = model_(random_);
        session.id = numbered("0b9d3c1e-5f6a-4c1b-9f00-", ++session_count_, 12);
    }
    void fill(Event& event) {
        std::lognormal_distribution<double> duration(8.3, 1.0);
        event.duration_ms = std::llround(duration(random_));
        event.response_at_ms = event.request_at_ms + event.duration_ms;
        event.stream = below(10) != 0;
        event.attempts = 1;
        event.upstream_request_id = numbered("req_011CSHoEeqs5C35K2U", seq_, 8);
        event.status_code = below(33) == 0 ? 529 : below(100) == 0 ? 499 : 200;
        event.success = event.status_code == 200;
        if (event.status_code == 529) {
            event.error_message = "Overloaded";
            return;
        }
        event.ttft_ms = event.duration_ms / 4;
        event.usage = {below(200), below(3) == 0 ? below(5'000) : 0, 0, below(100'000),
                       below(2'000)};
        event.usage_source = event.success ? UsageSource::final : UsageSource::partial;
        event.stop_reason = event.success ? "end_turn" : "";
    }

    const TrafficOptions options_;
    std::mt19937_64 random_;
    double at_ms_;
    const double step_ms_;
    std::discrete_distribution<std::size_t> token_, model_;
    std::vector<Session> sessions_;
    std::size_t session_count_ = 0;
    std::uint64_t seq_ = 0;
    UuidV7Generator ids_;
};

}  // namespace ccproxy::analytics::bench
