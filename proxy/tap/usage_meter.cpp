#include "proxy/tap/usage_meter.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "proxy/tap/json_reader.hpp"

namespace ccproxy::tap {
namespace {

/// The figures are bounded so that sums stay exact whatever an upstream claims.
constexpr std::int64_t max_count = 1'000'000'000'000;
constexpr std::size_t max_text_bytes = 1024;

/// Collects the few members that matter, by their path: `usage.…`, `message.usage.…`,
/// `delta.stop_reason`, `message.stop_reason`, `stop_reason`, `error.type`, `error.message`,
/// `type`.
class MembersFinder {
  public:
    std::string type, stop_reason, error_type, error_message;
    bool has_usage = false;
    std::int64_t input = 0, creation_total = 0, creation_5m = 0, creation_1h = 0, read = 0,
                 output = 0;

    void take(const JsonReader& reader, JsonToken token) {
        const std::size_t depth = reader.depth();
        if (depth > places_.size()) return;
        switch (token) {
            case JsonToken::key:
                key_ = Key::other;
                if (here(depth) == Place::elsewhere) return;
                key_ = reader.is_escaped() ? find_key(reader.text()) : find_key(reader.raw());
                return;
            case JsonToken::start_object:
                places_[depth - 1] = depth == 1 ? Place::top : child(here(depth - 1), key_);
                if (places_[depth - 1] == Place::usage) has_usage = true;
                return;
            case JsonToken::start_array:
                places_[depth - 1] = Place::elsewhere;
                return;
            case JsonToken::string:
                return take_string(reader, here(depth));
            case JsonToken::number:
                return take_number(reader.raw(), here(depth));
            default:
                return;
        }
    }

  private:
    enum class Place { top, message, delta, error, usage, cache_creation, elsewhere };
    enum class Key {
        other,
        type,
        message,
        delta,
        error,
        usage,
        stop_reason,
        cache_creation,
        input_tokens,
        output_tokens,
        cache_read_input_tokens,
        cache_creation_input_tokens,
        ephemeral_5m_input_tokens,
        ephemeral_1h_input_tokens
    };

    static Key find_key(std::string_view name) {
        static constexpr std::array<std::string_view, 14> names{"",
                                                                "type",
                                                                "message",
                                                                "delta",
                                                                "error",
                                                                "usage",
                                                                "stop_reason",
                                                                "cache_creation",
                                                                "input_tokens",
                                                                "output_tokens",
                                                                "cache_read_input_tokens",
                                                                "cache_creation_input_tokens",
                                                                "ephemeral_5m_input_tokens",
                                                                "ephemeral_1h_input_tokens"};
        for (std::size_t i = 1; i < names.size(); ++i) {
            if (name == names[i]) return static_cast<Key>(i);
        }
        return Key::other;
    }

    static Place child(Place parent, Key key) {
        if (parent == Place::top) {
            if (key == Key::message) return Place::message;
            if (key == Key::delta) return Place::delta;
            if (key == Key::error) return Place::error;
        }
        if ((parent == Place::top || parent == Place::message) && key == Key::usage) {
            return Place::usage;
        }
        if (parent == Place::usage && key == Key::cache_creation) return Place::cache_creation;
        return Place::elsewhere;
    }

    [[nodiscard]] Place here(std::size_t depth) const {
        return depth == 0 ? Place::elsewhere : places_[depth - 1];
    }

    void take_string(const JsonReader& reader, Place place) {
        const auto text = [&reader] { return reader.text().substr(0, max_text_bytes); };
        if (place == Place::top && key_ == Key::type) type = text();
        if (place == Place::error && key_ == Key::type) error_type = text();
        if (place == Place::error && key_ == Key::message) error_message = text();
        if (key_ == Key::stop_reason &&
            (place == Place::top || place == Place::message || place == Place::delta)) {
            stop_reason = text();
        }
    }

    void take_number(std::string_view number, Place place) {
        if (place == Place::usage) {
            if (key_ == Key::input_tokens) input = read_count(number);
            if (key_ == Key::output_tokens) output = read_count(number);
            if (key_ == Key::cache_read_input_tokens) read = read_count(number);
            if (key_ == Key::cache_creation_input_tokens) creation_total = read_count(number);
        } else if (place == Place::cache_creation) {
            if (key_ == Key::ephemeral_5m_input_tokens) creation_5m = read_count(number);
            if (key_ == Key::ephemeral_1h_input_tokens) creation_1h = read_count(number);
        }
    }

    /// A token count, within its bounds. Of a number with a fraction or an exponent what stands
    /// before the point; none beyond the bounds.
    static std::int64_t read_count(std::string_view number) {
        const char* end = number.data() + number.size();
        std::int64_t count = 0;
        const auto [stop, error] = std::from_chars(number.data(), end, count);
        if (error == std::errc() && stop == end) {
            return std::clamp<std::int64_t>(count, 0, max_count);
        }
        double value = 0;
        std::from_chars(number.data(), end, value);
        const auto bound = static_cast<double>(max_count);
        const bool is_integer = number.find_first_of(".eE") == std::string_view::npos;
        if (!is_integer && value >= bound) return 0;
        return static_cast<std::int64_t>(std::clamp(value, 0.0, bound));
    }

    std::array<Place, 4> places_{};
    Key key_ = Key::other;
};

}  // namespace

bool UsageMeter::take(std::string_view json) {
    MembersFinder found;
    JsonReader reader(json);
    for (JsonToken token = reader.next(); token != JsonToken::end; token = reader.next()) {
        if (token == JsonToken::fault) return false;
        found.take(reader, token);
    }
    last_type_ = found.type;
    if (found.has_usage) {
        has_usage_ = true;
        input_ = std::max(input_, found.input);
        output_ = std::max(output_, found.output);
        read_ = std::max(read_, found.read);
        creation_total_ = std::max(creation_total_, found.creation_total);
        creation_5m_ = std::max(creation_5m_, found.creation_5m);
        creation_1h_ = std::max(creation_1h_, found.creation_1h);
        if (found.type == "message_delta" || found.type == "message") has_final_usage_ = true;
    }
    if (!found.stop_reason.empty()) stop_reason_ = found.stop_reason;
    if (found.type == "error" || !found.error_type.empty()) {
        error_ = found.error_type.empty() ? "error" : found.error_type;
        if (!found.error_message.empty()) error_ += ": " + found.error_message;
    }
    return true;
}

Usage UsageMeter::usage() const {
    Usage usage;
    usage.input_tokens = input_;
    usage.output_tokens = output_;
    usage.cache_read_tokens = read_;
    usage.cache_creation_1h_tokens = creation_1h_;
    usage.cache_creation_5m_tokens =
        creation_5m_ + std::max<std::int64_t>(0, creation_total_ - creation_5m_ - creation_1h_);
    return usage;
}

}  // namespace ccproxy::tap
