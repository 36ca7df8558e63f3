// Tokens, what a change means for the proxies, and what the readers see.
#include <catch2/catch.hpp>

#include "tests/unit/analytics/store/store_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

const NewToken ann{"t1", sha256("key of ann"), "ann", "both", 1000, 9000};
const NewToken ben{"t2", sha256("key of ben"), "ben", "api", 500, std::nullopt};

}  // namespace

TEST_CASE("every change of tokens gives the registry another version", "[store]") {
    StoreFixture store;
    const std::string empty = store.writer->registry().version;
    const RegistryChange added = store.writer->add_token(ann).registry.value();
    CHECK(added.from_version == empty);
    CHECK(added.version != empty);
    CHECK(added.tokens ==
          std::vector<TokenEntry>{{"t1", sha256("key of ann"), "ann", "both", 9000, false, false}});
    CHECK(store.writer->registry() == RegistrySnapshot{added.version, added.tokens});

    const auto logged = store.writer->change_token_settings("t1", {true}).value().registry.value();
    CHECK(logged.from_version == added.version);
    CHECK(logged.tokens.at(0).conversation_logging);

    const auto revoked = store.writer->revoke_token("t1", 2000).value().registry.value();
    CHECK(revoked.from_version == logged.version);
    CHECK(revoked.tokens.at(0).revoked);
    CHECK(store.writer->registry() == RegistrySnapshot{revoked.version, revoked.tokens});

    store.writer.reset();
    store.writer = store.open("UTC");
    CHECK(store.writer->registry().version == revoked.version);
}

TEST_CASE("what changes nothing keeps the version", "[store]") {
    StoreFixture store;
    store.writer->add_token(ann);
    REQUIRE(store.writer->revoke_token("t1", 2000).has_value());
    const std::string version = store.writer->registry().version;
    CHECK_FALSE(store.writer->revoke_token("t1", 3000).value().registry);
    CHECK_FALSE(store.writer->change_token_settings("t1", {false}).value().registry);
    CHECK(store.writer->registry().version == version);
    CHECK(store.reader()->tokens().at(0).revoked_at_ms == 2000);
}

TEST_CASE("a token that does not exist is an error, and so is one that does", "[store]") {
    StoreFixture store;
    CHECK_FALSE(store.writer->revoke_token("t9", 1).has_value());
    CHECK_FALSE(store.writer->change_token_settings("t9", {true}).has_value());
    store.writer->add_token(ann);
    const RegistrySnapshot before = store.writer->registry();
    NewToken same_key = ben;
    same_key.key_sha256 = ann.key_sha256;
    CHECK_THROWS_AS(store.writer->add_token(same_key), std::runtime_error);
    CHECK_THROWS_AS(store.writer->add_token(ann), std::runtime_error);
    NewToken odd_mode = ben;
    odd_mode.mode = "ftp";
    CHECK_THROWS_AS(store.writer->add_token(odd_mode), std::runtime_error);
    CHECK(store.writer->registry() == before);
}

TEST_CASE("readers see tokens with their use, and find one by its key", "[store]") {
    StoreFixture store;
    store.writer->add_token(ann);
    store.writer->add_token(ben);
    Event event = make_event(1, 7000);
    event.token_id = "t2";
    Event earlier = make_event(2, 6000);
    earlier.token_id = "t2";
    earlier.usage = {};
    earlier.usage_source = UsageSource::none;
    store.writer->append({make_item(1, event), make_item(2, earlier)});
    const auto reader = store.reader();
    const std::vector<TokenInfo> tokens = reader->tokens();
    REQUIRE(tokens.size() == 2);
    CHECK(tokens[0].id == "t2");
    CHECK(tokens[0].total_requests == 2);
    CHECK(tokens[0].total_tokens_used == 4400);
    CHECK(tokens[0].last_used_at_ms == 7000);
    CHECK_FALSE(tokens[0].expires_at_ms);
    CHECK(tokens[1].id == "t1");
    CHECK(tokens[1].expires_at_ms == 9000);
    CHECK_FALSE(tokens[1].last_used_at_ms);

    const std::optional<TokenInfo> found = reader->token_by_key(sha256("key of ann"));
    REQUIRE(found);
    CHECK(found->id == "t1");
    CHECK(found->mode == "both");
    CHECK_FALSE(reader->token_by_key(sha256("another key")));
}

TEST_CASE("limits are set one by one, and taken away", "[store]") {
    StoreFixture store;
    store.writer->add_token(ann);
    TokenSettings some;
    some.requests_per_minute = 60;
    some.tokens_per_day = 1'000'000;
    const auto set = store.writer->change_token_settings("t1", some).value().registry.value();
    CHECK(set.tokens.at(0).limits == TokenLimits{60, {}, 1'000'000});
    CHECK(store.reader()->tokens().at(0).limits == TokenLimits{60, {}, 1'000'000});
    CHECK_FALSE(store.writer->change_token_settings("t1", some).value().registry);

    TokenSettings other;
    other.conversation_logging = true;
    other.max_concurrent_requests = 4;
    other.requests_per_minute.emplace(std::nullopt);
    store.writer->change_token_settings("t1", other);
    CHECK(store.writer->registry().tokens.at(0).limits == TokenLimits{{}, 4, 1'000'000});
    CHECK(store.writer->registry().tokens.at(0).conversation_logging);
}

TEST_CASE("the tokens of today are told of tokens with a daily limit", "[store]") {
    StoreFixture store;
    constexpr std::int64_t day_ms = 86'400'000;
    const std::int64_t today_ms = store.clock.now_ms;
    NewToken limited = ann;
    limited.id = "token-1";
    store.writer->add_token(limited);
    const auto append = [&](unsigned number, std::int64_t at_ms, const char* user) {
        Event event = make_event(number, at_ms);
        event.user_name = user;
        store.writer->append({make_item(number, event)});
    };
    append(1, today_ms - 1, "ann");
    append(2, today_ms, "ann");
    append(3, today_ms + day_ms - 1, "anna");
    CHECK(store.reader()->day_of_tokens(today_ms) == DayOfTokens{today_ms + day_ms, {}, {}});

    TokenSettings limit;
    limit.tokens_per_day = 100;
    store.writer->change_token_settings("token-1", limit);
    CHECK(store.reader()->day_of_tokens(today_ms + 5) ==
          DayOfTokens{today_ms + day_ms, {{"token-1", 2 * 4'400}}, {{"proxy-1", 3}}});
    CHECK(store.reader()->day_of_tokens(today_ms - 1) ==
          DayOfTokens{today_ms, {{"token-1", 4'400}}, {{"proxy-1", 3}}});
    CHECK(store.reader()->day_of_tokens(today_ms + day_ms).tokens.empty());
}
