// A request's place at an account, from the moment it is chosen until the answer has ended.
#pragma once

#include <utility>

#include "proxy/accounts/account.hpp"

namespace ccproxy::accounts {

/// Gives the place back when it goes. The account set must outlive it.
class Lease {
  public:
    Lease() = default;
    /// Takes over what AccountState::try_acquire() gave.
    explicit Lease(const Account& account) : account_(&account) {}
    Lease(Lease&& other) noexcept { *this = std::move(other); }
    Lease& operator=(Lease&& other) noexcept {
        if (this == &other) return *this;
        release();
        account_ = std::exchange(other.account_, nullptr);
        noted_ = std::exchange(other.noted_, false);
        return *this;
    }
    ~Lease() { release(); }

    [[nodiscard]] const Account* account() const { return account_; }
    explicit operator bool() const { return account_ != nullptr; }

    /// See AccountState::note().
    void note(Verdict verdict, const Tried& tried, const std::string& error, Moment now,
              const FailoverConfig& config) {
        account_->state->note(verdict, tried, error, now, config);
        noted_ = true;
    }
    void release() {
        if (account_ != nullptr) account_->state->release(!noted_);
        account_ = nullptr;
        noted_ = false;
    }

  private:
    const Account* account_ = nullptr;
    bool noted_ = false;
};

}  // namespace ccproxy::accounts
