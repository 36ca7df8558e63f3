// Tells the proxies what the tokens with a daily limit have used.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "analytics/store/store.hpp"
#include "common/clock.hpp"

namespace ccproxy::analytics {

/// A thread that looks once a second and tells what has changed.
class UsageTeller {
  public:
    using OpenReader = std::function<std::unique_ptr<StoreReader>()>;
    using Tell = std::function<void(DayOfTokens)>;

    /// Starts. `clock` and what the functions use must outlive it; `tell` is called on its thread.
    UsageTeller(OpenReader open_reader, Tell tell, const Clock& clock);
    /// Stops.
    ~UsageTeller();
    UsageTeller(const UsageTeller&) = delete;
    UsageTeller& operator=(const UsageTeller&) = delete;

  private:
    void loop();
    void look();

    const OpenReader open_reader_;
    const Tell tell_;
    const Clock& clock_;
    std::unique_ptr<StoreReader> reader_;  ///< Empty until it is needed, and after a failure.
    DayOfTokens told_;

    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;  ///< Guarded by mutex_.
    std::thread thread_;
};

}  // namespace ccproxy::analytics
