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

    const auto logged = store.writer->set_conversation_logging("t1", true).value().registry.value();
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
    CHECK_FALSE(store.writer->set_conversation_logging("t1", false).value().registry);
    CHECK(store.writer->registry().version == version);
    CHECK(store.reader()->tokens().at(0).revoked_at_ms == 2000);
}

TEST_CASE("a token that does not exist is an error, and so is one that does", "[store]") {
    StoreFixture store;
    CHECK_FALSE(store.writer->revoke_token("t9", 1).has_value());
    CHECK_FALSE(store.writer->set_conversation_logging("t9", true).has_value());
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
