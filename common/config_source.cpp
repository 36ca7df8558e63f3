#include "common/config_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace ccproxy {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::array<Unit, 5> duration_units{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 5> byte_units{
    {{"", 1}, {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};

template <class Units>
std::optional<std::int64_t> parse_with_unit(std::string_view text, const Units& units) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || count < 0) return std::nullopt;
    const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (count == 0 && unit.empty()) return 0;
    for (const Unit& known : units) {
        if (known.name != unit) continue;
        if (count > std::numeric_limits<std::int64_t>::max() / known.factor) return std::nullopt;
        return count * known.factor;
    }
    return std::nullopt;
}

/// `journal.max_bytes` → `CCPROXY_JOURNAL_MAX_BYTES`, `accounts[0].id` → `CCPROXY_ACCOUNTS_0_ID`.
std::string variable_name(const std::string& key) {
    std::string name = "CCPROXY_";
    for (const char c : key) {
        if (c == '.' || c == '[' || c == '-') {
            name.push_back('_');
        } else if (c != ']') {
            name.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
        }
    }
    return name;
}

template <class T>
std::optional<T> parse_number(const std::string& text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string range(std::int64_t min, std::int64_t max, const char* unit) {
    return "must be between " + std::to_string(min) + unit + " and " + std::to_string(max) + unit;
}

}  // namespace

Environment process_environment() {
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        if (value == nullptr) return std::nullopt;
        return std::string(value);
    };
}

Result<ConfigSource> ConfigSource::load(const std::string& path, Environment environment) {
    YAML::Node root;
    if (path.empty()) return ConfigSource(root, std::move(environment));
    try {
        root = YAML::LoadFile(path);
    } catch (const YAML::BadFile&) {
        return Error{path + ": cannot be read"};
    } catch (const YAML::Exception& error) {
        return Error{path + ": " + error.what()};
    }
    if (!root.IsNull() && !root.IsMap()) return Error{path + ": is not a YAML mapping"};
    return ConfigSource(root, std::move(environment));
}

Result<ConfigSource> ConfigSource::parse(const std::string& yaml, Environment environment) {
    try {
        YAML::Node root = YAML::Load(yaml);
        if (!root.IsNull() && !root.IsMap()) return Error{"the text is not a YAML mapping"};
        return ConfigSource(root, std::move(environment));
    } catch (const YAML::Exception& error) {
        return Error{error.what()};
    }
}

std::optional<YAML::Node> ConfigSource::node(const std::string& key) {
    asked_.insert(key);
    YAML::Node at;
    at.reset(root_);
    std::size_t start = 0;
    while (start < key.size()) {
        if (key[start] == '[') {
            const std::size_t end = key.find(']', start);
            const std::size_t index = std::strtoul(key.c_str() + start + 1, nullptr, 10);
            if (!at.IsSequence() || index >= at.size()) return std::nullopt;
            at.reset(at[index]);
            start = end + 1;
        } else {
            if (key[start] == '.') ++start;
            std::size_t end = start;
            // A double quote escapes the dots of a mapping's own keys, such as a model's name.
            if (key[start] == '"') {
                end = key.find('"', start + 1);
                if (!at.IsMap()) return std::nullopt;
                const YAML::Node next = at[key.substr(start + 1, end - start - 1)];
                if (!next.IsDefined()) return std::nullopt;
                at.reset(next);
                start = end + 1;
                continue;
            }
            end = std::min(key.find_first_of(".[", start), key.size());
            if (!at.IsMap()) return std::nullopt;
            const YAML::Node next = at[key.substr(start, end - start)];
            if (!next.IsDefined()) return std::nullopt;
            at.reset(next);
            start = end;
        }
    }
    return at;
}

std::optional<std::string> ConfigSource::raw(const std::string& key) {
    const std::optional<YAML::Node> found = node(key);
    if (std::optional<std::string> value = environment_(variable_name(key))) return value;
    if (!found || found->IsNull()) return std::nullopt;
    if (!found->IsScalar()) {
        problem(key, "must be a single value");
        return std::nullopt;
    }
    return found->Scalar();
}

