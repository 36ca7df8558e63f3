// The place in a sorted list where the next page begins, as opaque text for a URL. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace ccproxy::analytics
