#include "analytics/config.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <set>

#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::size_t min_admin_key_chars = 16;
constexpr std::int64_t max_days = 36'500;

void read_server(ConfigSource& source, ServerConfig& server) {
    const std::string key = "server.listen";
    const std::string listen = source.text(key, "127.0.0.1:8081");
    server.threads = static_cast<int>(source.integer("server.threads", server.threads, 1, 64));
    server.tls = net::read_tls_files(source, "server.tls");
    const std::size_t colon = listen.rfind(':');
    unsigned port = 0;
    const char* const end = listen.data() + listen.size();
    if (colon == std::string::npos ||
        std::from_chars(listen.data() + colon + 1, end, port).ptr != end || port < 1 ||
        port > 65535) {
        return source.problem(key, "must be an address and a port, such as 127.0.0.1:8081");
    }
    std::string host = listen.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    if (error) return source.problem(key, "must begin with an IP address");
    server.listen_host = host;
    server.listen_port = static_cast<std::uint16_t>(port);
}

void read_limits(ConfigSource& source, LimitConfig& limits) {
    const auto read = [&](const char* name, std::size_t& value, std::int64_t min) {
        value = static_cast<std::size_t>(source.integer(
            std::string("limits.") + name, static_cast<std::int64_t>(value), min, 1'000'000));
    };
    read("max_connections", limits.max_connections, 1);
    read("max_connections_per_address", limits.max_connections_per_address, 0);
    read("max_failed_keys_per_minute", limits.max_failed_keys_per_minute, 0);
}

std::string read_admin_key(ConfigSource& source) {
    const bool given = source.has("admin.key") || source.has("admin.key_file");
    std::string key = source.secret("admin.key");
    if (key.empty() && given) return key;  // What is wrong with it has been noted already.
    if (key.empty()) {
        source.problem("admin.key",
                       "is required: set CCPROXY_ADMIN_KEY, or name a file in admin.key_file");
    } else if (key.size() < min_admin_key_chars) {
        source.problem("admin.key", "must have at least 16 characters");
    } else if (!std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; })) {
        source.problem("admin.key", "must be of printable ASCII characters without spaces");
    }
    return key;
}

std::optional<BusCurve> read_curve(ConfigSource& source) {
    const std::string list = "bus.curve.allowed_proxies";
    const std::string secret = "bus.curve.secret_key";
    BusCurve curve;
    curve.keys = read_curve_keys(source);
    const std::size_t count = source.list_size(list);
    const bool has_secret = source.has(secret) || source.has(secret + "_file");
    if (!source.has("bus.curve") && !has_secret && count == 0) return std::nullopt;
    if (!has_secret) source.problem(secret + "_file", "is required in bus.curve");
    if (count == 0) source.problem(list, "must list a proxy: nobody else may come in");
    std::set<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string key = list + "[" + std::to_string(i) + "]";
        AllowedProxy proxy;
        proxy.id = source.required_text(key + ".id");
        proxy.public_key = source.text(key + ".public_key", "");
        if (!is_curve_key(proxy.public_key)) {
            source.problem(key + ".public_key", "must be the 40 characters of a bus.pub, quoted");
        } else if (!keys.insert(proxy.public_key).second) {
            source.problem(key + ".public_key", "is listed twice");
        }
        curve.allowed.push_back(std::move(proxy));
    }
    return curve;
}

void read_bus(ConfigSource& source, BusAddresses& bus, BusReach reach) {
    const auto address = [&](const std::string& key, std::string& value) {
        value = source.text(key, value);
        const Result<void> allowed = check_bus_address(value, reach);
        if (!allowed) source.problem(key, allowed.error().message);
    };
    address("bus.events", bus.events);
    address("bus.control", bus.control);
    if (bus.events == bus.control) source.problem("bus.control", "must differ from bus.events");
}

