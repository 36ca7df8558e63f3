// Decides which account serves a request.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>
#include <vector>

#include "proxy/accounts/account.hpp"

namespace ccproxy::accounts {

/// Round robin over the accounts of the asked mode. Shared by all workers.
class AccountChooser {
  public:
    explicit AccountChooser(const std::vector<Account>& accounts) : accounts_(accounts) {}

    /// The next account of `mode`; nullptr when there is none.
    const Account* choose(std::string_view mode) {
        const std::size_t start = next_.fetch_add(1, std::memory_order_relaxed);
        for (std::size_t i = 0; i < accounts_.size(); ++i) {
            const Account& account = accounts_[(start + i) % accounts_.size()];
            if (account.mode == mode) return &account;
        }
        return nullptr;
    }

  private:
    const std::vector<Account>& accounts_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace ccproxy::accounts
