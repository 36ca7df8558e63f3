#include "proxy/web/calls.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::web {

TEST_CASE("paths and heads of the calls") {
    CHECK(conversations_path("o-1") == "/api/organizations/o-1/chat_conversations");
    CHECK(completion_path("o-1", "u") == "/api/organizations/o-1/chat_conversations/u/completion");
    CHECK(creation_body("u") == R"({"uuid":"u","name":""})");
    CHECK(request_head("POST", "/x", "host: h\r\ncookie: c\r\n", "text/event-stream", 7) ==
          "POST /x HTTP/1.1\r\nhost: h\r\ncookie: c\r\nuser-agent: ccproxy/" CCPROXY_VERSION
          "\r\naccept: text/event-stream\r\naccept-encoding: identity\r\n"
          "content-type: application/json\r\ncontent-length: 7\r\n\r\n");
    CHECK(request_head("GET", "/x", "host: h\r\n", "application/json", 0).find("content-") ==
          std::string::npos);
}

TEST_CASE("the first organization that can chat") {
    CHECK(find_organization(R"([{"uuid":"a","capabilities":["api"]},)"
                            R"({"uuid":"b","name":"B","capabilities":["x","chat"]},)"
                            R"({"uuid":"c","capabilities":["chat"]}])") == "b");
    for (const char* none :
         {"", "[]", "{}", "7", R"([{"uuid":"a"}])", R"([{"uuid":"a","capabilities":"chat"}])",
          R"([{"uuid":"a","capabilities":[7]}])", R"([{"uuid":7,"capabilities":["chat"]}])",
          R"(["a"])"}) {
        CAPTURE(none);
        CHECK_FALSE(find_organization(none).has_value());
    }
}

TEST_CASE("only what may stand in a path is an id") {
    CHECK(is_id("0b9d4f3a-0000-4000-8000-000000000002"));
    for (const char* bad : {"", "a/b", "..", "a b", "a\r\nb", "a?b", "é"}) {
        CAPTURE(bad);
        CHECK_FALSE(is_id(bad));
        const std::string json =
            R"([{"uuid":")" + std::string(bad) + R"(","capabilities":["chat"]}])";
        CHECK_FALSE(find_organization(json).has_value());
    }
    CHECK_FALSE(is_id(std::string(65, 'a')));
}

}  // namespace ccproxy::web
