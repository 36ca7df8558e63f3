#include "common/config_source.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/temp_folder.hpp"

namespace ccproxy {
namespace {

using namespace std::chrono_literals;

ConfigSource source(const std::string& yaml, std::map<std::string, std::string> environment = {}) {
    auto lookup = [environment](const std::string& name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        if (found == environment.end()) return std::nullopt;
        return found->second;
    };
    return ConfigSource::parse(yaml, lookup).value();
}

}  // namespace

TEST_CASE("the environment wins over the file, and the file over the default") {
    ConfigSource config = source("a: {b: 1, c: x}\n", {{"CCPROXY_A_B", "2"}});
    CHECK(config.integer("a.b", 0, 0, 10) == 2);
    CHECK(config.text("a.c", "d") == "x");
    CHECK(config.text("a.d", "d") == "d");
    CHECK(config.problems().empty());
}

TEST_CASE("durations and sizes have units") {
    ConfigSource config =
        source("d: 5m\nms: 200ms\nzero: 0\nbare: 30\ns: 32MiB\nn: 4096\nbad: 3 lightyears\n");
    CHECK(config.duration("d", 0ms, 0ms, 1h) == 5min);
    CHECK(config.duration("ms", 0ms, 0ms, 1h) == 200ms);
    CHECK(config.duration("zero", 9ms, 0ms, 1h) == 0ms);
    CHECK(config.bytes("s", 0, 0, 1 << 30) == 32 << 20);
    CHECK(config.bytes("n", 0, 0, 1 << 30) == 4096);
    CHECK(config.problems().size() == 2);  // `bare` and `bad` were not asked for yet
    CHECK(config.duration("bare", 7ms, 0ms, 1h) == 7ms);
    CHECK(config.bytes("bad", 7, 0, 1 << 30) == 7);
}

TEST_CASE("every problem is reported with its key, unknown keys too") {
    ConfigSource config = source("port: 99999\nlevel: loud\njournal: {max: 1}\nlist: 3\n");
    config.integer("port", 80, 1, 65535);
    config.choice("level", "info", {"info", "warn"});
    config.bytes("journal.max_bytes", 1, 1, 2);
    config.required_text("name");
    config.list_size("list");
    const std::vector<std::string> problems = config.problems();
    const std::vector<std::string> expected{
        "port: must be between 1 and 65535", "level: must be one of info warn", "name: is required",
        "list: must be a list", "journal.max: is not a key of this program"};
    CHECK(problems == expected);
}

TEST_CASE("lists come from the file and from the environment") {
    ConfigSource config = source("accounts: [{id: a}]\n", {{"CCPROXY_ACCOUNTS_1_ID", "b"}});
    REQUIRE(config.list_size("accounts") == 2);
    CHECK(config.text("accounts[0].id", "") == "a");
    CHECK(config.text("accounts[1].id", "") == "b");
    CHECK(config.problems().empty());
}

TEST_CASE("keys of a mapping may hold dots") {
    ConfigSource config = source("models: {claude-3.5: {input: 3}}\n");
    CHECK(config.map_keys("models") == std::vector<std::string>{"claude-3.5"});
    CHECK(config.number("models.\"claude-3.5\".input", 0, 0, 100) == 3.0);
    CHECK(config.problems().empty());
}

TEST_CASE("a secret comes from a private file or the environment, never from the file itself") {
    const test::TempFolder folder;
    const std::string good = folder.write("good", "secret\n", 0600);
    const std::string open = folder.write("open", "secret\n", 0640);
    const std::string empty = folder.write("empty", "\n", 0600);

    ConfigSource config = source("a_file: " + good + "\nb_file: " + open + "\nc_file: " + empty +
                                     "\nd: inline\ne_file: /nowhere/at/all\n",
                                 {{"CCPROXY_F", "from environment"}});
    CHECK(config.secret("a") == "secret");
    CHECK(config.secret("f") == "from environment");
    CHECK(config.problems().empty() == false);
    for (const char* key : {"b", "c", "d", "e"}) CHECK(config.secret(key).empty());
    const std::vector<std::string> problems = config.problems();
    const auto names = [&](const std::string& text) {
        for (const std::string& problem : problems) {
            if (problem.find(text) != std::string::npos) return true;
        }
        return false;
    };
    CHECK(names("b_file: " + open + " may be read by others"));
    CHECK(names("c_file: " + empty + " is empty"));
    CHECK(names("d: a secret does not belong in this file"));
    CHECK(names("e_file: /nowhere/at/all cannot be opened"));
    for (const std::string& problem : problems) {
        CHECK(problem.find("inline") == std::string::npos);
    }
}

TEST_CASE("what is not YAML, or not a mapping, is refused") {
    const auto none = [](const std::string&) { return std::optional<std::string>(); };
    CHECK(ConfigSource::parse("a: [", none).has_error());
    CHECK(ConfigSource::parse("- a", none).has_error());
    CHECK(ConfigSource::load("/nowhere/at/all.yaml", none).has_error());
    CHECK(ConfigSource::parse("", none).has_value());
}

}  // namespace ccproxy
