// analyticsd put together: store, writer thread, bus and HTTP API, started and stopped in the order
// that loses nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "analytics/config.hpp"
#include "analytics/status.hpp"
#include "common/clock.hpp"

namespace ccproxy::analytics {

/// Used by one thread.
class App {
  public:
    /// `clock` must outlive it.
    App(const Config& config, const Clock& clock);
    /// Stops, if stop() was not called.
    ~App();
    App(const App&) = delete;
    App& operator=(const App&) = delete;

    /// When it returns, all sockets are bound and served. Throws std::runtime_error with a message
    /// for the operator.
    void start();
    /// Reads the files of the certificate anew, after start(); a fault in them is logged, and the
    /// old certificate stays.
    void reload_certificate();
    /// Takes no more calls and events, writes what is queued, sends the acks, closes the database.
    void stop();

    /// The port of the HTTP API, after start().
    [[nodiscard]] std::uint16_t api_port() const;
    /// From any thread, after start().
    [[nodiscard]] SystemStatus status() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace ccproxy::analytics
