// Decides which account serves a request.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proxy/accounts/account_set.hpp"
#include "proxy/accounts/lease.hpp"

namespace ccproxy::accounts {

/// What a choice depends on beside the accounts.
struct Wanted {
    std::string_view mode;
    std::string_view model;
    /// The client's session, since prompt caches live in one account; empty when it names none.
    std::string_view session;
    /// Another number for each request: takes turns among accounts that are equal.
    std::uint64_t turn = 0;
    std::int64_t steady_ms = 0;
};

/// A place at the best account that may have a request now; none when there is no such account.
///
/// With a session: the accounts are put in an order that depends on the session alone (rendezvous
/// hashing by weight), and the first that is free is taken. So a session stays with its account,
/// through every worker and every proxy without their talking to each other; weights share the
/// sessions out; and while its account is away a session moves, all its requests to the same other
/// one. Without a session: the one with the fewest requests under way for its weight.
///
/// Accounts in `tried` are passed over. Those with a limit that is used up come last. An account in
/// trouble gets nothing, unless it is the only one: there is nobody else to turn to then, and the
/// upstream's own answer tells the client more than ours would.
Lease choose(const AccountSet& set, const Wanted& wanted, const std::vector<const Account*>& tried);

/// Why there was no account of a mode that some have, and when to come again.
struct NoAccount {
    bool failing = true;               ///< Accounts fail; otherwise they are at their limits.
    std::int64_t retry_ms = 1000;      ///< Until the first of them may serve again.
    const Account* account = nullptr;  ///< That one.
};
NoAccount why_none(const AccountSet& set, const Wanted& wanted);

}  // namespace ccproxy::accounts
