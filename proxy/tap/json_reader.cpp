#include "proxy/tap/json_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "common/json.hpp"

namespace ccproxy::tap {
namespace {

/// Numbers that are shorter, and have no exponent, cannot leave the range of a double.
constexpr std::size_t surely_finite_bytes = 300;
// As RapidJSON takes them, where the number as a whole is in a double's range.
constexpr double max_exponent = 308;
constexpr std::size_t max_integer_digits = 308;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// What may follow a backslash and stands for one character with it.
constexpr std::array<bool, 256> is_plain_escape = [] {
    std::array<bool, 256> is{};
    for (const char c : std::string_view("\"\\/bfnrt")) is[static_cast<unsigned char>(c)] = true;
    return is;
}();

/// The value of four hexadecimal digits; -1 when they are none.
int hex4(std::string_view digits) {
    if (digits.size() < 4) return -1;
    int value = 0;
    for (const char c : digits.substr(0, 4)) {
        value *= 16;
        if (is_digit(c)) {
            value += c - '0';
        } else if (c >= 'a' && c <= 'f') {
            value += c - 'a' + 10;
        } else if (c >= 'A' && c <= 'F') {
            value += c - 'A' + 10;
        } else {
            return -1;
        }
    }
    return value;
}

/// Of the escape that `text` starts with; 0 when it is none. The two halves of a surrogate pair are
/// one.
std::size_t escape_bytes(std::string_view text) {
    if (text.size() < 2) return 0;
    if (is_plain_escape[static_cast<unsigned char>(text[1])]) return 2;
    const int unit = text[1] == 'u' ? hex4(text.substr(2)) : -1;
    if (unit < 0) return 0;
    if (unit < 0xD800 || unit > 0xDBFF) return 6;
    const std::string_view second = text.substr(6);
    if (!second.starts_with("\\u")) return 0;
    const int low = hex4(second.substr(2));
    return low < 0xDC00 || low > 0xDFFF ? 0 : 12;
}

/// Whether RapidJSON would take a number: it judges the exponent and the integer part, too.
bool is_in_range(std::string_view number) {
    const std::string text(number);
    const std::size_t sign = text.front() == '-' ? 1 : 0;
    const std::size_t integer_end =
        std::min(text.find_first_not_of("0123456789", sign), text.size());
    if (integer_end - sign > max_integer_digits) return false;
    const std::size_t exponent = text.find_first_of("eE");
    if (exponent != std::string::npos &&
        std::strtod(text.c_str() + exponent + 1, nullptr) > max_exponent) {
        return false;
    }
    return std::isfinite(std::strtod(text.c_str(), nullptr));
}

}  // namespace

JsonToken JsonReader::next() {
    if (fault_ != nullptr) return JsonToken::fault;
    if (!pass_to_next()) {
        return expected_ == Expected::nothing ? JsonToken::end : fail("it ends too early");
    }
    const char first = text_[at_];
    switch (expected_) {
        case Expected::value:
            return read_value(first);
        case Expected::value_or_close:
            return first == ']' ? close(first) : read_value(first);
        case Expected::key_or_close:
            return first == '}' ? close(first) : read_key(first);
        case Expected::colon:
            if (first != ':') return fail("a colon is missing");
            ++at_;
            return pass_to_next() ? read_value(text_[at_]) : fail("it ends too early");
        case Expected::comma_or_close:
            if (first == '}' || first == ']') return close(first);
            if (first != ',') return fail("a comma is missing");
            ++at_;
            if (!pass_to_next()) return fail("it ends too early");
            return open_.back() == '{' ? read_key(text_[at_]) : read_value(text_[at_]);
        case Expected::nothing:
            break;
    }
    return fail("something follows its end");
}

/// Over white space to where the next token begins. False at the end of the text.
bool JsonReader::pass_to_next() {
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
    while (!at_end() && text_[at_] <= ' ' && is_space(text_[at_])) ++at_;
    begin_ = at_;
    return !at_end();
}

JsonToken JsonReader::read_key(char first) {
    return first == '"' ? read_string(JsonToken::key) : fail("the name of a member is missing");
}

JsonToken JsonReader::read_value(char first) {
    switch (first) {
        case '{':
            return open(first, JsonToken::start_object, Expected::key_or_close);
        case '[':
            return open(first, JsonToken::start_array, Expected::value_or_close);
        case '"':
            return read_string(JsonToken::string);
        case 't':
            return read_literal("true", JsonToken::boolean);
        case 'f':
            return read_literal("false", JsonToken::boolean);
        case 'n':
            return read_literal("null", JsonToken::null);
        default:
            return read_number();
    }
}

JsonToken JsonReader::open(char bracket, JsonToken token, Expected expected) {
    ++at_;
    open_.push_back(bracket);
    expected_ = expected;
    return token;
}

JsonToken JsonReader::close(char bracket) {
    const bool is_object = bracket == '}';
    if (open_.back() != (is_object ? '{' : '[')) return fail("the brackets do not match");
    ++at_;
    open_.pop_back();
    end_value();
    return is_object ? JsonToken::end_object : JsonToken::end_array;
}

void JsonReader::end_value() {
    expected_ = open_.empty() ? Expected::nothing : Expected::comma_or_close;
}

JsonToken JsonReader::read_string(JsonToken token) {
    const std::size_t begin = at_ + 1;
    std::size_t end = string_stops_.find(begin);
    escaped_ = end < text_.size() && text_[end] == '\\';
    if (escaped_) end = pass_escapes(end);
    if (fault_ != nullptr) return JsonToken::fault;
    if (end == text_.size()) return fail("a string does not end", end);
    if (text_[end] != '"') return fail("a string holds a control character", end);
    raw_ = {text_.data() + begin, end - begin};
    at_ = end + 1;
    if (token == JsonToken::key) {
        expected_ = Expected::colon;
    } else {
        end_value();
    }
    return token;
}

/// From a backslash in a string over the rest of its text, to what else stops it.
std::size_t JsonReader::pass_escapes(std::size_t at) {
    while (at < text_.size() && text_[at] == '\\') {
        const std::size_t bytes = escape_bytes(text_.substr(at));
        if (bytes == 0) {
            fail("a string holds an invalid escape", at);
            break;
        }
        at = string_stops_.find(at + bytes);
    }
    return at;
}

bool JsonReader::pass_digits() {
    const std::size_t from = at_;
    while (!at_end() && is_digit(text_[at_])) ++at_;
    return at_ > from;
}

JsonToken JsonReader::read_number() {
    static constexpr const char* malformed = "there is something that is no value";
    const auto take = [this](char c) {
        if (at_end() || text_[at_] != c) return false;
        ++at_;
        return true;
    };
    take('-');
    if (!take('0') && !pass_digits()) return fail(malformed);
    if (take('.') && !pass_digits()) return fail(malformed);
    bool has_exponent = false;
    if (take('e') || take('E')) {
        has_exponent = true;
        if (!take('+')) take('-');
        if (!pass_digits()) return fail(malformed);
    }
    raw_ = text_.substr(begin_, at_ - begin_);
    if ((has_exponent || raw_.size() > surely_finite_bytes) && !is_in_range(raw_)) {
        return fail("a number is too large");
    }
    end_value();
    return JsonToken::number;
}

JsonToken JsonReader::read_literal(std::string_view literal, JsonToken token) {
    if (!text_.substr(at_).starts_with(literal)) {
        return fail("there is something that is no value");
    }
    raw_ = literal;
    at_ += literal.size();
    end_value();
    return token;
}

std::string JsonReader::text() const {
    if (!escaped_) return std::string(raw_);
    const char* quote = raw_.data() - 1;
    rapidjson::MemoryStream stream(quote, raw_.size() + 2);
    rapidjson::Document string;
    string.ParseStream(stream);
    return string.IsString() ? std::string(string.GetString(), string.GetStringLength()) : "";
}

JsonToken JsonReader::fail(const char* fault, std::size_t at) {
    at_ = at;
    return fail(fault);
}

JsonToken JsonReader::fail(const char* fault) {
    fault_ = fault;
    return JsonToken::fault;
}

}  // namespace ccproxy::tap
