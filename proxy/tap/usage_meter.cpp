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
        if (depth == 0 || depth > places_.size()) return;
        switch (token) {
            case JsonToken::start_object:
                places_[depth - 1] =
                    depth == 1 ? Place::top : child(places_[depth - 2], reader.name());
                if (places_[depth - 1] == Place::usage) has_usage = true;
                return;
            case JsonToken::start_array:
                places_[depth - 1] = Place::elsewhere;
                return;
            case JsonToken::string:
                return take_string(places_[depth - 1], reader.name(), reader.value());
            case JsonToken::number:
                return take_number(places_[depth - 1], reader.name(), reader.value().raw);
            default:
                return;
        }
    }

  private:
    enum class Place { top, message, delta, error, usage, cache_creation, elsewhere };

    static Place child(Place parent, const JsonText& name) {
        if (parent == Place::top) {
            if (name.is("message")) return Place::message;
            if (name.is("delta")) return Place::delta;
            if (name.is("error")) return Place::error;
        }
        if ((parent == Place::top || parent == Place::message) && name.is("usage")) {
            return Place::usage;
        }
        if (parent == Place::usage && name.is("cache_creation")) return Place::cache_creation;
        return Place::elsewhere;
    }

    void take_string(Place place, const JsonText& name, const JsonText& value) {
        if (place == Place::error) {
            if (name.is("type")) assign(error_type, value);
            if (name.is("message")) assign(error_message, value);
        } else if (place == Place::top || place == Place::message || place == Place::delta) {
            if (place == Place::top && name.is("type")) assign(type, value);
            if (name.is("stop_reason")) assign(stop_reason, value);
        }
    }
    static void assign(std::string& text, const JsonText& value) {
        if (value.is_escaped) {
            text = value.text().substr(0, max_text_bytes);
        } else {
            text = value.raw.substr(0, max_text_bytes);
        }
    }

    void take_number(Place place, const JsonText& name, std::string_view number) {
        if (place == Place::usage) {
            if (name.is("input_tokens")) input = read_count(number);
            if (name.is("output_tokens")) output = read_count(number);
            if (name.is("cache_read_input_tokens")) read = read_count(number);
            if (name.is("cache_creation_input_tokens")) creation_total = read_count(number);
        } else if (place == Place::cache_creation) {
            if (name.is("ephemeral_5m_input_tokens")) creation_5m = read_count(number);
            if (name.is("ephemeral_1h_input_tokens")) creation_1h = read_count(number);
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

    std::array<Place, 4> places_{};  ///< Of what is open, from the outside in.
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
