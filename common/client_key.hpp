// The form of a client key: `sk-ccp-`, 24 random base62 characters (142 bits), 6 base62 characters
// that are the CRC32C of what stands before them. The checksum lets a typing error, or another
// system's key, be told without a look-up, and lets secret scanners find leaked keys without false
// alarms.
#pragma once

#include <string>
#include <string_view>

namespace ccproxy {

/// A new key, from the kernel's randomness.
std::string generate_client_key();

/// Whether `key` has the form above and its checksum fits. Says nothing about whether it was ever
/// issued.
bool is_client_key(std::string_view key);

}  // namespace ccproxy
