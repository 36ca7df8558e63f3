#include "proxy/config.hpp"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <thread>

#include "proxy/config_accounts.hpp"

namespace ccproxy {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds day{86'400'000};
constexpr std::size_t min_admin_key_chars = 16;

ListenConfig read_listen(ConfigSource& source, const std::string& key, const char* fallback) {
    const std::string text = source.text(key, fallback);
    const std::size_t colon = text.rfind(':');
    ListenConfig listen;
    if (colon != std::string::npos) {
        listen.host = text.substr(0, colon);
        if (listen.host.starts_with('[') && listen.host.ends_with(']')) {
            listen.host = listen.host.substr(1, listen.host.size() - 2);
        }
        const char* end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data() + colon + 1, end, listen.port);
        boost::system::error_code bad_host;
        boost::asio::ip::make_address(listen.host, bad_host);
        if (error == std::errc() && at == end && !bad_host) return listen;
    }
    source.problem(key, std::string("must be an IP address and a port, such as ") + fallback);
    return {};
}

std::string host_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "ccproxy";
}

std::string read_name(ConfigSource& source) {
    const std::string name = source.text("name", host_name());
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    };
    if (name.empty() || name.size() > 64 || !std::all_of(name.begin(), name.end(), fits)) {
        source.problem("name", "must be 1 to 64 letters, digits, dots, dashes or underscores");
    }
    return name;
}

