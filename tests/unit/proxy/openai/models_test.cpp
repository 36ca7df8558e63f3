#include "proxy/openai/models.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::openai {
namespace {

const std::string sonnet = R"({"type":"model","id":"claude-sonnet-4","display_name":"Sonnet",)"
                           R"("created_at":"2025-05-14T00:00:00Z"})";

std::string entry(const std::string& id, const std::string& created) {
    return R"({"id":")" + id + R"(","object":"model","created":)" + created +
           R"(,"owned_by":"anthropic"})";
}

}  // namespace

TEST_CASE("a list of models, with the configured names that it serves") {
    const std::string list = R"({"data":[)" + sonnet + R"(,{"id":"x"}],"has_more":false})";
    CHECK(translate_model_list(list, {}).value() == R"({"object":"list","data":[)" +
                                                        entry("claude-sonnet-4", "1747180800") +
                                                        "," + entry("x", "0") + "]}");
    const ModelMap models{{"gpt-4o", "claude-sonnet-4"}, {"o3", "claude-elsewhere"}};
    CHECK(translate_model_list(list, models).value() ==
          R"({"object":"list","data":[)" + entry("claude-sonnet-4", "1747180800") + "," +
              entry("x", "0") + "," + entry("gpt-4o", "1747180800") + "]}");
    CHECK(translate_model_list(R"({"data":[]})", models).value() ==
          R"({"object":"list","data":[]})");
}

TEST_CASE("one model") {
    CHECK(translate_model(sonnet).value() == entry("claude-sonnet-4", "1747180800"));
}

TEST_CASE("what is neither is an error") {
    for (const char* json : {"", "[]", "{}", R"({"data":{}})", R"({"id":7})", "<html>"}) {
        CAPTURE(json);
        CHECK(translate_model_list(json, {}).has_error());
        CHECK(translate_model(json).has_error());
    }
}

}  // namespace ccproxy::openai
