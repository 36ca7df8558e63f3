// The accounts of one configuration, with the rules for failing over among them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/account_report.hpp"
#include "proxy/accounts/account.hpp"
#include "proxy/accounts/failover.hpp"

namespace ccproxy::accounts {

/// Immutable, and shared by all threads: a reload makes a new one, and requests under way keep the
/// one that they began with.
class AccountSet {
  public:
    /// Accounts that trust the same authorities share one TLS client. An account whose id is in
    /// `old` goes on with its state there, without its troubles when credential or host are others.
    /// Throws when a certificate file cannot be used.
    AccountSet(const std::vector<AccountConfig>& configs, const FailoverConfig& failover,
               const AccountSet* old = nullptr);
    AccountSet(const AccountSet&) = delete;
    AccountSet& operator=(const AccountSet&) = delete;

    [[nodiscard]] const std::vector<Account>& accounts() const { return accounts_; }
    [[nodiscard]] const FailoverConfig& failover() const { return failover_; }
    /// nullptr when there is none.
    [[nodiscard]] const Account* find(const std::string& id) const;
    /// Whether any account has it.
    [[nodiscard]] bool has_mode(std::string_view mode) const;
    /// One for each account, in the order of the configuration.
    [[nodiscard]] std::vector<AccountReport> report(Moment now) const;

  private:
    std::vector<Account> accounts_;
    const FailoverConfig failover_;
    std::uint64_t next_connections_;
    std::map<std::string, std::string> ca_files_;  ///< By account id.
};

using AccountSetPtr = std::shared_ptr<const AccountSet>;

/// The set that is valid now, for whoever asks now and then. Thread-safe. Workers are handed each
/// new set instead, so that a request takes no lock for it.
class CurrentAccounts {
  public:
    explicit CurrentAccounts(AccountSetPtr set) : set_(std::move(set)) {}
    [[nodiscard]] AccountSetPtr get() const {
        const std::lock_guard lock(mutex_);
        return set_;
    }
    void replace(AccountSetPtr set) {
        const std::lock_guard lock(mutex_);
        set_.swap(set);
    }

  private:
    mutable std::mutex mutex_;
    AccountSetPtr set_;
};

}  // namespace ccproxy::accounts