accounts::FailoverConfig read_failover(ConfigSource& source) {
    accounts::FailoverConfig failover;
    failover.max_attempts = static_cast<int>(source.integer(
        "failover.max_attempts", failover.max_attempts, 1, accounts::max_attempts_limit));
    const milliseconds minute{60'000};
    failover.first_backoff =
        source.duration("failover.first_backoff", failover.first_backoff, milliseconds(0), minute);
    failover.max_backoff =
        source.duration("failover.max_backoff", failover.max_backoff, milliseconds(0), minute);
    accounts::BreakerOptions& breaker = failover.breaker;
    breaker.failures = static_cast<int>(
        source.integer("failover.breaker_failures", breaker.failures, 1, 1'000'000));
    const auto open = [&](const char* key, std::int64_t& value) {
        value = source.duration(key, milliseconds(value), milliseconds(100), day).count();
    };
    open("failover.breaker_open", breaker.open_ms);
    open("failover.breaker_max_open", breaker.max_open_ms);
    if (breaker.max_open_ms < breaker.open_ms) {
        source.problem("failover.breaker_max_open", "is less than failover.breaker_open");
    }
    return failover;
}

std::optional<AdminConfig> read_admin(ConfigSource& source) {
    const bool has_key = source.has("admin.key") || source.has("admin.key_file");
    AdminConfig admin;
    admin.key = source.secret("admin.key");
    if (source.has("admin.listen") && source.text("admin.listen", "").empty()) return std::nullopt;
    const ListenConfig listen = read_listen(source, "admin.listen", "127.0.0.1:8091");
    admin.host = listen.host;
    admin.port = listen.port;
    if (!admin.key.empty() &&
        (admin.key.size() < min_admin_key_chars || !is_header_safe(admin.key))) {
        source.problem("admin.key", "must be 16 or more printable ASCII characters without spaces");
    }
    boost::system::error_code error;
    if (!has_key && !boost::asio::ip::make_address(admin.host, error).is_loopback()) {
        source.problem("admin.key_file", "is required when admin.listen is no loopback address");
    }
    return admin;
}

std::optional<DrainLimits> read_drain(ConfigSource& source) {
    const std::string policy = source.choice("on_client_abort", "cancel", {"cancel", "drain"});
    DrainLimits limits;
    limits.max_time = source.duration("drain.max_time", limits.max_time, milliseconds(100), day);
    limits.max_bytes = static_cast<std::size_t>(
        source.bytes("drain.max_bytes", static_cast<std::int64_t>(limits.max_bytes), 1024,
                     std::int64_t{1} << 40));
    if (policy == "drain") return limits;
    return std::nullopt;
}

TimeoutConfig read_timeouts(ConfigSource& source) {
    TimeoutConfig timeouts;
    const auto read = [&](const char* key, milliseconds& value) {
        value = source.duration(std::string("timeouts.") + key, value, milliseconds(100), day);
    };
    read("client_head", timeouts.client_head);
    read("client_idle", timeouts.client_idle);
    read("client_body", timeouts.client_body);
    read("client_write", timeouts.client_write);
    read("connect", timeouts.connect);
    read("upstream_send", timeouts.upstream_send);
    read("first_byte", timeouts.first_byte);
    read("upstream_idle", timeouts.upstream_idle);
    return timeouts;
}

LimitConfig read_limits(ConfigSource& source) {
    LimitConfig limits;
    const auto bytes = [&](const char* key, std::size_t value, std::int64_t min) {
        return static_cast<std::size_t>(source.bytes(std::string("limits.") + key,
                                                     static_cast<std::int64_t>(value), min,
                                                     std::int64_t{1} << 40));
    };
    limits.max_head_bytes = bytes("max_head_bytes", limits.max_head_bytes, 1024);
    limits.max_body_bytes = bytes("max_body_bytes", limits.max_body_bytes, 1024);
    limits.max_buffered_bytes = bytes("max_buffered_bytes", limits.max_buffered_bytes, 1 << 20);
    const auto count = [&](const char* key, std::size_t& value, std::int64_t min) {
        value = static_cast<std::size_t>(source.integer(
            std::string("limits.") + key, static_cast<std::int64_t>(value), min, 1'000'000));
    };
    count("max_connections", limits.max_connections, 1);
    count("max_connections_per_address", limits.max_connections_per_address, 0);
    count("max_failed_keys_per_minute", limits.max_failed_keys_per_minute, 0);
    return limits;
}

openai::Settings read_openai(ConfigSource& source) {
    openai::Settings openai;
    openai.default_max_tokens =
        source.integer("openai.default_max_tokens", openai.default_max_tokens, 1, 1'000'000);
    for (const std::string& name : source.map_keys("openai.models")) {
        const bool dotted = name.find_first_of(".[") != std::string::npos;
        const std::string key = "openai.models." + (dotted ? '"' + name + '"' : name);
        const std::string model = source.required_text(key);
        if (!is_header_safe(model)) {
            source.problem(key, "holds white space or a control character");
        }
        openai.models[name] = model;
    }
    return openai;
}

ConversationConfig read_conversations(ConfigSource& source, std::int64_t journal_bytes) {
    ConversationConfig conversations;
    // One conversation must not fill the journal.
    const std::int64_t most = std::min<std::int64_t>(journal_bytes / 4, 32 << 20);
    conversations.max_bytes = std::min(conversations.max_bytes, static_cast<std::size_t>(most));
    const auto bytes = [&](const char* key, std::size_t& value, std::int64_t min,
                           std::int64_t max) {
        value = static_cast<std::size_t>(source.bytes(std::string("conversations.") + key,
                                                      static_cast<std::int64_t>(value), min, max));
    };
    bytes("max_bytes", conversations.max_bytes, 64 << 10, most);
    bytes("max_held_bytes", conversations.max_held_bytes, 1 << 20, std::int64_t{1} << 40);
    return conversations;
}

std::optional<bus::Curve> read_curve(ConfigSource& source) {
    const std::string secret = "bus.curve.secret_key";
    const std::string server = "bus.curve.server_public_key";
    bus::Curve curve;
    curve.keys = read_curve_keys(source);
    curve.server_public_key = source.text(server, "");
    const bool has_secret = source.has(secret) || source.has(secret + "_file");
    if (!source.has("bus.curve") && !has_secret && !source.has(server)) return std::nullopt;
    if (!has_secret) source.problem(secret + "_file", "is required in bus.curve");
    if (!is_curve_key(curve.server_public_key)) {
        source.problem(server, "must be the 40 characters of analyticsd's bus.pub, quoted");
    }
    return curve;
}

void read_bus(ConfigSource& source, ProxyConfig& config) {
    config.curve = read_curve(source);
    const BusReach reach = config.curve ? BusReach::network_by_name : BusReach::loopback;
    const auto address = [&](const char* key, std::string& value) {
        value = source.text(key, value);
        const Result<void> checked = check_bus_address(value, reach);
        if (!checked) source.problem(key, checked.error().message);
    };
    address("bus.events", config.bus.events);
    address("bus.control", config.bus.control);
    if (config.bus.events == config.bus.control) {
        source.problem("bus.control", "is the same address as bus.events");
    }
}

}  // namespace

