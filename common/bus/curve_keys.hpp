// The keys with which the two programs know each other across machines (CURVE, as ZeroMQ has it).
#pragma once

#include <string>
#include <string_view>

#include "common/config_source.hpp"

namespace ccproxy {

/// 32 bytes each, as 40 characters of Z85 (ZeroMQ RFC 32).
struct CurveKeys {
    std::string public_key, secret_key;
    bool operator==(const CurveKeys&) const = default;
};

/// Whether the text can be a key, public or secret.
bool is_curve_key(std::string_view text);

/// The same 32 bytes, not as text. `key` must be one.
std::string curve_key_bytes(const std::string& key);
/// The text of 32 bytes.
std::string curve_key_text(std::string_view bytes);

/// A new pair. Throws std::runtime_error when the ZeroMQ library was built without CURVE.
CurveKeys make_curve_keys();

/// Reads `bus.curve.secret_key_file`, and computes the public key. Empty when it is not set; what
/// is wrong with it is among the source's problems.
CurveKeys read_curve_keys(ConfigSource& source);

/// Makes a pair and writes it into a folder that exists: `bus.key` (mode 0600) and `bus.pub` (mode
/// 0644), each one line. Gives the public key. Throws std::runtime_error, and leaves nothing
/// behind, when either file is there already or cannot be written.
std::string write_curve_keys(const std::string& folder);

/// `--generate-bus-keys`: the public key on standard output, or why there is none on standard
/// error. Gives the program's exit code.
int run_generate_bus_keys(const std::string& folder);

}  // namespace ccproxy
