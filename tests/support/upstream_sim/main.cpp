// The program: command line, start, signals.
#include <signal.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <charconv>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/support/upstream_sim/ledger.hpp"
#include "tests/support/upstream_sim/options.hpp"
#include "tests/support/upstream_sim/server.hpp"

namespace upstream_sim {
namespace {

/// Splits `host:port` or `[v6]:port`. Returns what is wrong with it, or an empty string.
std::string read_listen(const std::string& text, Options& options) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return "--listen needs ADDRESS:PORT";
    std::string address = text.substr(0, colon);
    if (address.size() > 2 && address.front() == '[' && address.back() == ']') {
        address = address.substr(1, address.size() - 2);
    }
    boost::system::error_code error;
    asio::ip::make_address(address, error);
    if (error) return "--listen needs an IP address, not " + address;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, options.listen_port);
    if (parsed.ec != std::errc() || parsed.ptr != end) return "--listen needs a port";
    options.listen_address = address;
    return {};
}

/// Every stream holds a descriptor; the usual soft limit of 1024 would end them.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void write_port_file(const std::string& path, std::uint16_t port) {
    const std::string unfinished = path + ".tmp";
    std::ofstream(unfinished) << port << '\n' << std::flush;
    if (std::rename(unfinished.c_str(), path.c_str()) != 0) {
        throw std::runtime_error("cannot write " + path);
    }
}

void announce(const Options& options, std::uint16_t port) {
    const bool v6 = options.listen_address.find(':') != std::string::npos;
    std::cout << "listening on " << (options.tls_cert.empty() ? "http://" : "https://")
              << (v6 ? "[" : "") << options.listen_address << (v6 ? "]:" : ":") << port
              << std::endl;
    if (!options.port_file.empty()) write_port_file(options.port_file, port);
}

int run(const Options& options) {
    ::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    // What sessions refer to stands before the io_context, which destroys those under way.
    Ledger ledger(options.ledger_file, options.ledger_max, options.ledger_max_bytes);
    Context context{options, ledger};
    std::optional<asio::ssl::context> tls;
    if (!options.tls_cert.empty()) {
        tls.emplace(asio::ssl::context::tls_server);
        tls->use_certificate_chain_file(options.tls_cert);
        tls->use_private_key_file(options.tls_key, asio::ssl::context::pem);
    }
    asio::io_context io(1);
    Server server(io, context, tls ? &*tls : nullptr);
    asio::signal_set signals(io, SIGINT, SIGTERM);
    signals.async_wait([&io](const boost::system::error_code&, int) { io.stop(); });
    server.start();
    announce(options, server.port());
    io.run();
    return 0;
}

}  // namespace
}  // namespace upstream_sim

int main(int argc, char** argv) {
    upstream_sim::Options options;
    std::string listen = "127.0.0.1:0";
    CLI::App app("A simulator of the upstream API, for tests and demonstrations.", "upstream_sim");
    app.set_version_flag("--version", "upstream_sim " CCPROXY_VERSION);
    app.add_option("--listen", listen, "IP address and port; port 0 chooses one");
    auto* cert = app.add_option("--tls-cert", options.tls_cert, "PEM certificate chain: use TLS");
    auto* key = app.add_option("--tls-key", options.tls_key, "PEM private key");
    cert->needs(key);
    key->needs(cert);
    app.add_option("--ledger", options.ledger_file, "append each request's entry to this file");
    app.add_option("--ledger-max", options.ledger_max, "entries kept in memory");
    app.add_option("--ledger-max-bytes", options.ledger_max_bytes, "their size together");
    app.add_option("--max-connections", options.max_connections, "those beyond are closed");
    app.add_option("--require-key", options.require_key, "answer 401 to any other key");
    app.add_option("--port-file", options.port_file, "write the port to this file");
    CLI11_PARSE(app, argc, argv);
    const std::string problem = upstream_sim::read_listen(listen, options);
    if (!problem.empty()) {
        std::cerr << "upstream_sim: " << problem << '\n';
        return 2;
    }
    try {
        return upstream_sim::run(options);
    } catch (const std::exception& error) {
        std::cerr << "upstream_sim: " << error.what() << '\n';
        return 1;
    }
}