ProxyConfig read_proxy_config(ConfigSource& source) {
    ProxyConfig config;
    config.listen = read_listen(source, "listen", "127.0.0.1:8080");
    config.tls = net::read_tls_files(source, "tls");
    config.trusted_proxies = net::read_trusted_proxies(source);
    config.name = read_name(source);
    config.state_dir = source.text("state_dir", "/var/lib/ccproxy");
    if (!config.state_dir.starts_with('/')) {
        source.problem("state_dir", "must be an absolute path");
    }
    const auto cores = static_cast<std::int64_t>(std::max(1U, std::thread::hardware_concurrency()));
    config.workers = static_cast<std::size_t>(source.integer("workers", cores, 1, 256));
    config.accounts = read_accounts(source);
    config.failover = read_failover(source);
    config.admin = read_admin(source);
    config.drain = read_drain(source);
    config.timeouts = read_timeouts(source);
    config.limits = read_limits(source);
    config.journal.max_bytes =
        source.bytes("journal.max_bytes", config.journal.max_bytes, 1 << 20, std::int64_t{1} << 44);
    config.journal.sync_interval =
        source.duration("journal.sync_interval", config.journal.sync_interval, milliseconds(0),
                        milliseconds(60'000));
    config.journal.retain =
        source.duration("journal.retain", config.journal.retain, milliseconds(0), 365 * day);
    config.openai = read_openai(source);
    config.conversations = read_conversations(source, config.journal.max_bytes);
    read_bus(source, config);
    config.shutdown_grace =
        source.duration("shutdown_grace", config.shutdown_grace, milliseconds(0), day);
    config.log_level = source.choice("log.level", "info", {"debug", "info", "warn", "error"});
    return config;
}

std::vector<std::string> keys_for_restart(const ProxyConfig& running, const ProxyConfig& fresh) {
    std::vector<std::string> keys;
    const auto compare = [&keys](const char* key, const auto& before, const auto& after) {
        if (!(before == after)) keys.emplace_back(key);
    };
    compare("listen", running.listen, fresh.listen);
    compare("tls", running.tls.has_value(), fresh.tls.has_value());
    compare("trusted_proxies", running.trusted_proxies, fresh.trusted_proxies);
    compare("name", running.name, fresh.name);
    compare("state_dir", running.state_dir, fresh.state_dir);
    compare("workers", running.workers, fresh.workers);
    compare("admin", running.admin, fresh.admin);
    compare("on_client_abort", running.drain, fresh.drain);
    compare("timeouts", running.timeouts, fresh.timeouts);
    compare("limits", running.limits, fresh.limits);
    compare("conversations", running.conversations, fresh.conversations);
    compare("journal", running.journal, fresh.journal);
    compare("openai", running.openai, fresh.openai);
    compare("bus.events", running.bus.events, fresh.bus.events);
    compare("bus.control", running.bus.control, fresh.bus.control);
    compare("bus.curve", running.curve, fresh.curve);
    compare("shutdown_grace", running.shutdown_grace, fresh.shutdown_grace);
    compare("log.level", running.log_level, fresh.log_level);
    return keys;
}

}  // namespace ccproxy
