// Reads messages out of packs.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

struct sqlite3;

namespace ccproxy::analytics {

/// Keeps what the packs held that were read last, since the next message mostly lies in one of
/// them. That is safe since a pack never changes, its id is never given twice, and no transaction
/// reads a pack that it has written itself: one that is rolled back leaves nothing here.
///
/// For one connection, used by its thread.
class PackReader {
  public:
    /// `database` must outlive every call.
    explicit PackReader(sqlite3* database) : database_(database) {}

    /// The message of `bytes` bytes that begins at `place`. Throws DamagedMessage when there is no
    /// such pack or its body is damaged, and std::runtime_error when the database fails.
    std::string read(std::int64_t pack, std::int64_t place, std::int64_t bytes);

    /// What all its messages hold together; throws as read() does. Nothing is kept.
    [[nodiscard]] std::string read_whole(std::int64_t pack) const;

  private:
    const std::string* find(std::int64_t pack);

    sqlite3* const database_;
    std::deque<std::pair<std::int64_t, std::string>> known_;  ///< The last one used is the first.
};

}  // namespace ccproxy::analytics
