#include "proxy/accounts/chooser.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ccproxy::accounts {
namespace {

constexpr std::int64_t soon_ms = 1000;

/// FNV-1a, then the finaliser of MurmurHash3, so that texts that differ little hash far apart.
std::uint64_t hash(std::string_view session, std::string_view account) {
    std::uint64_t h = 0xcbf29ce484222325;
    const auto add = [&h](std::string_view text) {
        for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    };
    add(session);
    add(std::string_view("\0", 1));
    add(account);
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
    return h ^ (h >> 33);
}

/// The larger, the better. Weighted rendezvous hashing (Schindelhauer and Schomaker, "Weighted
/// distributed hash tables", 2005): -weight / ln(u) with u in (0, 1).
double score_for_session(const Account& account, std::string_view session) {
    const double u = (static_cast<double>(hash(session, account.id) >> 11) + 0.5) * 0x1.0p-53;
    return -static_cast<double>(account.weight) / std::log(u);
}

double score_by_load(const Account& account) {
    const auto after = static_cast<double>(account.state->in_flight() + 1);
    return static_cast<double>(account.weight) / after;
}

double score(const Account& account, const Wanted& wanted) {
    if (account.is_only_one) return 0;  // There is none to compare it with.
    return wanted.session.empty() ? score_by_load(account)
                                  : score_for_session(account, wanted.session);
}

bool is_in_trouble(const Account& account, const Wanted& wanted) {
    if (account.is_only_one) return false;
    return account.state->is_blocked(wanted.steady_ms) ||
           account.state->is_paused_for(wanted.model, wanted.steady_ms);
}

bool is_out(const Account& account, const Wanted& wanted,
            const std::vector<const Account*>& passed_over) {
    if (account.mode != wanted.mode || is_in_trouble(account, wanted)) return true;
    if (account.max_concurrent > 0 && account.state->in_flight() >= account.max_concurrent) {
        return true;
    }
    return std::find(passed_over.begin(), passed_over.end(), &account) != passed_over.end();
}

const Account* best(const AccountSet& set, const Wanted& wanted,
                    const std::vector<const Account*>& passed_over) {
    const std::vector<Account>& accounts = set.accounts();
    const Account* chosen = nullptr;
    bool chosen_is_spared = false;
    double chosen_score = 0;
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        const Account& account = accounts[(i + wanted.turn) % accounts.size()];
        if (is_out(account, wanted, passed_over)) continue;
        const bool spared = account.state->is_spared(wanted.steady_ms);
        if (chosen != nullptr && spared && !chosen_is_spared) continue;
        const double its_score = score(account, wanted);
        if (chosen == nullptr || (chosen_is_spared && !spared) || its_score > chosen_score) {
            chosen = &account;
            chosen_is_spared = spared;
            chosen_score = its_score;
        }
    }
    return chosen;
}

bool acquire(const Account& account, const Wanted& wanted) {
    AccountState& state = *account.state;
    if (account.is_only_one) {
        return state.try_acquire_anyway(account.max_concurrent, wanted.steady_ms);
    }
    return state.try_acquire(account.max_concurrent, wanted.model, wanted.steady_ms);
}

}  // namespace

Lease choose(const AccountSet& set, const Wanted& wanted,
             const std::vector<const Account*>& tried) {
    const Account* account = best(set, wanted, tried);
    if (account == nullptr) return {};
    if (acquire(*account, wanted)) return Lease(*account);
    // Another worker was faster.
    std::vector<const Account*> passed_over = tried;
    for (;;) {
        passed_over.push_back(account);
        account = best(set, wanted, passed_over);
        if (account == nullptr) return {};
        if (acquire(*account, wanted)) return Lease(*account);
    }
}

NoAccount why_none(const AccountSet& set, const Wanted& wanted) {
    NoAccount why;
    std::int64_t first_ms = std::numeric_limits<std::int64_t>::max();
    for (const Account& account : set.accounts()) {
        if (account.mode != wanted.mode) continue;
        if (account.is_only_one) return {false, soon_ms, &account};
        auto [blocked, left_ms] =
            account.state->blocked(account.max_concurrent, wanted.model, wanted.steady_ms);
        if (left_ms == 0) left_ms = soon_ms;
        if (left_ms >= first_ms) continue;
        first_ms = left_ms;
        why.retry_ms = left_ms;
        why.failing = blocked == Blocked::failing;
        why.account = &account;
    }
    return why;
}

}  // namespace ccproxy::accounts
