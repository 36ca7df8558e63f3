#include "analytics/jobs/compressor.hpp"

#include <set>
#include <stdexcept>

#include "analytics/jobs/steps.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
/// A pack is made anew when a message of it was deleted meanwhile.
constexpr int max_tries = 10;

class Run {
  public:
    explicit Run(const JobContext& context) : context_(context) {}

    void compress(std::int64_t before_ms) {
        int failed_tries = 0;
        while (!context_.stop.stop_requested()) {
            const std::optional<MessagePack> pack = context_.reader.next_pack(before_ms);
            if (!pack) return;
            bool written = false;
            context_.write([&](StoreWriter& store) { written = store.write_pack(*pack); });
            if (written) note(*pack);
            failed_tries = written ? 0 : failed_tries + 1;
            if (failed_tries == max_tries) {
                throw std::runtime_error("what was to be compressed changed again and again");
            }
        }
    }

    [[nodiscard]] JobReport report(std::int64_t bytes_released) const {
        return {{"conversations_compressed", conversations_},
                {"messages_compressed", messages_},
                {"bytes_before", bytes_before_},
                {"bytes_after", bytes_after_},
                {"messages_damaged", static_cast<std::int64_t>(damaged_.size())},
                {"bytes_released", bytes_released}};
    }

  private:
    void note(const MessagePack& pack) {
        conversations_ += static_cast<std::int64_t>(pack.conversations.size());
        messages_ += static_cast<std::int64_t>(pack.parts.size());
        bytes_before_ += pack.stored_bytes;
        bytes_after_ += static_cast<std::int64_t>(pack.body.size());
        damaged_.insert(pack.damaged.begin(), pack.damaged.end());
    }

    const JobContext& context_;
    std::int64_t conversations_ = 0, messages_ = 0, bytes_before_ = 0, bytes_after_ = 0;
    std::set<std::int64_t> damaged_;  ///< Each may be met more than once.
};

}  // namespace

JobReport Compressor::run_once(const JobContext& context) {
    Run run(context);
    run.compress(context.now_ms - after_days_ * day_ms);
    return run.report(release_all_space(context));
}

}  // namespace ccproxy::analytics
