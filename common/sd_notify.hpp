// Tells systemd how the service fares; does nothing when it was not started by systemd.
#pragma once

namespace ccproxy {

void notify_ready();
void notify_stopping();

}  // namespace ccproxy
