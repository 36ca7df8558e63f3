// The place in a sorted list where the next page begins, as opaque text for a URL. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analytics/search/rank.hpp"
#include "analytics/store/store.hpp"
#include "common/result.hpp"

namespace ccproxy::analytics {

/// The last row of a page: its sort value, absent when NULL, and its id, which decides among equal
/// values.
struct Cursor {
    SortField sort = SortField::request_at;
    bool ascending = false;
    std::optional<std::int64_t> value;
    std::string id;

    bool operator==(const Cursor&) const = default;
};

/// base64url (RFC 4648, section 5, without padding) of `1 sort order value id`.
std::string encode_cursor(const Cursor& cursor);
Result<Cursor> decode_cursor(std::string_view text);

/// The same for a list in the order of a time and, within it, of integer ids.
struct TimeCursor {
    std::int64_t time_ms = 0;
    std::int64_t id = 0;

    bool operator==(const TimeCursor&) const = default;
};
std::string encode_time_cursor(const TimeCursor& cursor);
Result<TimeCursor> decode_time_cursor(std::string_view text);

/// The same for a list in the order of integer ids: the last row's id.
std::string encode_id_cursor(std::int64_t id);
Result<std::int64_t> decode_id_cursor(std::string_view text);

/// Where the next page of a search begins.
struct SearchCursor {
    std::string search;  ///< Which search it belongs to: hexadecimal digits.
    /// The stretch that is ranked together; `oldest` is 0 until it is known.
    std::int64_t newest = 0, oldest = 0;
    Ranked last;  ///< The last of the stretch that was shown; its number is 0 before the first.
    RankScale scale;
    std::int64_t total = 0;
    bool total_is_exact = true;

    bool operator==(const SearchCursor&) const = default;
};
std::string encode_search_cursor(const SearchCursor& cursor);
Result<SearchCursor> decode_search_cursor(std::string_view text);

}  // namespace ccproxy::analytics