std::string ConfigSource::text(const std::string& key, const std::string& fallback) {
    return raw(key).value_or(fallback);
}

std::string ConfigSource::required_text(const std::string& key) {
    std::string value = text(key, "");
    if (value.empty()) problem(key, "is required");
    return value;
}

std::string ConfigSource::choice(const std::string& key, const std::string& fallback,
                                 const std::vector<std::string>& allowed) {
    std::string value = text(key, fallback);
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
    std::string what = "must be one of";
    for (const std::string& name : allowed) what += " " + name;
    problem(key, what);
    return fallback;
}

std::int64_t ConfigSource::integer(const std::string& key, std::int64_t fallback, std::int64_t min,
                                   std::int64_t max) {
    const std::optional<std::string> value = raw(key);
    if (!value) return fallback;
    const auto parsed = parse_number<std::int64_t>(*value);
    if (!parsed) {
        problem(key, "must be a whole number");
    } else if (*parsed < min || *parsed > max) {
        problem(key, range(min, max, ""));
    } else {
        return *parsed;
    }
    return fallback;
}

double ConfigSource::number(const std::string& key, double fallback, double min, double max) {
    const std::optional<std::string> value = raw(key);
    if (!value) return fallback;
    const auto parsed = parse_number<double>(*value);
    if (!parsed || !(*parsed >= min && *parsed <= max)) {
        problem(key,
                "must be a number between " + std::to_string(min) + " and " + std::to_string(max));
        return fallback;
    }
    return *parsed;
}

bool ConfigSource::boolean(const std::string& key, bool fallback) {
    const std::optional<std::string> value = raw(key);
    if (!value) return fallback;
    if (*value == "true" || *value == "yes" || *value == "on" || *value == "1") return true;
    if (*value == "false" || *value == "no" || *value == "off" || *value == "0") return false;
    problem(key, "must be true or false");
    return fallback;
}

std::chrono::milliseconds ConfigSource::duration(const std::string& key,
                                                 std::chrono::milliseconds fallback,
                                                 std::chrono::milliseconds min,
                                                 std::chrono::milliseconds max) {
    const std::optional<std::string> value = raw(key);
    if (!value) return fallback;
    const auto parsed = parse_duration(*value);
    if (!parsed) {
        problem(key, parsed.error().message);
    } else if (*parsed < min || *parsed > max) {
        problem(key, range(min.count(), max.count(), "ms"));
    } else {
        return *parsed;
    }
    return fallback;
}

std::int64_t ConfigSource::bytes(const std::string& key, std::int64_t fallback, std::int64_t min,
                                 std::int64_t max) {
    const std::optional<std::string> value = raw(key);
    if (!value) return fallback;
    const auto parsed = parse_with_unit(*value, byte_units);
    if (!parsed) {
        problem(key, "must be a size such as 65536, 64KiB, 32MiB or 1GiB");
    } else if (*parsed < min || *parsed > max) {
        problem(key, range(min, max, " bytes"));
    } else {
        return *parsed;
    }
    return fallback;
}

std::string ConfigSource::secret(const std::string& key) {
    const std::string file_key = key + "_file";
    const std::string path = text(file_key, "");
    const std::optional<YAML::Node> in_file = node(key);
    if (in_file && !in_file->IsNull()) {
        problem(key,
                "a secret does not belong in this file: name a file that only its owner can "
                "read in " +
                    file_key + ", or set " + variable_name(key));
        return "";
    }
    if (std::optional<std::string> value = environment_(variable_name(key))) return *value;
    if (path.empty()) return "";
    Result<std::string> value = read_secret_file(path);
    if (!value) {
        problem(file_key, value.error().message);
        return "";
    }
    return *value;
}

std::size_t ConfigSource::list_size(const std::string& key) {
    const std::optional<YAML::Node> found = node(key);
    std::size_t size = 0;
    if (found && found->IsSequence()) {
        size = found->size();
    } else if (found && !found->IsNull()) {
        problem(key, "must be a list");
    }
    while (environment_(variable_name(key + "[" + std::to_string(size) + "].id"))) ++size;
    return size;
}

