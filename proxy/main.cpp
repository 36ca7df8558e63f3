// ccproxy: reads its configuration, runs the server, and waits for signals: to stop, to read its
// accounts and its certificate anew.
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <initializer_list>
#include <iostream>
#include <thread>

#include "common/bus/curve_keys.hpp"
#include "common/log.hpp"
#include "common/sd_notify.hpp"
#include "proxy/server.hpp"

namespace {

constexpr int exit_bad_configuration = 2;

sigset_t signal_set(std::initializer_list<int> numbers) {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : numbers) sigaddset(&signals, number);
    return signals;
}

/// The configuration, and every problem that it has.
struct Loaded {
    ccproxy::ProxyConfig config;
    std::vector<std::string> problems;
};

Loaded load_config(const std::string& path) {
    Loaded loaded;
    auto source = ccproxy::ConfigSource::load(path, ccproxy::process_environment());
    if (source) {
        loaded.config = ccproxy::read_proxy_config(*source);
        loaded.problems = source->problems();
    } else {
        loaded.problems = {source.error().message};
    }
    return loaded;
}

/// Reads the configuration again and takes over its accounts and its certificate; with a fault in
/// it all stays as it was.
void reload(ccproxy::Server& server, const ccproxy::ProxyConfig& running, const std::string& path) {
    const Loaded loaded = load_config(path);
    for (const std::string& problem : loaded.problems) spdlog::error("reload: {}", problem);
    if (!loaded.problems.empty()) {
        spdlog::error("reload: refused; all stays as it was");
        return;
    }
    try {
        server.reload(loaded.config);
    } catch (const std::exception& error) {
        spdlog::error("reload: refused; all stays as it was: {}", error.what());
        return;
    }
    for (const std::string& key : ccproxy::keys_for_restart(running, loaded.config)) {
        spdlog::warn("reload: {} has changed, which a restart takes over", key);
    }
    spdlog::info("reload: done, {} accounts", loaded.config.accounts.size());
}

/// Memory that the heap keeps at its end, and the size from which a block is mapped for itself.
constexpr int kept_heap_bytes = 4 * 1024 * 1024;
constexpr int mapped_block_bytes = 1024 * 1024;

/// By default a body of 100 KB is given back to the system when it has gone, and the next one costs
/// a page fault for every 4 KB of it.
void keep_freed_memory() {
    mallopt(M_TRIM_THRESHOLD, kept_heap_bytes);
    mallopt(M_MMAP_THRESHOLD, mapped_block_bytes);
}

int run(const ccproxy::ProxyConfig& config, const std::string& config_path) {
    // Blocked in this thread and in all it starts, so that one place waits for them.
    const sigset_t signals = signal_set({SIGTERM, SIGINT, SIGHUP});
    const sigset_t stop_signals = signal_set({SIGTERM, SIGINT});
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    keep_freed_memory();
    ccproxy::set_up_log("ccproxy", config.log_level);
    try {
        ccproxy::Server server(config);
        spdlog::info("version {} listening on {} with {} workers and {} accounts", CCPROXY_VERSION,
                     ccproxy::net::endpoint_text(config.listen.host, server.port()), config.workers,
                     config.accounts.size());
        if (config.admin) {
            spdlog::info("admin API on {}",
                         ccproxy::net::endpoint_text(config.admin->host, server.admin_port()));
        }
        ccproxy::notify_ready();
        int signal = 0;
        while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) {
            reload(server, config, config_path);
        }
        spdlog::info("stopping; a second signal cuts what is still open");
        ccproxy::notify_stopping();
        std::atomic<bool> hurry{false};
        std::atomic<bool> done{false};
        std::thread second_signal([&] {
            const timespec wait{0, 100'000'000};
            while (!done.load()) {
                if (sigtimedwait(&stop_signals, nullptr, &wait) > 0) hurry.store(true);
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

    const Loaded loaded = load_config(config_path);
    for (const std::string& problem : loaded.problems) std::cerr << "ccproxy: " << problem << "\n";
    if (!loaded.problems.empty()) return exit_bad_configuration;
    if (check_only) {
        std::cout << "configuration is valid\n";
        return 0;
    }
    return run(loaded.config, config_path);
}
