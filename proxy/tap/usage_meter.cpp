#include "proxy/tap/usage_meter.hpp"

#include <algorithm>
#include <array>

#include "common/json.hpp"

namespace ccproxy::tap {
namespace {

/// The figures are bounded so that sums stay exact whatever an upstream claims.
constexpr std::int64_t max_count = 1'000'000'000'000;
constexpr std::size_t max_text_bytes = 1024;

/// Collects the few members that matter, by their path: `usage.…`, `message.usage.…`,
/// `delta.stop_reason`, `message.stop_reason`, `stop_reason`, `error.type`, `error.message`,
/// `type`.
class MembersHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, MembersHandler> {
  public:
    std::string type, stop_reason, error_type, error_message;
    bool has_usage = false;
    std::int64_t input = 0, creation_total = 0, creation_5m = 0, creation_1h = 0, read = 0,
                 output = 0;

    bool Default() { return true; }
    bool Int(int value) { return number(value); }
    bool Uint(unsigned value) { return number(static_cast<std::int64_t>(value)); }
    bool Int64(std::int64_t value) { return number(value); }
    bool Uint64(std::uint64_t value) {
        return number(
            static_cast<std::int64_t>(std::min(value, static_cast<std::uint64_t>(max_count))));
    }
    bool Double(double value) {
        return number(value >= 0 && value < 1e12 ? static_cast<std::int64_t>(value) : 0);
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        const std::string_view value = std::string_view(text, size).substr(0, max_text_bytes);
        const Place place = here();
        if (place == Place::top && key_ == "type") type = value;
        if (place == Place::error && key_ == "type") error_type = value;
        if (place == Place::error && key_ == "message") error_message = value;
        if (key_ == "stop_reason" &&
            (place == Place::top || place == Place::message || place == Place::delta)) {
            stop_reason = value;
        }
        return true;
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        key_.assign(text, std::min<std::size_t>(size, 64));
        return true;
    }
    bool StartObject() { return enter(depth_ == 0 ? Place::top : child(here(), key_)); }
    bool EndObject(rapidjson::SizeType) { return leave(); }
    bool StartArray() { return enter(Place::elsewhere); }
    bool EndArray(rapidjson::SizeType) { return leave(); }

  private:
    enum class Place { top, message, delta, error, usage, cache_creation, elsewhere };

    static Place child(Place parent, std::string_view key) {
        if (parent == Place::top) {
            if (key == "message") return Place::message;
            if (key == "delta") return Place::delta;
            if (key == "error") return Place::error;
        }
        if ((parent == Place::top || parent == Place::message) && key == "usage") {
            return Place::usage;
        }
        if (parent == Place::usage && key == "cache_creation") return Place::cache_creation;
        return Place::elsewhere;
    }

    [[nodiscard]] Place here() const {
        return depth_ == 0 || depth_ > places_.size() ? Place::elsewhere : places_[depth_ - 1];
    }

    bool enter(Place place) {
        if (depth_ < places_.size()) places_[depth_] = place;
        ++depth_;
        if (place == Place::usage) has_usage = true;
        return true;
    }

    bool leave() {
        --depth_;
        return true;
    }

    bool number(std::int64_t value) {
        value = std::clamp<std::int64_t>(value, 0, max_count);
        if (here() == Place::usage) {
            if (key_ == "input_tokens") input = value;
            if (key_ == "output_tokens") output = value;
            if (key_ == "cache_read_input_tokens") read = value;
            if (key_ == "cache_creation_input_tokens") creation_total = value;
        } else if (here() == Place::cache_creation) {
            if (key_ == "ephemeral_5m_input_tokens") creation_5m = value;
            if (key_ == "ephemeral_1h_input_tokens") creation_1h = value;
        }
        return true;
    }

    std::array<Place, 4> places_{};
    std::size_t depth_ = 0;
    std::string key_;
};

}  // namespace

bool UsageMeter::take(std::string_view json) {
    MembersHandler found;
    rapidjson::MemoryStream stream(json.data(), json.size());
    rapidjson::Reader reader;
    if (reader.Parse<rapidjson::kParseIterativeFlag>(stream, found).IsError()) return false;
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