void read_logging(ConfigSource& source, LoggingConfig& logging) {
    const auto count = [&](const char* key, std::size_t fallback, std::int64_t max) {
        return static_cast<std::size_t>(
            source.integer(key, static_cast<std::int64_t>(fallback), 1, max));
    };
    logging.enabled = source.boolean("logging.enabled", logging.enabled);
    logging.buffer_size = count("logging.buffer_size", logging.buffer_size, 1'000'000);
    logging.batch_size = count("logging.batch_size", logging.batch_size, 10'000);
    logging.flush_interval =
        source.duration("logging.flush_interval", logging.flush_interval,
                        std::chrono::milliseconds(0), std::chrono::milliseconds(60'000));
    logging.retention_days =
        source.integer("logging.retention_days", logging.retention_days, 0, max_days);
    if (logging.batch_size > logging.buffer_size) {
        source.problem("logging.batch_size", "is larger than logging.buffer_size");
    }
    if (source.has("logging.workers")) {
        source.problem("logging.workers",
                       "is not a key of this program: one thread writes, since the database takes "
                       "one writer at a time");
    }
}

void read_conversations(ConfigSource& source, ConversationsConfig& conversations) {
    conversations.enabled = source.boolean("conversations.enabled", conversations.enabled);
    conversations.compress_after_days = source.integer(
        "conversations.compress_after_days", conversations.compress_after_days, 0, max_days);
    conversations.retention_days =
        source.integer("conversations.retention_days", conversations.retention_days, 0, max_days);
}

void read_quarantine(ConfigSource& source, QuarantineLimits& limits) {
    limits.max_rows = source.integer("quarantine.max_rows", limits.max_rows, 1, 10'000'000);
    limits.max_bytes =
        source.bytes("quarantine.max_bytes", limits.max_bytes, 1 << 20, std::int64_t{1} << 40);
}

void read_aggregation(ConfigSource& source, AggregationConfig& aggregation) {
    aggregation.enabled = source.boolean("stats.aggregation_enabled", aggregation.enabled);
    aggregation.interval = source.duration("stats.aggregation_interval", aggregation.interval,
                                           std::chrono::minutes(1), std::chrono::hours(24 * 366));
}

/// US dollars per million tokens; `fallback` when the key is absent.
std::int64_t read_price(ConfigSource& source, const std::string& key, std::int64_t fallback) {
    const std::string text = source.text(key, "");
    if (text.empty()) return fallback;
    const Result<std::int64_t> price = parse_usd_per_million(text);
    if (price) return *price;
    source.problem(key, price.error().message);
    return fallback;
}

void read_prices(ConfigSource& source, PriceTable& prices) {
    for (const std::string& model : source.map_keys("pricing.models")) {
        const bool dotted = model.find_first_of(".[") != std::string::npos;
        const std::string key = "pricing.models." + (dotted ? '"' + model + '"' : model);
        for (const char* required : {".input", ".output"}) {
            if (!source.has(key + required)) source.problem(key + required, "is required");
        }
        const std::int64_t input = read_price(source, key + ".input", 0);
        ModelPrice price = with_usual_cache_prices(input, read_price(source, key + ".output", 0));
        price.cache_write_5m = read_price(source, key + ".cache_write_5m", price.cache_write_5m);
        price.cache_write_1h = read_price(source, key + ".cache_write_1h", price.cache_write_1h);
        price.cache_read = read_price(source, key + ".cache_read", price.cache_read);
        prices.set(model, price);
    }
}

}  // namespace

Config read_config(ConfigSource& source) {
    Config config;
    read_server(source, config.server);
    read_limits(source, config.limits);
    config.trusted_proxies = net::read_trusted_proxies(source);
    config.admin_key = read_admin_key(source);
    config.database_path = source.text("database.path", config.database_path);
    if (config.database_path.empty() || config.database_path.front() != '/') {
        source.problem("database.path", "must be an absolute path");
    }
    config.curve = read_curve(source);
    read_bus(source, config.bus, config.curve ? BusReach::network : BusReach::loopback);
    read_logging(source, config.logging);
    read_conversations(source, config.conversations);
    read_quarantine(source, config.quarantine);
    config.timezone = source.text("stats.timezone", config.timezone);
    const Result<DayZone> zone = DayZone::find(config.timezone);
    if (!zone) source.problem("stats.timezone", zone.error().message);
    read_aggregation(source, config.aggregation);
    read_prices(source, config.prices);
    config.log_level =
        source.choice("log.level", config.log_level, {"debug", "info", "warn", "error"});
    return config;
}

}  // namespace ccproxy::analytics
