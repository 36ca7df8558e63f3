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

/// Whether RapidJSON would take a number: it judges the exponent and the integer part, too. Hardly
/// ever asked, so it is kept out of what reads each number.
[[gnu::noinline]] bool is_in_range(std::string_view number) {
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
    const char first = here();
    switch (expected_) {
        case Expected::comma_or_close:
            if (first == '}' || first == ']') return close(first);
            if (first != ',') return fail("a comma is missing");
            ++at_;
            if (!pass_to_next()) return fail("it ends too early");
            break;
        case Expected::first_or_close:
            if (first == (in_object_ ? '}' : ']')) return close(first);
            break;
        case Expected::value:
            break;
        case Expected::nothing:
            return fail("something follows its end");
    }
    if (!in_object_) {
        name_ = {};
    } else if (!read_name()) {
        return JsonToken::fault;
    }
    return read_value(here());
}

/// Over white space to where the next token begins. False at the end of the text.
inline bool JsonReader::pass_to_next() {
    const auto is_space = [](unsigned char c) {
        return c <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t');
    };
    while (!at_end() && is_space(static_cast<unsigned char>(here()))) ++at_;
    begin_ = at_;
    return !at_end();
}

/// A member's name, to where its value begins.
inline bool JsonReader::read_name() {
    if (here() != '"') return fail_at(at_, "the name of a member is missing");
    if (!read_quoted(name_)) return false;
    if (!pass_to_next()) return fail_at(at_, "it ends too early");
    if (here() != ':') return fail_at(at_, "a colon is missing");
    ++at_;
    return pass_to_next() || fail_at(at_, "it ends too early");
}

inline JsonToken JsonReader::read_value(char first) {
    switch (first) {
        case '"':
            if (!read_quoted(value_)) return JsonToken::fault;
            expected_ = after_value_;
            return JsonToken::string;
        case '{':
            return open(first, JsonToken::start_object);
        case '[':
            return open(first, JsonToken::start_array);
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

JsonToken JsonReader::open(char bracket, JsonToken token) {
    ++at_;
    open_.push_back(bracket);
    in_object_ = bracket == '{';
    after_value_ = Expected::comma_or_close;
    expected_ = Expected::first_or_close;
    return token;
}

JsonToken JsonReader::close(char bracket) {
    const bool is_object = bracket == '}';
    if (in_object_ != is_object) return fail("the brackets do not match");
    ++at_;
    name_ = {};
    open_.pop_back();
    in_object_ = !open_.empty() && open_.back() == '{';
    if (open_.empty()) after_value_ = Expected::nothing;
    expected_ = after_value_;
    return is_object ? JsonToken::end_object : JsonToken::end_array;
}

/// What begins with the quote that stands here.
inline bool JsonReader::read_quoted(JsonText& text) {
    const std::size_t begin = at_ + 1;
    std::size_t end = string_stops_.find(begin);
    text.is_escaped = end == text_.size() || text_.data()[end] != '"';
    if (text.is_escaped) {
        end = pass_to_quote(end);
        if (end == std::string_view::npos) return false;
    }
    text.raw = {text_.data() + begin, end - begin};
    at_ = end + 1;
    return true;
}

/// From the first thing in a string that is no plain text to its closing quote; npos at a fault.
std::size_t JsonReader::pass_to_quote(std::size_t at) {
    constexpr std::size_t npos = std::string_view::npos;
    while (at < text_.size() && text_[at] == '\\') {
        const std::size_t bytes = escape_bytes(text_.substr(at));
        if (bytes == 0) return fail_at(at, "a string holds an invalid escape"), npos;
        at = string_stops_.find(at + bytes);
    }
    if (at == text_.size()) return fail_at(at, "a string does not end"), npos;
    if (text_[at] != '"') return fail_at(at, "a string holds a control character"), npos;
    return at;
}

bool JsonReader::pass_digits() {
    const std::size_t from = at_;
    std::size_t at = from;
    while (at < text_.size() && is_digit(text_.data()[at])) ++at;
    at_ = at;
    return at > from;
}

JsonToken JsonReader::read_number() {
    static constexpr const char* malformed = "there is something that is no value";
    const auto take = [this](char c) {
        if (at_end() || here() != c) return false;
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
    const std::string_view number = text_.substr(begin_, at_ - begin_);
    if ((has_exponent || number.size() > surely_finite_bytes) && !is_in_range(number)) {
        return fail("a number is too large");
    }
    value_ = {number};
    expected_ = after_value_;
    return JsonToken::number;
}

JsonToken JsonReader::read_literal(std::string_view literal, JsonToken token) {
    if (!text_.substr(at_).starts_with(literal)) {
        return fail("there is something that is no value");
    }
    value_ = {literal};
    at_ += literal.size();
    expected_ = after_value_;
    return token;
}

std::string JsonText::text() const {
    if (!is_escaped) return std::string(raw);
    const char* quote = raw.data() - 1;
    rapidjson::MemoryStream stream(quote, raw.size() + 2);
    rapidjson::Document string;
    string.ParseStream(stream);
    return string.IsString() ? std::string(string.GetString(), string.GetStringLength()) : "";
}

/// Gives false.
bool JsonReader::fail_at(std::size_t at, const char* fault) {
    at_ = at;
    fail(fault);
    return false;
}

JsonToken JsonReader::fail(const char* fault) {
    fault_ = fault;
    return JsonToken::fault;
}

}  // namespace ccproxy::tap
