// The part of the configuration that a reload takes over: the upstream accounts.
#pragma once

#include <string>
#include <vector>

#include "common/config_source.hpp"
#include "proxy/accounts/account.hpp"

namespace ccproxy {

/// Reads `accounts`; what does not fit is among the source's problems.
std::vector<accounts::AccountConfig> read_accounts(ConfigSource& source);

/// Whether a text can be the value of a header field, or a part of one: visible ASCII.
bool is_header_safe(const std::string& text);

}  // namespace ccproxy
