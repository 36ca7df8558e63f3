#include "analytics/bus/usage_teller.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "common/thread.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::chrono::seconds interval{1};

}  // namespace

UsageTeller::UsageTeller(OpenReader open_reader, Tell tell, const Clock& clock)
    : open_reader_(std::move(open_reader)),
      tell_(std::move(tell)),
      clock_(clock),
      thread_([this] { loop(); }) {}

UsageTeller::~UsageTeller() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    stopped_.notify_all();
    thread_.join();
}

void UsageTeller::loop() {
    name_thread("usage");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        lock.unlock();
        try {
            look();
        } catch (const std::exception& error) {
            // The proxies go on with what they were told and with what they count themselves.
            spdlog::error("reading the tokens of the day: {}", error.what());
            reader_.reset();
        }
        lock.lock();
        stopped_.wait_for(lock, interval, [this] { return stopping_; });
    }
}

void UsageTeller::look() {
    if (!reader_) reader_ = open_reader_();
    DayOfTokens day = reader_->day_of_tokens(clock_.unix_ms());
    // Without usage the day itself is told only when it begins.
    if (day == told_) return;
    const bool worth_telling = !day.tokens.empty() || !told_.tokens.empty();
    told_ = day;
    if (worth_telling) tell_(std::move(day));
}

}  // namespace ccproxy::analytics
