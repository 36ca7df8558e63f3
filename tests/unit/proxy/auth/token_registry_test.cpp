#include "proxy/auth/token_registry.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/unit/temp_folder.hpp"

namespace ccproxy::auth {
namespace {

TokenEntry token(const std::string& id, const std::string& key, bool revoked = false) {
    return {id, sha256(key), "name of " + id, "both", std::nullopt, revoked, false};
}

}  // namespace

TEST_CASE("without a registry nobody is known") {
    const test::TempFolder folder;
    const TokenRegistry registry(folder.file("registry.json"));
    CHECK_FALSE(registry.is_loaded());
    CHECK(registry.find("key") == nullptr);
}

TEST_CASE("a registry is found again after a restart, in a private file without keys") {
    const test::TempFolder folder;
    const std::string file = folder.file("registry.json");
    {
        TokenRegistry registry(file);
        registry.replace({"v1", {token("a", "key-a"), token("b", "key-b", true)}});
    }
    const TokenRegistry registry(file);
    REQUIRE(registry.is_loaded());
    CHECK(registry.version() == "v1");
    CHECK(registry.find("key-a")->id == "a");
    CHECK(registry.find("key-b")->revoked);
    CHECK(registry.find("key-c") == nullptr);
    struct stat status {};
    REQUIRE(::stat(file.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a change is taken only on top of its version") {
    const test::TempFolder folder;
    TokenRegistry registry(folder.file("registry.json"));
    CHECK_FALSE(registry.apply({"v1", "v2", {token("a", "key-a")}}));
    registry.replace({"v1", {token("a", "key-a")}});
    CHECK_FALSE(registry.apply({"v0", "v2", {token("a", "key-a", true)}}));
    CHECK_FALSE(registry.find("key-a")->revoked);
    CHECK(registry.apply({"v1", "v2", {token("a", "key-a", true), token("b", "key-b")}}));
    CHECK(registry.find("key-a")->revoked);
    CHECK(registry.find("key-b")->id == "b");
    CHECK(registry.find(sha256("key-b"))->id == "b");
    CHECK(registry.find(sha256("key-c")) == nullptr);
    CHECK(registry.version() == "v2");
    CHECK(TokenRegistry(folder.file("registry.json")).version() == "v2");
}

TEST_CASE("a damaged file is told, and is no registry") {
    const test::TempFolder folder;
    const TokenRegistry registry(folder.write("registry.json", "{\"version\":"));
    CHECK_FALSE(registry.is_loaded());
    CHECK(registry.load_problem().find("registry.json: not JSON") != std::string::npos);
}

}  // namespace ccproxy::auth
