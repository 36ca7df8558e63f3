#include "proxy/tap/request_facts.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::tap {

TEST_CASE("model, stream and session are read, wherever they stand") {
    const RequestFacts facts =
        read_request_facts(
            R"({"messages":[{"role":"user","content":[{"type":"text","text":"\"model\":\"x\""}],)"
            R"("model":"inner","stream":false}],"metadata":{"x":{"user_id":"deep"},)"
            R"("user_id":"user_1_account_2_session_01234567-89ab-cdef-0123-456789abcdef"},)"
            R"("stream":true,"model":"claude-opus-4-5"})")
            .value();
    CHECK(facts.model == "claude-opus-4-5");
    CHECK(facts.stream);
    CHECK(facts.session_id == "01234567-89ab-cdef-0123-456789abcdef");
}

TEST_CASE("a user id that is JSON gives its session") {
    const RequestFacts facts =
        read_request_facts(
            R"({"metadata":{"user_id":"{\"device_id\":\"d\",\"session_id\":\"s-1\"}"},"model":"m"})")
            .value();
    CHECK(facts.session_id == "s-1");
}

TEST_CASE("user ids without a session give none") {
    for (const char* id : {"", "user_1", "user_1_session_nonsense", "{broken", "{\"a\":1}",
                           "user_1_session_01234567-89ab-cdef-0123-456789abcdef0",
                           "user_101234567-89ab-cdef-0123-456789abcdef", "user_session_1",
                           "x_session_01234567-89ab-cdef-0123-456789abcdef"}) {
        CAPTURE(id);
        CHECK(session_of_user_id(id).empty());
    }
    CHECK(session_of_user_id("{\"session_id\":\"" + std::string(300, 's') + "\"}").empty());
}

TEST_CASE("facts of a wrong type are not taken") {
    const RequestFacts facts =
        read_request_facts(R"({"model":1,"stream":"yes","metadata":[]})").value();
    CHECK(facts.model.empty());
    CHECK_FALSE(facts.stream);
}

TEST_CASE("a body that is not one JSON object is refused") {
    for (const char* body : {"", "[]", "\"text\"", "12", "null", "{", R"({"a":1} x)", "model=x",
                             R"({"a":})", "\xFF\xFE"}) {
        CAPTURE(body);
        CHECK(read_request_facts(body).has_error());
    }
}

TEST_CASE("deep nesting does not exhaust the stack") {
    const std::string deep =
        R"({"a":)" + std::string(2'000'000, '[') + std::string(2'000'000, ']') + "}";
    CHECK(read_request_facts(deep).has_value());
    CHECK(read_request_facts(deep.substr(0, 1'000'000)).has_error());
}

}  // namespace ccproxy::tap
