// The description of the API beside the table of its calls.
#include "analytics/api/openapi.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "analytics/api/routes.hpp"
#include "tests/unit/analytics/api/api_fixture.hpp"

namespace ccproxy::analytics::test {
namespace {

bool is_method(const std::string& key) {
    static const std::vector<std::string> methods{"get",  "put",     "post",  "delete",
                                                  "head", "options", "patch", "trace"};
    return std::find(methods.begin(), methods.end(), key) != methods.end();
}

std::string in_capitals(std::string text) {
    for (char& c : text) c = static_cast<char>(c - 'a' + 'A');
    return text;
}

/// `/a/{id}` as the table writes it: `/a/:id`.
std::string pattern_of(std::string path) {
    std::replace(path.begin(), path.end(), '{', ':');
    path.erase(std::remove(path.begin(), path.end(), '}'), path.end());
    return path;
}

std::vector<std::string> described_calls(const YAML::Node& document) {
    std::vector<std::string> calls;
    for (const auto& path : document["paths"]) {
        for (const auto& member : path.second) {
            const auto key = member.first.as<std::string>();
            if (!is_method(key)) continue;
            calls.push_back(in_capitals(key) + " " + pattern_of(path.first.as<std::string>()));
        }
    }
    return calls;
}

}  // namespace

TEST_CASE("Every call is described, and nothing else is", "[api][openapi]") {
    std::vector<std::string> described =
        described_calls(YAML::Load(std::string(openapi_document())));
    std::vector<std::string> known = known_calls();
    std::sort(described.begin(), described.end());
    std::sort(known.begin(), known.end());
    CHECK(described == known);
}

TEST_CASE("The description is of this version", "[api][openapi]") {
    const YAML::Node document = YAML::Load(std::string(openapi_document()));
    CHECK(document["info"]["version"].as<std::string>() == CCPROXY_VERSION);
}

}  // namespace ccproxy::analytics::test
