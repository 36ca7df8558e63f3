#include "proxy/openai/request.hpp"

#include <random>

#include "proxy/json/tree.hpp"
#include "tests/unit/proxy/openai/translated.hpp"

namespace ccproxy::openai {
namespace {

const std::string turns = R"("messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}])";

/// The whole request that goes with these members of a Messages request.
std::string whole(const std::string& members) {
    return R"({"model":"m",)" + members + "," + turns + "}";
}

}  // namespace

TEST_CASE("the smallest request gets a limit, which the Messages API demands") {
    CHECK(translated(R"({"model":"m","messages":[{"role":"user","content":"Hi"}]})") ==
          whole(R"("max_tokens":1000)"));
}

TEST_CASE("mapped models get their name, others keep theirs") {
    const std::string rest = R"(","messages":[{"role":"user","content":"Hi"}]})";
    CHECK(translated(R"({"model":"gpt-4o)" + rest).starts_with(R"({"model":"claude-sonnet-4")"));
    CHECK(translated(R"({"model":"gpt-4)" + rest).starts_with(R"({"model":"gpt-4")"));
}

TEST_CASE("either limit is taken, the newer first") {
    CHECK(with(R"("max_tokens":7)") == whole(R"("max_tokens":7)"));
    CHECK(with(R"("max_completion_tokens":8)") == whole(R"("max_tokens":8)"));
    CHECK(with(R"("max_completion_tokens":8,"max_tokens":7)") == whole(R"("max_tokens":8)"));
    CHECK(with(R"("max_tokens":null)") == whole(R"("max_tokens":1000)"));
}

TEST_CASE("a stream says whether it wants its usage") {
    const auto usage_of = [](const std::string& members) {
        const auto result = translate_request(
            R"({"model":"m","messages":[{"role":"user","content":"Hi"}],)" + members + "}",
            settings());
        REQUIRE(result.has_value());
        return result->include_usage;
    };
    CHECK(with(R"("stream":true)") == whole(R"("max_tokens":1000,"stream":true)"));
    CHECK(with(R"("stream":false)") == whole(R"("max_tokens":1000)"));
    CHECK_FALSE(usage_of(R"("stream":true)"));
    CHECK_FALSE(usage_of(R"("stream":true,"stream_options":{})"));
    CHECK_FALSE(usage_of(R"("stream":true,"stream_options":{"include_usage":false})"));
    CHECK(usage_of(
        R"("stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false})"));
}

TEST_CASE("sampling is passed on; temperatures end at 1") {
    CHECK(with(R"("temperature":0.7,"top_p":0.5)") ==
          whole(R"("max_tokens":1000,"temperature":0.7,"top_p":0.5)"));
    CHECK(with(R"("temperature":0)") == whole(R"("max_tokens":1000,"temperature":0.0)"));
    CHECK(with(R"("temperature":1.8)") == whole(R"("max_tokens":1000,"temperature":1.0)"));
}

TEST_CASE("stop is a text or several") {
    const std::string one = whole(R"("max_tokens":1000,"stop_sequences":["END"])");
    CHECK(with(R"("stop":"END")") == one);
    CHECK(with(R"("stop":["END"])") == one);
    CHECK(with(R"("stop":["a","b"])") == whole(R"("max_tokens":1000,"stop_sequences":["a","b"])"));
    CHECK(with(R"("stop":[])") == whole(R"("max_tokens":1000)"));
}

TEST_CASE("the user is named once") {
    CHECK(with(R"("user":"ada")") == whole(R"("max_tokens":1000,"metadata":{"user_id":"ada"})"));
    CHECK(with(R"("user":"ada","safety_identifier":"id-1")") ==
          whole(R"("max_tokens":1000,"metadata":{"user_id":"id-1"})"));
}

TEST_CASE("a schema for the answer is passed on") {
    CHECK(with(R"("response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,)"
               R"("schema":{"type":"object","required":["a"]}}})") ==
          whole(R"("max_tokens":1000,"output_config":{"format":{"type":"json_schema",)"
                R"("schema":{"type":"object","required":["a"]}}})"));
    CHECK(with(R"("response_format":{"type":"text"})") == whole(R"("max_tokens":1000)"));
}

TEST_CASE("what only tunes an answer, or asks for nothing, is let pass") {
    CHECK(with(R"("frequency_penalty":1,"presence_penalty":-1,"seed":7,"store":true,)"
               R"("metadata":{"a":"b"},"service_tier":"auto","prediction":{"type":"content"},)"
               R"("reasoning_effort":"low","verbosity":"low","prompt_cache_key":"k",)"
               R"("prompt_cache_retention":"24h","n":1,"logprobs":false,"top_logprobs":0,)"
               R"("logit_bias":{},"modalities":["text"],"audio":null,"functions":[],)"
               R"("function_call":null,"web_search_options":null,"anything":null)") ==
          whole(R"("max_tokens":1000)"));
}

TEST_CASE("what cannot be given is refused by its name") {
    const std::pair<const char*, const char*> cases[] = {
        {"n", "2"},
        {"logprobs", "true"},
        {"top_logprobs", "3"},
        {"logit_bias", R"({"50256":-100})"},
        {"modalities", R"(["text","audio"])"},
        {"audio", "{}"},
        {"web_search_options", "{}"},
        {"functions", R"([{"name":"f"}])"},
        {"function_call", R"("auto")"},
        {"top_k", "5"},
        {"max_tokens", "0"},
        {"max_tokens", "1.5"},
        {"max_tokens", R"("9")"},
        {"max_completion_tokens", "-1"},
        {"max_completion_tokens", "99999999999999999999"},
        {"temperature", "2.1"},
        {"temperature", R"("hot")"},
        {"top_p", "-0.1"},
        {"top_p", "1.1"},
        {"stream", R"("yes")"},
        {"stream_options", R"({"include_usage":true})"},
        {"stop", "1"},
        {"stop", R"("")"},
        {"stop", R"(["a"," \n"])"},
        {"stop", R"(["a",1])"},
        {"user", "1"},
        {"safety_identifier", "[]"},
        {"parallel_tool_calls", "1"},
    };
    for (const auto& [name, value] : cases) {
        CAPTURE(name, value);
        const Invalid problem =
            problem_with(std::string("\"").append(name).append("\":").append(value));
        CHECK(problem.param == name);
        CHECK(problem.message.starts_with(std::string(name) + ": "));
    }
    CHECK(problem_with(R"("response_format":{"type":"json_object"})").param ==
          "response_format.type");
    CHECK(problem_with(R"("response_format":"json")").param == "response_format.type");
    CHECK(problem_with(R"("response_format":{"type":"json_schema"})").param ==
          "response_format.json_schema.schema");
    CHECK(problem_with(R"("stream":true,"stream_options":1)").param == "stream_options");
    CHECK(problem_with(R"("stream":true,"stream_options":{"include_usage":1})").param ==
          "stream_options.include_usage");
}

TEST_CASE("model and messages are required") {
    CHECK(problem_of(R"({"messages":[]})").param == "model");
    CHECK(problem_of(R"({"model":7,"messages":[]})").param == "model");
    CHECK(problem_of(R"({"model":"m"})").param == "messages");
    CHECK(problem_of(R"({"model":"m","messages":{}})").param == "messages");
    CHECK(problem_of(R"({"model":"m","messages":[]})").param == "messages");
}

TEST_CASE("a chat completion that is not one JSON object is refused") {
    for (const char* body :
         {"", "[]", "7", "null", "{", R"({"model":"m"} x)", "{\"a\":\"\xFF\"}"}) {
        CAPTURE(body);
        const Invalid problem = problem_of(body);
        CHECK(problem.param.empty());
        CHECK(problem.message.starts_with("the body"));
    }
}

TEST_CASE("half a character, which an escape can write, is refused") {
    for (const char* half : {R"(\ud800)", R"(\udc00)"}) {
        CAPTURE(half);
        const std::string body =
            R"({"model":"m","messages":[{"role":"user","content":")" + std::string(half) + "\"}]}";
        CHECK(problem_of(body).message.starts_with("the body"));
    }
}

TEST_CASE("a damaged request is refused, or becomes JSON") {
    const std::string whole_request =
        R"({"model":"gpt-4o","stream":true,"stop":["a"],"tools":[{"type":"function","function":)"
        R"({"name":"f","parameters":{"type":"object"}}}],"tool_choice":"auto","messages":[)"
        R"({"role":"system","content":"s"},{"role":"user","content":[{"type":"image_url",)"
        R"("image_url":{"url":"data:image/png;base64,AAAA"}}]},{"role":"assistant","tool_calls":)"
        R"([{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},)"
        R"({"role":"tool","tool_call_id":"c","content":"t"}]})";
    REQUIRE(translate_request(whole_request, settings()).has_value());
    std::mt19937 random(5);
    int taken = 0;
    for (int round = 0; round < 5000; ++round) {
        std::string damaged = whole_request;
        for (auto i = 1 + random() % 3; i > 0; --i) {
            const std::size_t at = random() % damaged.size();
            if (random() % 2 == 0) damaged[at] = static_cast<char>(random());
            if (random() % 4 == 0) damaged.erase(at, random() % 10);
        }
        const auto result = translate_request(damaged, settings());
        if (result.has_value()) {
            ++taken;
            if (!is_json_object(result->body)) FAIL("not JSON: " << result->body);
        } else if (result.error().message.empty()) {
            FAIL("refused without a word: " << damaged);
        }
    }
    CHECK(taken > 0);
    CHECK(taken < 5000);
}

TEST_CASE("depth and number of values are limited") {
    const std::string deep(2'000'000, '[');
    CHECK(problem_with("\"tools\":" + deep).message.find("deep") != std::string::npos);
    std::string many = "[1";
    for (int i = 0; i < 1'000'000; ++i) many += ",1";
    CHECK(problem_with("\"stop\":" + many + "]").message.find("values") != std::string::npos);
    const std::string arguments(1'000'000, '{');
    CHECK(problem_in(R"([{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f",)"
                     R"("arguments":")" +
                     arguments + R"("}}]}])")
              .param == "messages[0].tool_calls[0].function.arguments");
}

}  // namespace ccproxy::openai