std::vector<std::string> ConfigSource::texts(const std::string& key) {
    std::vector<std::string> entries;
    const std::optional<YAML::Node> found = node(key);
    if (const auto value = environment_(variable_name(key))) {
        for (std::size_t start = 0; start < value->size();) {
            const std::size_t end = std::min(value->find(',', start), value->size());
            std::string entry = value->substr(start, end - start);
            std::erase(entry, ' ');
            entries.push_back(std::move(entry));
            start = end + 1;
        }
        return entries;
    }
    if (!found || found->IsNull()) return entries;
    if (!found->IsSequence()) {
        problem(key, "must be a list");
        return entries;
    }
    for (std::size_t i = 0; i < found->size(); ++i) {
        entries.push_back(text(key + "[" + std::to_string(i) + "]", ""));
    }
    return entries;
}

std::vector<std::string> ConfigSource::map_keys(const std::string& key) {
    std::vector<std::string> keys;
    const std::optional<YAML::Node> found = node(key);
    if (!found || found->IsNull()) return keys;
    if (!found->IsMap()) {
        problem(key, "must be a mapping");
        return keys;
    }
    for (const auto& entry : *found) keys.push_back(entry.first.Scalar());
    return keys;
}

bool ConfigSource::has(const std::string& key) {
    const std::optional<YAML::Node> found = node(key);
    return (found && !found->IsNull()) || environment_(variable_name(key)).has_value();
}

void ConfigSource::problem(const std::string& key, const std::string& what) {
    std::string line = key + ": " + what;
    if (std::find(problems_.begin(), problems_.end(), line) == problems_.end()) {
        problems_.push_back(std::move(line));
    }
}

std::vector<std::string> ConfigSource::problems() {
    find_unknown(root_, "");
    return problems_;
}

void ConfigSource::find_unknown(const YAML::Node& at, const std::string& key) {
    const auto visit = [&](const YAML::Node& child, const std::string& child_key) {
        const auto asked_below = [&](const std::string& prefix) {
            const auto next = asked_.lower_bound(prefix);
            return next != asked_.end() && next->starts_with(prefix);
        };
        if (!asked_.contains(child_key) && !asked_below(child_key + ".") &&
            !asked_below(child_key + "[")) {
            problem(child_key, "is not a key of this program");
        } else {
            find_unknown(child, child_key);
        }
    };
    if (at.IsMap()) {
        for (const auto& entry : at) {
            const std::string name = entry.first.Scalar();
            const bool dotted = name.find_first_of(".[") != std::string::npos;
            const std::string part = dotted ? '"' + name + '"' : name;
            visit(entry.second, key.empty() ? part : key + "." + part);
        }
    } else if (at.IsSequence()) {
        for (std::size_t i = 0; i < at.size(); ++i) {
            visit(at[i], key + "[" + std::to_string(i) + "]");
        }
    }
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto parsed = parse_with_unit(text, duration_units);
    if (!parsed) return Error{"must be a duration such as 200ms, 30s, 5m, 24h or 30d"};
    return std::chrono::milliseconds(*parsed);
}

Result<std::string> read_secret_file(const std::string& path) {
    constexpr std::size_t max_bytes = 64 * 1024;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return Error{path + " cannot be opened: " + std::strerror(errno)};
    struct stat status {};
    std::string content(max_bytes + 1, '\0');
    const bool known = ::fstat(file, &status) == 0;
    const ssize_t got = ::read(file, content.data(), content.size());
    ::close(file);
    if (!known || got < 0) return Error{path + " cannot be read"};
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return Error{path + " may be read by others than its owner: chmod 600 it"};
    }
    if (static_cast<std::size_t>(got) > max_bytes) return Error{path + " is larger than 64 KiB"};
    content.resize(static_cast<std::size_t>(got));
    while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) {
        content.pop_back();
    }
    if (content.empty()) return Error{path + " is empty"};
    return {boost::system::in_place_value, std::move(content)};
}

}  // namespace ccproxy
