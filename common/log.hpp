// Sets up the process's log: one line an event on standard error, where systemd's journal takes it.
#pragma once

#include <string>

namespace ccproxy {

/// `level` is one of debug, info, warn, error. Call once, before threads start. Lines carry the
/// time in UTC unless systemd collects them, since its journal has times of its own.
void set_up_log(const std::string& program, const std::string& level);

}  // namespace ccproxy
