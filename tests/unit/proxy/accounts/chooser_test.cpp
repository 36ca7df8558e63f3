#include "proxy/accounts/chooser.hpp"

#include <catch2/catch.hpp>
#include <map>

namespace ccproxy::accounts {
namespace {

constexpr std::int64_t now_ms = 1'000;

AccountConfig account(const std::string& id, std::int64_t weight = 1,
                      std::int64_t max_concurrent = 0) {
    AccountConfig config;
    config.id = id;
    config.base_url = "http://127.0.0.1:9";
    config.api_key = "key-of-" + id;
    config.weight = weight;
    config.max_concurrent = max_concurrent;
    return config;
}

Wanted wanted(std::string_view session = "", std::uint64_t turn = 0) {
    Wanted made;
    made.mode = "api";
    made.model = "m";
    made.session = session;
    made.turn = turn;
    made.steady_ms = now_ms;
    return made;
}

/// Makes an account fail until its breaker opens.
void break_account(const Account& account) {
    AccountState& state = *account.state;
    for (int i = 0; i < 5; ++i) state.note(Verdict::failed, Tried(), "", {0, now_ms}, {});
}

void pause_account(const Account& account, std::int64_t pause_ms) {
    Tried tried;
    tried.status = 429;
    tried.model = "m";
    tried.told.retry_after_ms = pause_ms;
    account.state->note(Verdict::limited, tried, "", {0, now_ms}, {});
}

}  // namespace

TEST_CASE("without a session the account with the least to do for its weight is taken") {
    const AccountSet set({account("a", 1), account("b", 3)}, {});
    std::map<std::string, int> places;
    std::vector<Lease> leases;
    for (std::uint64_t turn = 0; turn < 40; ++turn) {
        leases.push_back(choose(set, wanted("", turn), {}));
        ++places[leases.back().account()->id];
    }
    CHECK(places["a"] == 10);
    CHECK(places["b"] == 30);
    leases.clear();
    CHECK(set.accounts()[0].state->in_flight() == 0);
}

TEST_CASE("equal accounts take turns") {
    const AccountSet set({account("a"), account("b"), account("c")}, {});
    for (std::uint64_t turn = 0; turn < 6; ++turn) {
        CHECK(choose(set, wanted("", turn), {}).account() == &set.accounts()[turn % 3]);
    }
}

TEST_CASE("a session stays with its account, and weights share the sessions out") {
    const AccountSet set({account("a", 1), account("b", 1), account("c", 2)}, {});
    std::map<std::string, int> sessions;
    for (int i = 0; i < 4'000; ++i) {
        const std::string session = "session-" + std::to_string(i);
        const Lease lease = choose(set, wanted(session, 0), {});
        for (std::uint64_t turn = 1; turn < 4; ++turn) {
            CHECK(choose(set, wanted(session, turn), {}).account() == lease.account());
        }
        ++sessions[lease.account()->id];
    }
    CHECK(std::abs(sessions["a"] - 1'000) < 120);
    CHECK(std::abs(sessions["b"] - 1'000) < 120);
    CHECK(std::abs(sessions["c"] - 2'000) < 160);
}

TEST_CASE("when an account is away only its sessions move, and they come back") {
    const AccountSet set({account("a"), account("b"), account("c")}, {});
    std::map<std::string, const Account*> before;
    for (int i = 0; i < 100; ++i) {
        const std::string session = std::to_string(i) + ".session";
        before[session] = choose(set, wanted(session), {}).account();
    }
    const Account& away = set.accounts()[1];
    break_account(away);
    for (const auto& [session, account] : before) {
        const Lease lease = choose(set, wanted(session), {});
        if (account != &away) CHECK(lease.account() == account);
        CHECK(lease.account() != &away);
    }
    for (const auto& [session, account] : before) {
        Wanted later = wanted(session);
        later.steady_ms += 31'000;
        Lease lease = choose(set, later, {});
        lease.note(Verdict::good, Tried(), "", {0, later.steady_ms}, {});
        CHECK(lease.account() == account);
    }
}

TEST_CASE("who is not asked: other modes, the tried, the paused, the busy") {
    const AccountSet set({account("a"), account("b", 1, 1)}, {});
    Wanted web = wanted();
    web.mode = "web";
    CHECK_FALSE(choose(set, web, {}));
    CHECK(why_none(set, web).account == nullptr);

    const Account& a = set.accounts()[0];
    const Account& b = set.accounts()[1];
    CHECK_FALSE(choose(set, wanted(), {&a, &b}));
    const Lease busy = choose(set, wanted(), {&a});
    CHECK(busy.account() == &b);
    CHECK_FALSE(choose(set, wanted(), {&a}));
    pause_account(a, 5'000);
    CHECK_FALSE(choose(set, wanted(), {}));
    const NoAccount why = why_none(set, wanted());
    CHECK_FALSE(why.failing);
    CHECK(why.retry_ms == 1'000);
    Wanted other_model = wanted();
    other_model.model = "n";
    CHECK(choose(set, other_model, {}).account() == &a);
}

TEST_CASE("the soonest of the accounts says why there is none and when there will be one") {
    const AccountSet set({account("a"), account("b")}, {});
    pause_account(set.accounts()[0], 90'000);
    break_account(set.accounts()[1]);
    CHECK(why_none(set, wanted()).failing);
    CHECK(why_none(set, wanted()).retry_ms == 30'000);
    Wanted later = wanted();
    later.steady_ms += 29'999;
    CHECK(why_none(set, later).retry_ms == 1);
}

TEST_CASE("the only account is asked in spite of its troubles, up to its limit") {
    const AccountSet set({account("a", 1, 1)}, {});
    break_account(set.accounts()[0]);
    pause_account(set.accounts()[0], 90'000);
    {
        const Lease lease = choose(set, wanted(), {});
        CHECK(lease);
        CHECK_FALSE(choose(set, wanted(), {}));
        CHECK_FALSE(why_none(set, wanted()).failing);
        CHECK(why_none(set, wanted()).retry_ms == 1'000);
    }
    CHECK_FALSE(choose(set, wanted(), {&set.accounts()[0]}));
    CHECK(choose(set, wanted(), {}));
}

TEST_CASE("an account with a limit used up comes last") {
    const AccountSet set({account("a"), account("b")}, {});
    Tried tried;
    tried.status = 200;
    Limit& limit = tried.told.limits[static_cast<std::size_t>(LimitKind::week)];
    limit.used = 1.0;
    limit.reset_at_ms = 9'000;
    set.accounts()[0].state->note(Verdict::good, tried, "", {0, now_ms}, {});
    for (std::uint64_t turn = 0; turn < 4; ++turn) {
        CHECK(choose(set, wanted("", turn), {}).account()->id == "b");
    }
    CHECK(choose(set, wanted(), {&set.accounts()[1]}).account()->id == "a");
}

TEST_CASE("a reload keeps the state of accounts that stay") {
    const AccountSet old({account("a"), account("b"), account("c"), account("d")}, {});
    for (const Account& each : old.accounts()) break_account(each);
    AccountConfig rekeyed = account("a");
    rekeyed.api_key = "another";
    AccountConfig moved = account("b");
    moved.base_url = "http://127.0.0.1:10";
    const AccountSet fresh({rekeyed, moved, account("c", 5), account("e")}, {}, &old);
    const std::vector<Account>& accounts = fresh.accounts();
    for (std::size_t i = 0; i < 3; ++i) CHECK(accounts[i].state == old.accounts()[i].state);
    CHECK(fresh.find("d") == nullptr);

    // Whatever reaches the upstream in the same way goes on with its connections.
    CHECK(accounts[0].connections == old.accounts()[0].connections);
    CHECK(accounts[0].header_lines.find("another") != std::string::npos);
    CHECK(accounts[1].connections > old.accounts()[3].connections);
    CHECK(accounts[2].connections == old.accounts()[2].connections);
    CHECK(accounts[2].weight == 5);
    CHECK(accounts[3].connections > accounts[1].connections);

    // Another credential or another host have other fortunes.
    const std::vector<AccountReport> reports = fresh.report({0, now_ms});
    CHECK(reports.at(0).state == "closed");
    CHECK(reports.at(1).state == "closed");
    CHECK(reports.at(2).state == "open");
    CHECK(reports.at(2).failures == 5);
    CHECK(reports.at(3).id == "e");
    CHECK(reports.at(3).failures == 0);
}

}  // namespace ccproxy::accounts
