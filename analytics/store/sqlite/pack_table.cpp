#include "analytics/store/sqlite/pack_table.hpp"

#include <spdlog/spdlog.h>

#include <vector>

#include "analytics/store/sqlite/message_codec.hpp"
#include "analytics/store/sqlite/pack_codec.hpp"
#include "analytics/store/sqlite/pack_reader.hpp"
#include "analytics/store/sqlite/raw_statement.hpp"

namespace ccproxy::analytics {
namespace {

struct Part {
    std::int64_t message = 0, place = 0, bytes = 0;
};

std::vector<Part> parts_of(SQLite::Database& database, std::int64_t pack) {
    RawStatement rows(database,
                      "SELECT id, place, bytes FROM messages WHERE pack = ? ORDER BY place");
    rows.bind(1, pack);
    std::vector<Part> parts;
    while (rows.step()) parts.push_back({rows.integer(0), rows.integer(1), rows.integer(2)});
    return parts;
}

void run(SQLite::Database& database, const char* sql, std::int64_t value) {
    RawStatement statement(database, sql);
    statement.bind(1, value);
    statement.run();
}

/// A pack of the same messages without what is between them. Throws DamagedMessage.
void copy_parts(SQLite::Database& database, std::int64_t pack, std::vector<Part> parts) {
    PackReader reader(database.getHandle());
    std::string content;
    for (Part& part : parts) {
        const std::string message = reader.read(pack, part.place, part.bytes);
        part.place = static_cast<std::int64_t>(content.size());
        content.append(message);
    }
    const std::int64_t copy = insert_pack(database, encode_pack(content, fast_level),
                                          static_cast<std::int64_t>(content.size()));
    RawStatement move(database, "UPDATE messages SET pack = ?, place = ? WHERE id = ?");
    for (const Part& part : parts) {
        move.bind(1, copy);
        move.bind(2, part.place);
        move.bind(3, part.message);
        move.run();
    }
}

}  // namespace

std::int64_t insert_pack(SQLite::Database& database, const std::string& body, std::int64_t bytes) {
    RawStatement insert(database,
                        "INSERT INTO message_packs (bytes, encoding, body) VALUES (?, ?, ?)");
    insert.bind(1, bytes);
    insert.bind(2, static_cast<std::int64_t>(PackEncoding::zstd));
    insert.bind_blob(3, body);
    insert.run();
    return database.getLastInsertRowid();
}

bool replace_torn_pack(SQLite::Database& database) {
    RawStatement next(database, "SELECT pack FROM pack_garbage ORDER BY pack LIMIT 1");
    if (!next.step()) return false;
    const std::int64_t pack = next.integer(0);
    next.reset();
    run(database, "DELETE FROM pack_garbage WHERE pack = ?", pack);
    const std::vector<Part> parts = parts_of(database, pack);
    try {
        if (!parts.empty()) copy_parts(database, pack, parts);
        run(database, "DELETE FROM message_packs WHERE id = ?", pack);
    } catch (const DamagedMessage& error) {
        spdlog::warn("the pack {} stays as it is, with what was deleted from it: {}", pack,
                     error.what());
    }
    return true;
}

}  // namespace ccproxy::analytics
