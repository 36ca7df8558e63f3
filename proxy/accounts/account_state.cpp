#include "proxy/accounts/account_state.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace ccproxy::accounts {
namespace {

constexpr std::size_t max_error_bytes = 512;
constexpr std::size_t max_model_bytes = 128;

const char* to_string(Breaker::State state) {
    switch (state) {
        case Breaker::State::closed:
            return "closed";
        case Breaker::State::open:
            return "open";
        case Breaker::State::half_open:
            return "half_open";
    }
    return "closed";
}

}  // namespace

Moment now(const Clock& clock) {
    using namespace std::chrono;
    const auto steady = steady_clock::now().time_since_epoch();
    return {clock.unix_ms(), duration_cast<milliseconds>(steady).count()};
}

bool AccountState::try_acquire(std::int64_t max_concurrent, std::string_view model,
                               std::int64_t steady_ms) {
    if (!in_trouble_.load(relaxed)) return take_place(max_concurrent);
    const std::lock_guard lock(mutex_);
    if (steady_ms < paused_until_ms_ || find_pause(model, steady_ms) != nullptr) return false;
    if (!take_place(max_concurrent)) return false;
    const bool goes = breaker_.let_through(steady_ms);
    if (!goes) in_flight_.fetch_sub(1, relaxed);
    publish(steady_ms);
    return goes;
}

bool AccountState::try_acquire_anyway(std::int64_t max_concurrent, std::int64_t steady_ms) {
    if (!take_place(max_concurrent)) return false;
    if (!in_trouble_.load(relaxed)) return true;
    const std::lock_guard lock(mutex_);
    breaker_.let_through(steady_ms);
    publish(steady_ms);
    return true;
}

bool AccountState::take_place(std::int64_t max_concurrent) {
    if (max_concurrent == 0) return in_flight_.fetch_add(1, relaxed), true;
    std::int64_t count = in_flight_.load(relaxed);
    while (count < max_concurrent) {
        if (in_flight_.compare_exchange_weak(count, count + 1, relaxed)) return true;
    }
    return false;
}

void AccountState::start_anew() {
    const std::lock_guard lock(mutex_);
    breaker_ = Breaker();
    paused_until_ms_ = 0;
    paused_models_.clear();
    told_ = RateLimits();
    organization_.clear();
    models_paused_until_ms_.store(0, relaxed);
    spared_until_ms_.store(0, relaxed);
    publish(0);
}

void AccountState::release(bool told_nothing) {
    in_flight_.fetch_sub(1, relaxed);
    if (!told_nothing || !in_trouble_.load(relaxed)) return;
    const std::lock_guard lock(mutex_);
    breaker_.told_nothing();
    publish(0);
}

void AccountState::note(Verdict verdict, const Tried& tried, const std::string& error, Moment now,
                        const FailoverConfig& config) {
    if (verdict != Verdict::nothing) requests_.fetch_add(1, relaxed);
    std::unique_lock lock(mutex_, std::defer_lock);
    if (verdict == Verdict::good && !in_trouble_.load(relaxed)) {
        // It changes nothing but what is known of the limits, and the next answer tells them again.
        if (!lock.try_lock()) return;
    } else {
        lock.lock();
    }
    const RateLimits& told = tried.told;
    if (told.tells_limits()) told_ = told;
    switch (verdict) {
        case Verdict::good:
        case Verdict::limited:
            // It is there and answers; that it has had enough is no failure.
            breaker_.succeeded();
            break;
        case Verdict::failed:
            breaker_.failed(now.steady_ms, config.breaker);
            break;
        case Verdict::refused_us:
            breaker_.refused_credential(now.steady_ms, config.breaker);
            break;
        case Verdict::nothing:
            breaker_.told_nothing();
            break;
    }
    if (verdict != Verdict::good && verdict != Verdict::nothing) {
        ++failures_;
        note_error(tried.status, error, now);
    }
    pause_as_asked(verdict, tried, now, config);
    if (told.tells_limits()) {
        spared_until_ms_.store(now.steady_ms + spare_for(told, now.unix_ms), relaxed);
    }
    publish(now.steady_ms);
}

void AccountState::pause_as_asked(Verdict verdict, const Tried& tried, Moment now,
                                  const FailoverConfig& config) {
    const RateLimits& told = tried.told;
    if (verdict == Verdict::limited) {
        const std::int64_t pause_ms =
            pause_after_refusal(told, now.unix_ms).value_or(config.max_backoff.count());
        const std::int64_t until_ms = now.steady_ms + pause_ms;
        if (!is_about_all_models(told)) return pause_model(tried.model, until_ms, true);
        paused_until_ms_ = std::max(paused_until_ms_, until_ms);
    } else if (verdict == Verdict::failed && told.retry_after_ms) {
        pause_model(tried.model, now.steady_ms + *told.retry_after_ms, false);
    }
}

