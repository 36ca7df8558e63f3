#include "proxy/openai/call.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::openai {
namespace {

using Kind = Call::Kind;

http1::Fields fields(std::initializer_list<std::pair<const char*, const char*>> list) {
    http1::Fields made;
    for (const auto& [name, value] : list) made.add(name, value);
    return made;
}

const http1::Fields bearer = fields({{"authorization", "bearer sk"}});

}  // namespace

TEST_CASE("chat completions are OpenAI's whoever calls them") {
    for (const http1::Fields& sent :
         {bearer, fields({}), fields({{"x-api-key", "k"}, {"anthropic-version", "2023-06-01"}})}) {
        const auto call = find_call("POST", "/v1/chat/completions", sent);
        REQUIRE(call.has_value());
        CHECK(call->kind == Kind::completion);
    }
    CHECK_FALSE(find_call("GET", "/v1/chat/completions", bearer));
    CHECK_FALSE(find_call("POST", "/v1/chat/completions/x", bearer));
    CHECK_FALSE(find_call("POST", "/v1/messages", bearer));
}

TEST_CASE("models are OpenAI's for a Bearer that names no version of the Messages API") {
    CHECK(find_call("GET", "/v1/models", bearer).value().kind == Kind::model_list);
    CHECK(find_call("GET", "/v1/models/gpt-4o", bearer).value().kind == Kind::model);
    for (const http1::Fields& sent :
         {fields({}), fields({{"x-api-key", "k"}}), fields({{"authorization", "Basic x"}}),
          fields({{"authorization", "Bearer sk"}, {"anthropic-version", "2023-06-01"}})}) {
        CHECK_FALSE(find_call("GET", "/v1/models", sent));
        CHECK_FALSE(find_call("GET", "/v1/models/gpt-4o", sent));
    }
    for (const char* path : {"/v1/models/", "/v1/modelsx", "/v1/model"}) {
        CAPTURE(path);
        CHECK_FALSE(find_call("GET", path, bearer));
    }
    CHECK_FALSE(find_call("HEAD", "/v1/models", bearer));
}

TEST_CASE("each call goes to its counterpart, without the client's query") {
    const ModelMap models{{"gpt-4o", "claude-sonnet-4"}};
    const auto target = [&](Kind kind, const char* path) {
        const http1::Target sent = upstream_target({kind, false}, {path, "?api-version=1"}, models);
        return sent.path + sent.query;
    };
    CHECK(target(Kind::completion, "/v1/chat/completions") == "/v1/messages");
    CHECK(target(Kind::model_list, "/v1/models") == "/v1/models?limit=1000");
    CHECK(target(Kind::model, "/v1/models/gpt-4o") == "/v1/models/claude-sonnet-4");
    CHECK(target(Kind::model, "/v1/models/claude-x") == "/v1/models/claude-x");
}

TEST_CASE("the upstream gets a version and no fields that are OpenAI's or no longer true") {
    const http1::Fields sent = upstream_fields(fields({{"authorization", "Bearer sk"},
                                                       {"content-type", "text/plain"},
                                                       {"content-encoding", "gzip"},
                                                       {"accept-encoding", "gzip"},
                                                       {"if-none-match", "x"},
                                                       {"if-modified-since", "x"},
                                                       {"openai-organization", "o"},
                                                       {"user-agent", "u"}}));
    std::string lines;
    for (const auto [name, value] : sent) lines.append(name).append("=").append(value).append(";");
    CHECK(lines ==
          "authorization=Bearer sk;user-agent=u;content-type=application/json;"
          "anthropic-version=2023-06-01;");
    CHECK(upstream_fields(fields({{"anthropic-version", "2099-01-01"}})).get("anthropic-version") ==
          "2099-01-01");
}

}  // namespace ccproxy::openai
