// Reads a program's configuration: a YAML file with environment variables laid over it, checked as
// a whole.
#pragma once

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.hpp"

namespace ccproxy {

/// A name to its value; tests pass their own.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// The process's own environment.
Environment process_environment();

/// Every getter takes a dotted key (`journal.max_bytes`, `accounts[0].id`) and a default. The
/// variable `CCPROXY_JOURNAL_MAX_BYTES` (`CCPROXY_ACCOUNTS_0_ID`) wins over the file. A value that
/// does not fit is noted as a problem and the default is returned, so that one pass finds every
/// problem; ask problems() at the end. Not thread-safe.
class ConfigSource {
  public:
    /// An empty `path` means no file: defaults and environment alone. Fails when the file cannot be
    /// read or is not a YAML mapping.
    static Result<ConfigSource> load(const std::string& path, Environment environment);
    /// The same from text instead of a file.
    static Result<ConfigSource> parse(const std::string& yaml, Environment environment);

    std::string text(const std::string& key, const std::string& fallback);
    /// A text that must be there and not be empty.
    std::string required_text(const std::string& key);
    /// One of `allowed`.
    std::string choice(const std::string& key, const std::string& fallback,
                       const std::vector<std::string>& allowed);
    std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t min,
                         std::int64_t max);
    double number(const std::string& key, double fallback, double min, double max);
    bool boolean(const std::string& key, bool fallback);
    /// A number with a unit: `200ms`, `30s`, `5m`, `24h`, `30d`; a bare `0` is taken, another bare
    /// number is a problem.
    std::chrono::milliseconds duration(const std::string& key, std::chrono::milliseconds fallback,
                                       std::chrono::milliseconds min,
                                       std::chrono::milliseconds max);
    /// Bytes, bare or with a unit: `65536`, `64KiB`, `32MiB`, `1GiB`.
    std::int64_t bytes(const std::string& key, std::int64_t fallback, std::int64_t min,
                       std::int64_t max);
    /// A secret: `<key>` (allowed in the environment only), or the content of the file that
    /// `<key>_file` names. A file that group or others may read is refused. Empty when neither is
    /// set.
    std::string secret(const std::string& key);
    /// Number of entries of a list; also counts entries that exist in the environment only through
    /// `CCPROXY_<KEY>_<N>_ID`.
    std::size_t list_size(const std::string& key);
    /// The entries of a list of single values; its variable holds all of them, with commas between.
    std::vector<std::string> texts(const std::string& key);
    /// Keys of a mapping in file order.
    std::vector<std::string> map_keys(const std::string& key);
    bool has(const std::string& key);

    /// Notes a problem found by the caller, such as two keys that contradict each other.
    void problem(const std::string& key, const std::string& what);
    /// All problems, one line each, `key: what is wrong`; keys of the file that nobody asked for
    /// are among them.
    std::vector<std::string> problems();

  private:
    ConfigSource(YAML::Node root, Environment environment)
        : root_(std::move(root)), environment_(std::move(environment)) {}
    std::optional<std::string> raw(const std::string& key);
    std::optional<YAML::Node> node(const std::string& key);
    void find_unknown(const YAML::Node& node, const std::string& key);

    YAML::Node root_;
    Environment environment_;
    std::set<std::string> asked_;
    std::vector<std::string> problems_;
};

/// Parses `200ms`, `30s`, `5m`, `24h`, `30d`, `0`.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Reads a secret from a file: its content without the final line end. Fails when the file cannot
/// be read, is empty, is larger than 64 KiB, or may be read by group or others.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace ccproxy
