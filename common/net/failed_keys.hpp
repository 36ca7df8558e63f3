// Counts the wrong keys that each address tries, and says when it has tried enough.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "common/net/address.hpp"

namespace ccproxy::net {

/// An address has a minute, which begins with its first wrong key; when it has tried `limit` wrong
/// ones, it is blocked until that minute is over. Beyond 65,536 addresses the one whose minute
/// began first is forgotten. Thread-safe; the time is handed in, and must not step back.
class FailedKeys {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds window{60};
    static constexpr std::size_t max_addresses = 65'536;

    /// 0 blocks nobody.
    explicit FailedKeys(std::size_t limit) : limit_(limit) {}

    /// How long the address is blocked from `now` on, in whole seconds; nothing when it is not.
    std::optional<int> blocked_s(const Address& address, TimePoint now);
    /// Counts a wrong key. True when it is the one by which the address becomes blocked.
    bool add(const Address& address, TimePoint now);

  private:
    struct Entry {
        Address address;
        TimePoint began;
        std::size_t failures = 0;
    };
    Entry& entry_of(const Address& counted, TimePoint now);

    const std::size_t limit_;
    std::mutex mutex_;
    // Guarded by mutex_. Entries stand in the order in which their minutes began.
    std::list<Entry> entries_;
    std::unordered_map<Address, std::list<Entry>::iterator, AddressHash> by_address_;
};

}  // namespace ccproxy::net
