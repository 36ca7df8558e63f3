#include "analytics/store/sqlite/histogram_function.hpp"

#include <sqlite3.h>

#include <new>
#include <string>
#include <string_view>

#include "analytics/stats/histogram.hpp"

namespace ccproxy::analytics {
namespace {

std::string_view bytes_of(sqlite3_value* value) {
    const void* bytes = sqlite3_value_blob(value);
    const int size = sqlite3_value_bytes(value);
    if (bytes == nullptr || size <= 0) return {};
    return {static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

void merge(sqlite3_context* context, int, sqlite3_value** values) {
    const std::string_view added = bytes_of(values[1]);
    if (added.empty()) return sqlite3_result_value(context, values[0]);
    try {
        Histogram sum = Histogram::decode(bytes_of(values[0])).value_or(Histogram{});
        sum.merge_encoded(added);
        std::string bytes;
        sum.encode(bytes);
        sqlite3_result_blob(context, bytes.data(), static_cast<int>(bytes.size()),
                            SQLITE_TRANSIENT);
    } catch (const std::bad_alloc&) {
        sqlite3_result_error_nomem(context);
    }
}

}  // namespace

void register_merge_histograms(SQLite::Database& database) {
    const int code =
        sqlite3_create_function_v2(database.getHandle(), "merge_histograms", 2,
                                   SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                                   merge, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw SQLite::Exception(database.getHandle(), code);
}

}  // namespace ccproxy::analytics
