#include "proto/event_codec.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "proto/json_fields.hpp"

namespace ccproxy {
namespace {

Event full_event() {
    Event event;
    event.id = "01a2076a-d1a0-70ba-a785-9764869d8c69";
    event.token_id = "token";
    event.user_name = "Älice 中";
    event.account_id = "main";
    event.mode = "api";
    event.model = "claude-sonnet-4-5";
    event.stream = true;
    event.request_at_ms = 1'700'000'000'000;
    event.response_at_ms = 1'700'000'001'500;
    event.duration_ms = 1500;
    event.ttft_ms = 300;
    event.usage = {1, 2, 3, 4, 5};
    event.usage_source = UsageSource::final;
    event.status_code = 200;
    event.success = true;
    event.conversation_id = "conversation";
    event.agent_id = "agent";
    event.stop_reason = "end_turn";
    event.upstream_request_id = "req_1";
    event.attempts = 2;
    event.attempts_detail = {{"spare", 529, "the upstream answered 529", 40}, {"main", 200, "", 9}};
    return event;
}

std::string encoded(const Event& event) {
    std::string bytes;
    encode_event(event, bytes);
    return bytes;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("an event survives its encoding") {
    const Event event = full_event();
    CHECK(decode_event(encoded(event)).value() == event);
    Event bare;
    bare.id = event.id;
    bare.token_id = "token";
    bare.status_code = 499;
    CHECK(decode_event(encoded(bare)).value() == bare);
}

TEST_CASE("the members of an event may come in any order") {
    const Event event = full_event();
    const Result<rapidjson::Document> document = parse_json(encoded(event));
    std::vector<const rapidjson::Document::Member*> members;
    for (const auto& member : document->GetObject()) members.push_back(&member);
    std::mt19937 random(1);
    for (int i = 0; i < 100; ++i) {
        std::shuffle(members.begin(), members.end(), random);
        rapidjson::StringBuffer text;
        rapidjson::Writer<rapidjson::StringBuffer> writer(text);
        writer.StartObject();
        for (const auto* member : members) {
            member->name.Accept(writer);
            member->value.Accept(writer);
        }
        writer.EndObject();
        CHECK(decode_event(text.GetString()).value() == event);
    }
}

TEST_CASE("an event may be far larger than most are") {
    Event event = full_event();
    event.error_message = std::string(max_event_error_bytes, 'e');
    event.attempts_detail.assign(max_listed_attempts, {"spare", 529, std::string(200, 'a'), 40});
    CHECK(decode_event(encoded(event)).value() == event);
    // One that says more than this version knows: members by the thousand, and nesting.
    std::string more;
    for (int i = 0; i < 5000; ++i) more += "\"m" + std::to_string(i) + "\":{\"a\":[1,2]},";
    const std::string nested = "\"n\":" + std::string(20'000, '[') + std::string(20'000, ']') + ",";
    const std::string bytes = encoded(event);
    CHECK(decode_event("{" + more + nested + bytes.substr(1)).value() == event);
}

TEST_CASE("usage that is not known is absent, not zero") {
    Event event = full_event();
    event.usage_source = UsageSource::none;
    CHECK(encoded(event).find("_tokens") == std::string::npos);
    CHECK(decode_event(encoded(event)).value().usage == Usage{});
}

TEST_CASE("texts from outside are made fit on the way") {
    Event event = full_event();
    event.model = std::string("bad\xFF\0model", 10);
    event.error_message = std::string(5000, 'e');
    const Event read = decode_event(encoded(event)).value();
    CHECK(read.model == "bad\xEF\xBF\xBD\xEF\xBF\xBDmodel");
    CHECK(read.error_message.size() == max_event_error_bytes);
}

TEST_CASE("a field that this version does not know is passed over") {
    const std::string bytes = replaced(encoded(full_event()), "{", R"({"later":[1,{"x":2}],)");
    CHECK(decode_event(bytes).value() == full_event());
}

TEST_CASE("a poison event is refused with the field's name") {
    const std::string good = encoded(full_event());
    const auto message = [](const std::string& bytes) {
        const Result<Event> result = decode_event(bytes);
        REQUIRE(result.has_error());
        return result.error().message;
    };
    CHECK(message("").find("not JSON") == 0);
    CHECK(message(good.substr(0, good.size() / 2)).find("not JSON") == 0);
    CHECK(message("[]").find("must be a JSON object") != std::string::npos);
    CHECK(message(std::string(100'000, '[')).find("not JSON") == 0);
    CHECK(message(replaced(good, R"("v":1)", R"("v":3)")) == "v: version 3 is not known here");
    CHECK(message(replaced(good, R"("id":"01a2)", R"("id":"xxxx)")) == "id: must be a UUID");
    CHECK(message(replaced(good, R"("token_id":"token",)", "")) == "token_id: is required");
    CHECK(message(replaced(good, R"("duration_ms":1500)", R"("duration_ms":-1)")) ==
          "duration_ms: is out of range");
    CHECK(message(replaced(good, R"("duration_ms":1500)", R"("duration_ms":1e99)")) ==
          "duration_ms: must be a whole number");
    CHECK(message(replaced(good, R"("output_tokens":5)", R"("output_tokens":2000000000000)")) ==
          "output_tokens: is out of range");
    CHECK(message(replaced(good, "final", "guess")) ==
          "usage_source: must be final, partial, estimated or none");
    CHECK(message(replaced(good, R"("mode":"api")", R"("mode":"a\u0000b")")) ==
          "mode: holds a NUL character");
    CHECK(message(replaced(good, R"("mode":"api")", "\"mode\":\"\xFF\"")).find("not JSON") == 0);
    CHECK(message(replaced(good, R"("mode":"api")", "\"mode\":\"" + std::string(300, 'm') + '"')) ==
          "mode: is too long");
}

TEST_CASE("an envelope survives its encoding, and a bad one is refused") {
    const Envelope envelope = decode_envelope(encode_envelope({"proxy-1", 42})).value();
    CHECK(envelope.proxy_id == "proxy-1");
    CHECK(envelope.seq == 42);
    CHECK(decode_envelope(R"({"proxy_id":"p","seq":0})").has_error());
    CHECK(decode_envelope(R"({"seq":1})").has_error());
    CHECK(decode_envelope("nonsense").has_error());
}

}  // namespace ccproxy