void AccountState::pause_model(std::string_view model, std::int64_t until_ms, bool for_limits) {
    const auto ends_first = [](const Pause& a, const Pause& b) { return a.until_ms < b.until_ms; };
    model = model.substr(0, max_model_bytes);
    auto pause = std::find_if(paused_models_.begin(), paused_models_.end(),
                              [model](const Pause& entry) { return entry.model == model; });
    if (pause == paused_models_.end() && paused_models_.size() < max_paused_models) {
        pause = paused_models_.insert(pause, Pause());
    } else if (pause == paused_models_.end()) {
        pause = std::min_element(paused_models_.begin(), paused_models_.end(), ends_first);
    }
    if (pause->model == model && pause->until_ms >= until_ms) return;
    *pause = Pause{std::string(model), until_ms, for_limits};
    const auto last = std::max_element(paused_models_.begin(), paused_models_.end(), ends_first);
    models_paused_until_ms_.store(last->until_ms, relaxed);
}

const AccountState::Pause* AccountState::find_pause(std::string_view model,
                                                    std::int64_t steady_ms) const {
    model = model.substr(0, max_model_bytes);
    for (const Pause& pause : paused_models_) {
        if (steady_ms < pause.until_ms && pause.model == model) return &pause;
    }
    return nullptr;
}

bool AccountState::finds_pause(std::string_view model, std::int64_t steady_ms) const {
    const std::lock_guard lock(mutex_);
    return find_pause(model, steady_ms) != nullptr;
}

void AccountState::note_broken_answer(int status, const std::string& error, Moment now) {
    const std::lock_guard lock(mutex_);
    note_error(status, error, now);
}

void AccountState::note_error(int status, const std::string& error, Moment now) {
    last_error_at_ms_ = now.unix_ms;
    last_error_status_ = status;
    last_error_.assign(error, 0, max_error_bytes);
}

/// For the looks without a lock. An earlier `steady_ms` than now does no harm: a pause that is over
/// then counts as trouble until the next answer.
void AccountState::publish(std::int64_t steady_ms) {
    const std::int64_t until_ms = breaker_.is_trying()
                                      ? std::numeric_limits<std::int64_t>::max()
                                      : std::max(paused_until_ms_, breaker_.open_until_ms());
    blocked_until_ms_.store(until_ms, relaxed);
    const bool paused =
        steady_ms < std::max(paused_until_ms_, models_paused_until_ms_.load(relaxed));
    in_trouble_.store(paused || !breaker_.is_untouched(), relaxed);
}

std::pair<Blocked, std::int64_t> AccountState::blocked(std::int64_t max_concurrent,
                                                       std::string_view model,
                                                       std::int64_t steady_ms) const {
    const std::lock_guard lock(mutex_);
    std::int64_t until_ms = paused_until_ms_;
    Blocked why = Blocked::rate_limited;
    const Pause* pause = find_pause(model, steady_ms);
    if (pause != nullptr && pause->until_ms > until_ms) {
        until_ms = pause->until_ms;
        why = pause->for_limits ? Blocked::rate_limited : Blocked::failing;
    }
    if (breaker_.open_until_ms() > until_ms) {
        until_ms = breaker_.open_until_ms();
        why = Blocked::failing;
    }
    if (until_ms > steady_ms) return {why, until_ms - steady_ms};
    if (max_concurrent > 0 && in_flight_.load(relaxed) >= max_concurrent) return {Blocked::busy, 0};
    // One request is being tried: it will tell soon.
    if (breaker_.state(steady_ms) == Breaker::State::half_open) return {Blocked::failing, 0};
    return {Blocked::no, 0};
}

std::string AccountState::organization() const {
    const std::lock_guard lock(mutex_);
    return organization_;
}

void AccountState::learn_organization(std::string organization) {
    const std::lock_guard lock(mutex_);
    organization_ = std::move(organization);
}

std::string AccountState::last_error() const {
    const std::lock_guard lock(mutex_);
    return last_error_;
}

void AccountState::report(AccountReport& report, Moment now) const {
    const std::lock_guard lock(mutex_);
    report.in_flight = in_flight_.load(relaxed);
    report.state = to_string(breaker_.state(now.steady_ms));
    const std::int64_t left_ms =
        std::max(paused_until_ms_, breaker_.open_until_ms()) - now.steady_ms;
    if (left_ms > 0) report.cooldown_until_ms = now.unix_ms + left_ms;
    for (const Pause& pause : paused_models_) {
        const std::int64_t pause_ms = pause.until_ms - now.steady_ms;
        if (pause_ms > 0) report.paused_models.push_back({pause.model, now.unix_ms + pause_ms});
    }
    report.unified_status = to_string(told_.unified);
    for (std::size_t i = 0; i < limit_kinds; ++i) {
        const Limit& limit = told_.limits[i];
        if (!limit.is_known() && !limit.rejected) continue;
        report.windows.push_back({std::string(accounts::to_string(static_cast<LimitKind>(i))),
                                  limit.used, limit.limit, limit.remaining, limit.reset_at_ms,
                                  limit.rejected});
    }
    report.requests = requests_.load(relaxed);
    report.failures = failures_;
    if (last_error_at_ms_ > 0) report.last_error_at_ms = last_error_at_ms_;
    report.last_error_status = last_error_status_;
    report.last_error = last_error_;
}

}  // namespace ccproxy::accounts
