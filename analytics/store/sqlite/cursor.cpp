#include "analytics/store/sqlite/cursor.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <vector>

#include "common/uuid.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t max_cursor_bytes = 400;
constexpr int last_sort = static_cast<int>(SortField::status_code);
constexpr std::string_view id_cursor_mark = "id ";
constexpr std::string_view search_cursor_mark = "search 1 ";

Error foreign_cursor() {
    return Error{"cursor: is not one that was given out here"};
}

std::string to_base64url(std::string_view bytes) {
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        for (count += 8; count >= 6; count -= 6)
            text.push_back(alphabet[(bits >> (count - 6)) & 63]);
    }
    if (count > 0) text.push_back(alphabet[(bits << (6 - count)) & 63]);
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<char>((bits >> count) & 0xff));
        }
    }
    return bytes;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(' ');
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::int64_t> to_integer(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string encode_cursor(const Cursor& cursor) {
    return to_base64url("1 " + std::to_string(static_cast<int>(cursor.sort)) +
                        (cursor.ascending ? " a " : " d ") +
                        (cursor.value ? std::to_string(*cursor.value) : "null") + " " + cursor.id);
}

Result<Cursor> decode_cursor(std::string_view text) {
    const Error error = foreign_cursor();
    if (text.size() > max_cursor_bytes) return error;
    const std::optional<std::string> bytes = from_base64url(text);
    if (!bytes) return error;
    const std::vector<std::string_view> parts = split(*bytes);
    if (parts.size() != 5 || parts[0] != "1") return error;
    const std::optional<std::int64_t> sort = to_integer(parts[1]);
    if (!sort || *sort < 0 || *sort > last_sort) return error;
    if (parts[2] != "a" && parts[2] != "d") return error;
    Cursor cursor;
    cursor.sort = static_cast<SortField>(*sort);
    cursor.ascending = parts[2] == "a";
    if (parts[3] != "null") {
        cursor.value = to_integer(parts[3]);
        if (!cursor.value) return error;
    }
    if (!is_uuid(parts[4])) return error;
    cursor.id = parts[4];
    return cursor;
}

std::string encode_time_cursor(const TimeCursor& cursor) {
    return to_base64url("time " + std::to_string(cursor.time_ms) + " " + std::to_string(cursor.id));
}

Result<TimeCursor> decode_time_cursor(std::string_view text) {
    if (text.size() > max_cursor_bytes) return foreign_cursor();
    const std::optional<std::string> bytes = from_base64url(text);
    if (!bytes) return foreign_cursor();
    const std::vector<std::string_view> parts = split(*bytes);
    if (parts.size() != 3 || parts[0] != "time") return foreign_cursor();
    const std::optional<std::int64_t> time_ms = to_integer(parts[1]);
    const std::optional<std::int64_t> id = to_integer(parts[2]);
    if (!time_ms || !id) return foreign_cursor();
    return TimeCursor{*time_ms, *id};
}

std::string encode_id_cursor(std::int64_t id) {
    return to_base64url(std::string(id_cursor_mark) + std::to_string(id));
}

Result<std::int64_t> decode_id_cursor(std::string_view text) {
    if (text.size() > max_cursor_bytes) return foreign_cursor();
    const std::optional<std::string> bytes = from_base64url(text);
    if (!bytes || !bytes->starts_with(id_cursor_mark)) return foreign_cursor();
    const auto id = to_integer(std::string_view(*bytes).substr(id_cursor_mark.size()));
    if (!id) return foreign_cursor();
    return *id;
}

std::string encode_search_cursor(const SearchCursor& cursor) {
    std::string bytes(search_cursor_mark);
    bytes += cursor.search;
    for (const std::int64_t value :
         {cursor.newest, cursor.oldest, std::bit_cast<std::int64_t>(cursor.last.score),
          cursor.last.number, cursor.scale.average_tokens, cursor.total,
          std::int64_t{cursor.total_is_exact}}) {
        bytes += ' ' + std::to_string(value);
    }
    bytes += ' ';
    return to_base64url(bytes + cursor.scale.weights);
}

Result<SearchCursor> decode_search_cursor(std::string_view text) {
    if (text.size() > max_cursor_bytes) return foreign_cursor();
    const std::optional<std::string> bytes = from_base64url(text);
    if (!bytes || !bytes->starts_with(search_cursor_mark)) return foreign_cursor();
    std::string_view rest = std::string_view(*bytes).substr(search_cursor_mark.size());
    // The weights are last, since they may hold any byte.
    const auto take = [&rest] {
        const std::string_view part = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), part.size() + 1));
        return part;
    };
    SearchCursor cursor;
    cursor.search = take();
    std::array<std::int64_t, 7> values{};
    for (std::int64_t& value : values) {
        const std::optional<std::int64_t> known = to_integer(take());
        if (!known) return foreign_cursor();
        value = *known;
    }
    cursor.newest = values[0];
    cursor.oldest = values[1];
    cursor.last = {std::bit_cast<double>(values[2]), values[3]};
    cursor.scale = {std::string(rest), values[4]};
    cursor.total = values[5];
    cursor.total_is_exact = values[6] != 0;
    const bool is_possible = cursor.newest >= 0 && cursor.oldest >= 0 && cursor.total >= 0 &&
                             std::isfinite(cursor.last.score);
    if (!is_possible) return foreign_cursor();
    return cursor;
}

}  // namespace ccproxy::analytics
