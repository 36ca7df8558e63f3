// The configuration: defaults, and every problem with its key.
#include "analytics/config.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/temp_folder.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;

namespace {

struct Read {
    Config config;
    std::vector<std::string> problems;

    [[nodiscard]] bool complains(const std::string& about) const {
        return std::any_of(problems.begin(), problems.end(), [&](const std::string& problem) {
            return problem.starts_with(about + ":");
        });
    }
};

Read read(const std::string& yaml, std::map<std::string, std::string> environment = {
                                       {"CCPROXY_ADMIN_KEY", "0123456789abcdef"}}) {
    ConfigSource source =
        ConfigSource::parse(yaml,
                            [environment](const std::string& name) -> std::optional<std::string> {
                                const auto entry = environment.find(name);
                                if (entry == environment.end()) return std::nullopt;
                                return entry->second;
                            })
            .value();
    Read result;
    result.config = read_config(source);
    result.problems = source.problems();
    return result;
}

}  // namespace

TEST_CASE("an admin key is all that must be given", "[config]") {
    const Read r = read("");
    CHECK(r.problems.empty());
    CHECK(r.config.server.listen_host == "127.0.0.1");
    CHECK(r.config.server.listen_port == 8081);
    CHECK(r.config.server.threads == 4);
    CHECK(r.config.admin_key == "0123456789abcdef");
    CHECK(r.config.database_path == "/var/lib/analyticsd/ccproxy.db");
    CHECK(r.config.bus.events == "ipc:///run/ccproxy/events.sock");
    CHECK(r.config.bus.control == "ipc:///run/ccproxy/control.sock");
    CHECK(r.config.logging.enabled);
    CHECK(r.config.logging.buffer_size == 10'000);
    CHECK(r.config.logging.batch_size == 100);
    CHECK(r.config.logging.flush_interval == std::chrono::milliseconds(200));
    CHECK(r.config.logging.retention_days == 0);
    CHECK(r.config.conversations.enabled);
    CHECK(r.config.conversations.compress_after_days == 7);
    CHECK(r.config.conversations.retention_days == 0);
    CHECK(r.config.quarantine.max_rows == 100'000);
    CHECK(r.config.quarantine.max_bytes == std::int64_t{1} << 30);
    CHECK(r.config.timezone == "UTC");
    CHECK(r.config.aggregation.enabled);
    CHECK(r.config.aggregation.interval == std::chrono::hours(24));
}

TEST_CASE("what is given is taken", "[config]") {
    const Read r = read(R"(
server: {listen: "[::1]:9000", threads: 2}
database: {path: /tmp/x.db}
bus: {events: "tcp://127.0.0.1:5001", control: "ipc:///tmp/c.sock"}
logging: {enabled: false, buffer_size: 50, batch_size: 5, flush_interval: 1s, retention_days: 30}
stats: {timezone: Asia/Shanghai, aggregation_enabled: false, aggregation_interval: 6h}
conversations: {enabled: false, compress_after_days: 0, retention_days: 90}
quarantine: {max_rows: 5, max_bytes: 2MiB}
log: {level: debug}
pricing:
  models:
    my-model: {input: 2, output: "8.5"}
    claude-sonnet-4-5: {input: 4, output: 20, cache_write_5m: 0, cache_write_1h: 9, cache_read: 0.125}
    vendor.model-1: {input: 1, output: 1}
)");
    CHECK(r.problems == std::vector<std::string>{});
    CHECK(r.config.server.listen_host == "::1");
    CHECK(r.config.server.listen_port == 9000);
    CHECK_FALSE(r.config.logging.enabled);
    CHECK(r.config.logging.flush_interval == std::chrono::milliseconds(1000));
    CHECK(r.config.logging.retention_days == 30);
    CHECK_FALSE(r.config.aggregation.enabled);
    CHECK(r.config.aggregation.interval == std::chrono::hours(6));
    CHECK_FALSE(r.config.conversations.enabled);
    CHECK(r.config.conversations.compress_after_days == 0);
    CHECK(r.config.conversations.retention_days == 90);
    CHECK(r.config.quarantine.max_rows == 5);
    CHECK(r.config.quarantine.max_bytes == 2 << 20);
    CHECK(*r.config.prices.find("my-model") ==
          ModelPrice{2'000'000, 8'500'000, 2'500'000, 4'000'000, 200'000});
    CHECK(*r.config.prices.find("claude-sonnet-4-5-20250929") ==
          ModelPrice{4'000'000, 20'000'000, 0, 9'000'000, 125'000});
    CHECK(r.config.prices.find("vendor.model-1") != nullptr);
    CHECK(r.config.prices.find("claude-haiku-4-5") != nullptr);
}

TEST_CASE("every problem is reported at once, with its key", "[config]") {
    const Read r = read(R"(
server: {listen: "localhost:8081", threads: 0}
admin: {key: in-the-file-0123456789}
database: {path: relative.db}
bus: {events: "tcp://10.0.0.1:5001", control: "nonsense"}
logging: {workers: 4, buffer_size: 10, batch_size: 20, flush_interval: 5, retention_days: -1}
conversations: {enabled: perhaps, compress_after_days: -1, retention_days: 40000, keep: 1}
stats: {timezone: Mars/Olympus, aggregation_enabled: maybe, aggregation_interval: 1s}
quarantine: {max_rows: 0, max_bytes: 1}
log: {level: loud}
pricing: {models: {a: {input: cheap, output: 1}, b: {output: 1}, c: {input: 1, output: 1, input_cache: 1}}}
)");
    for (const char* key : {"server.listen",
                            "server.threads",
                            "admin.key",
                            "database.path",
                            "bus.events",
                            "bus.control",
                            "logging.workers",
                            "logging.batch_size",
                            "logging.flush_interval",
                            "logging.retention_days",
                            "conversations.enabled",
                            "conversations.compress_after_days",
                            "conversations.retention_days",
                            "conversations.keep",
                            "stats.timezone",
                            "stats.aggregation_enabled",
                            "stats.aggregation_interval",
                            "log.level",
                            "quarantine.max_rows",
                            "quarantine.max_bytes",
                            "pricing.models.a.input",
                            "pricing.models.b.input",
                            "pricing.models.c.input_cache"}) {
        INFO(key);
        CHECK(r.complains(key));
    }
    CHECK(r.problems.size() == 23);
}

TEST_CASE("there is no default admin key, and a short one is refused", "[config]") {
    CHECK(read("", {}).complains("admin.key"));
    CHECK(read("", {{"CCPROXY_ADMIN_KEY", "short"}}).complains("admin.key"));
    CHECK(read("", {{"CCPROXY_ADMIN_KEY", "has a space 0123456789"}}).complains("admin.key"));
    const Read missing = read("admin: {key_file: /nonexistent/key}", {});
    CHECK(missing.complains("admin.key_file"));
    CHECK(missing.problems.size() == 1);
}

TEST_CASE("with keys the bus may reach beyond this machine", "[config][curve]") {
    const ccproxy::test::TempFolder folder;
    const CurveKeys own = make_curve_keys();
    const CurveKeys proxy = make_curve_keys();
    const std::string key_file = folder.write("bus.key", own.secret_key + "\n");
    const std::string addresses =
        "bus:\n  events: 'tcp://0.0.0.0:5555'\n  control: 'tcp://[::]:5556'\n";
    const auto listed = [](const std::string& id, const std::string& key) {
        return "      - {id: '" + id + "', public_key: '" + key + "'}\n";
    };
    const std::string curve =
        addresses + "  curve:\n    secret_key_file: " + key_file + "\n    allowed_proxies:\n";

    const Read good = read(curve + listed("one", proxy.public_key));
    CHECK(good.problems == std::vector<std::string>{});
    REQUIRE(good.config.curve);
    CHECK(good.config.curve->keys.secret_key == own.secret_key);
    CHECK(good.config.curve->keys.public_key == own.public_key);
    REQUIRE(good.config.curve->allowed.size() == 1);
    CHECK(good.config.curve->allowed[0].id == "one");
    CHECK(good.config.curve->allowed[0].public_key == proxy.public_key);

    const Read without = read(addresses);
    CHECK(without.complains("bus.events"));
    CHECK(without.complains("bus.control"));
    const std::string list = "bus.curve.allowed_proxies";
    CHECK(read(curve + listed("", proxy.public_key)).complains(list + "[0].id"));
    CHECK(read(curve + listed("one", "short")).complains(list + "[0].public_key"));
    CHECK(read(curve + listed("one", proxy.public_key) + listed("two", proxy.public_key))
              .complains(list + "[1].public_key"));
    CHECK(read(curve + "      []\n").complains(list));
    const Read empty = read("bus: {curve: {}}");
    CHECK(empty.complains(list));
    CHECK(empty.complains("bus.curve.secret_key_file"));
    CHECK(read("bus: {curve: {secret_key: x}}").complains("bus.curve.secret_key"));
    (void)folder.write("bad.key", std::string(40, '"'));
    CHECK(read("bus: {curve: {secret_key_file: " + folder.file("bad.key") + "}}")
              .complains("bus.curve.secret_key_file"));
    (void)folder.write("open.key", own.secret_key, 0644);
    CHECK(read("bus: {curve: {secret_key_file: " + folder.file("open.key") + "}}")
              .complains("bus.curve.secret_key_file"));
}

TEST_CASE("the same socket cannot serve both ways", "[config]") {
    CHECK(read("bus: {events: 'ipc:///tmp/a.sock', control: 'ipc:///tmp/a.sock'}")
              .complains("bus.control"));
}
