// Counts the open connections of each address, up to a limit.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/net/address.hpp"

namespace ccproxy::net {

/// Thread-safe. Addresses without connections are forgotten, so that there are never more entries
/// than connections.
class ConnectionCounter {
  public:
    /// 0 counts nothing and refuses nobody.
    explicit ConnectionCounter(std::size_t limit) : limit_(limit) {}

    /// One connection's place, given back when it goes. The counter outlives it.
    class Place {
      public:
        Place() : counter_(nullptr) {}
        Place(ConnectionCounter& counter, const Address& address)
            : counter_(&counter), address_(address) {}
        Place(Place&& other) noexcept
            : counter_(std::exchange(other.counter_, nullptr)), address_(other.address_) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (counter_ != nullptr) counter_->leave(address_);
        }

      private:
        ConnectionCounter* counter_;
        Address address_;
    };

    struct Admission {
        std::optional<Place> place;  ///< Nothing when the address has as many as it may.
        bool first_refused = false;  ///< The first time since the address had no connection.
    };
    Admission enter(const Address& address);

    [[nodiscard]] bool counts() const { return limit_ > 0; }
    /// Addresses that have connections.
    [[nodiscard]] std::size_t addresses();

  private:
    struct Entry {
        std::size_t connections = 0;
        bool refused = false;
    };
    void leave(const Address& address);

    const std::size_t limit_;
    std::mutex mutex_;
    std::unordered_map<Address, Entry, AddressHash> entries_;  // Guarded by mutex_.
};

}  // namespace ccproxy::net
