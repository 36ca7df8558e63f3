// analyticsd: reads its command line and configuration, runs until it is told to stop. SIGHUP has
// it read its certificate anew.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <optional>

#include "analytics/app.hpp"
#include "analytics/config.hpp"
#include "common/bus/curve_keys.hpp"
#include "common/log.hpp"
#include "common/sd_notify.hpp"

namespace {

using namespace ccproxy;
using namespace ccproxy::analytics;

constexpr int exit_startup_failed = 1;
constexpr int exit_bad_configuration = 2;

/// Empty when the configuration is not valid; every problem then stands on standard error.
std::optional<Config> load_config(const std::string& path) {
    Result<ConfigSource> source = ConfigSource::load(path, process_environment());
    if (!source) {
        std::cerr << source.error().message << '\n';
        return std::nullopt;
    }
    Config config = read_config(*source);
    const std::vector<std::string> problems = source->problems();
    for (const std::string& problem : problems) std::cerr << problem << '\n';
    if (!problems.empty()) return std::nullopt;
    return config;
}

/// Blocked before any thread starts, so that the main thread alone takes them, in sigwait.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return signals;
}

int run(const Config& config) {
    const sigset_t signals = block_signals();
    set_up_log("analyticsd", config.log_level);
    const SystemClock clock;
    App app(config, clock);
    try {
        app.start();
    } catch (const std::exception& error) {
        spdlog::error("cannot start: {}", error.what());
        return exit_startup_failed;
    }
    notify_ready();
    int signal = 0;
    while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) app.reload_certificate();
    notify_stopping();
    spdlog::info("stopping");
    app.stop();
    spdlog::info("stopped");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App command_line("Collects what the proxies record, and answers questions about it.");
    std::string config_path;
    std::string keys_folder;
    bool check_only = false;
    command_line.set_version_flag("--version", "analyticsd " CCPROXY_VERSION);
    command_line.add_option("--config", config_path, "Configuration file (YAML)");
    command_line.add_flag("--check-config", check_only, "Check the configuration and exit");
    command_line.add_option(
        "--generate-bus-keys", keys_folder,
        "Make bus.key and bus.pub in this folder, print the public key, and exit");
    try {
        command_line.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return command_line.exit(error) == 0 ? 0 : exit_bad_configuration;
    }
    if (!keys_folder.empty()) return run_generate_bus_keys(keys_folder);
    const std::optional<Config> config = load_config(config_path);
    if (!config) return exit_bad_configuration;
    if (check_only) {
        std::cout << "configuration is valid\n";
        return 0;
    }
    return run(*config);
}
