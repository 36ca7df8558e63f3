#include "proto/control.hpp"

#include <catch2/catch.hpp>

namespace ccproxy {
namespace {

RegistrySnapshot some_tokens() {
    RegistrySnapshot registry;
    registry.version = "version-1";
    registry.tokens.push_back({"a", sha256("key a"), "Älice", "both", 1234, false, true});
    registry.tokens.push_back({"b", sha256("key b"), "Bob", "api", std::nullopt, true, false});
    registry.tokens.push_back(
        {"c", sha256("key c"), "Cyd", "api", {}, false, false, {60, 4, 1000}});
    return registry;
}

template <class Message>
Message through(const Message& message) {
    return std::get<Message>(decode_control(encode_control(message)).value());
}

}  // namespace

TEST_CASE("every control message survives its encoding") {
    const Hello hello = through(Hello{"p", "1.2", 3, 9, "v", 7, 2});
    CHECK(hello.proxy_id == "p");
    CHECK(hello.program_version == "1.2");
    CHECK(hello.first_seq == 3);
    CHECK(hello.next_seq == 9);
    CHECK(hello.registry_version == "v");
    CHECK(hello.dropped == 7);
    CHECK(hello.number == 2);

    const DailyUsage usage = through(DailyUsage{86'400'000, 17, {{"a", 5}, {"b", 6}}});
    CHECK(usage.ends_at_ms == 86'400'000);
    CHECK(usage.counted_seq == 17);
    CHECK(usage.tokens == std::vector<TokenUsage>{{"a", 5}, {"b", 6}});

    const Ping ping = through(Ping{"p", "i", 10, 1, {}});
    CHECK(ping.instance_id == "i");
    CHECK(ping.next_seq == 10);
    CHECK_FALSE(ping.accounts);

    const Welcome welcome = through(Welcome{"i", 2, 5, some_tokens()});
    CHECK(welcome.hello_number == 2);
    CHECK(welcome.resume_seq == 5);
    CHECK(welcome.registry == some_tokens());
    CHECK_FALSE(through(Welcome{"i", 2, 5, std::nullopt}).registry);

    CHECK(through(Ack{8}).seq == 8);
    CHECK_FALSE(through(Ack{8}).lost_beginning);
    CHECK(through(Ack{8, true}).lost_beginning);
    CHECK(through(Resume{8}).resume_seq == 8);
    const Pong pong = through(Pong{"i", 12, false});
    CHECK(pong.instance_id == "i");
    CHECK(pong.resume_seq == 12);
    CHECK_FALSE(pong.reading);
    CHECK(through(Greet{"i"}).instance_id == "i");

    const RegistryChange change = through(RegistryChange{"v1", "v2", some_tokens().tokens});
    CHECK(change.from_version == "v1");
    CHECK(change.version == "v2");
    CHECK(change.tokens == some_tokens().tokens);
}

TEST_CASE("a ping tells of accounts") {
    AccountReport full;
    full.id = "main";
    full.mode = "api";
    full.base_url = "https://api.anthropic.com";
    full.weight = 3;
    full.max_concurrent = 40;
    full.in_flight = 2;
    full.state = "half_open";
    full.cooldown_until_ms = 1'772'323'200'000;
    full.paused_models = {{"opus", 1'772'323'200'001}};
    full.unified_status = "allowed_warning";
    full.windows = {{"unified-5h", 0.75, std::nullopt, std::nullopt, 1'772'323'200'002, false},
                    {"requests", std::nullopt, 50, 0, std::nullopt, true}};
    full.requests = 9;
    full.failures = 4;
    full.last_error_at_ms = 1'772'323'199'000;
    full.last_error_status = 529;
    full.last_error = "the upstream answered 529";
    AccountReport bare;
    bare.id = "spare";
    bare.state = "closed";
    Ping ping{"p", "i", 10, 1, {}};
    ping.accounts = std::vector{full, bare};
    CHECK(through(ping).accounts == ping.accounts);
    ping.accounts = std::vector<AccountReport>(max_reported_accounts + 1, bare);
    CHECK(decode_control(encode_control(ping)).has_error());
}

TEST_CASE("a malformed control message is refused") {
    for (const char* bytes :
         {"", "[]", "{}", R"({"type":"unheard of"})", R"({"type":"ack"})",
          R"({"type":"ack","seq":-1})", R"({"type":"hello","proxy_id":"p","first_seq":1})",
          R"({"type":"welcome","instance_id":"i","resume_seq":1,"registry":{"version":"v"}})",
          R"({"type":"registry","version":"v","tokens":[{"id":"a","key_sha256":"00"}]})"}) {
        CAPTURE(bytes);
        CHECK(decode_control(bytes).has_error());
    }
}

TEST_CASE("a registry survives its file form") {
    CHECK(decode_registry(encode_registry(some_tokens())).value() == some_tokens());
    CHECK(decode_registry(R"({"tokens":[]})").has_error());
}

}  // namespace ccproxy
