// ccproxy: reads its configuration, runs the server, and waits for a signal to stop.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <iostream>
#include <thread>

#include "common/bus/curve_keys.hpp"
#include "common/log.hpp"
#include "common/sd_notify.hpp"
#include "proxy/server.hpp"

namespace {

constexpr int exit_bad_configuration = 2;

/// Blocks SIGTERM and SIGINT in this thread and in all it starts, so that one place waits for them.
sigset_t block_stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

int run(ccproxy::ProxyConfig config) {
    const sigset_t signals = block_stop_signals();
    std::signal(SIGPIPE, SIG_IGN);
    ccproxy::set_up_log("ccproxy", config.log_level);
    try {
        ccproxy::Server server(config);
        spdlog::info("version {} listening on {}:{} with {} workers and {} accounts",
                     CCPROXY_VERSION, config.listen.host, server.port(), config.workers,
                     config.accounts.size());
        ccproxy::notify_ready();
        int signal = 0;
        sigwait(&signals, &signal);
        spdlog::info("stopping; a second signal cuts what is still open");
        ccproxy::notify_stopping();
        std::atomic<bool> hurry{false};
        std::atomic<bool> done{false};
        std::thread second_signal([&] {
            const timespec wait{0, 100'000'000};
            while (!done.load()) {
                if (sigtimedwait(&signals, nullptr, &wait) > 0) hurry.store(true);
            }
        });
        server.stop(hurry);
        done.store(true);
        second_signal.join();
    } catch (const std::exception& error) {
        spdlog::error("{}", error.what());
        return 1;
    }
    spdlog::info("stopped");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"ccproxy: a recording proxy between Claude clients and Claude accounts"};
    std::string config_path;
    std::string keys_folder;
    bool check_only = false;
    app.set_version_flag("--version", "ccproxy " CCPROXY_VERSION);
    app.add_option("--config", config_path,
                   "Configuration file (YAML); CCPROXY_… variables win over it");
    app.add_flag("--check-config", check_only, "Check the configuration and exit");
    app.add_option("--generate-bus-keys", keys_folder,
                   "Make bus.key and bus.pub in this folder, print the public key, and exit");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_bad_configuration;
    }
    if (!keys_folder.empty()) return ccproxy::run_generate_bus_keys(keys_folder);

    auto source = ccproxy::ConfigSource::load(config_path, ccproxy::process_environment());
    if (!source) {
        std::cerr << "ccproxy: " << source.error().message << "\n";
        return exit_bad_configuration;
    }
    ccproxy::ProxyConfig config = ccproxy::read_proxy_config(*source);
    const std::vector<std::string> problems = source->problems();
    for (const std::string& problem : problems) std::cerr << "ccproxy: " << problem << "\n";
    if (!problems.empty()) return exit_bad_configuration;
    if (check_only) {
        std::cout << "configuration is valid\n";
        return 0;
    }
    return run(std::move(config));
}
