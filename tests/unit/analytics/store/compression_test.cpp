// What is compressed takes less space, and reads as before.
#include <catch2/catch.hpp>

#include "analytics/store/sqlite/migrate.hpp"
#include "tests/unit/analytics/store/compression_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;

namespace {

constexpr const char* counts_of_packs =
    "SELECT (SELECT count(*) FROM messages WHERE pack IS NULL), (SELECT count(*) FROM "
    "message_bodies), (SELECT count(*) FROM messages WHERE pack IS NOT NULL), (SELECT count(*) "
    "FROM message_packs), (SELECT count(*) FROM pack_garbage)";

}  // namespace

TEST_CASE("every reader shows the same as before, byte for byte", "[compression]") {
    CompressionFixture f;
    f.add_session(1, 100, "alpha");
    f.add_session(101, 100, "beta");
    f.add_session(201, 3, "");
    f.add(ConversationFixture::make_turn(301, {}, "", ""));
    f.add(ConversationFixture::make_turn(302, {R"({"role":"user","content":""})"}, "", "\"s\""));
    const std::string before = f.everything();
    REQUIRE(before.size() > 1'000'000);
    CHECK(f.compress() > 2);
    CHECK(f.everything() == before);
    CHECK(f.query("SELECT DISTINCT is_compressed FROM conversations") == "1");
    CHECK(f.query("SELECT count(*) FROM message_bodies") == "0");
    CHECK(f.query("SELECT count(*) FROM messages WHERE pack IS NULL") == "0");
    CHECK(f.query("SELECT max(bytes) <= 262144 FROM message_packs") == "1");
    CHECK(f.query("SELECT sum(length(body)) * 2 < sum(bytes) FROM message_packs") == "1");
    CHECK(f.query("PRAGMA foreign_key_check").empty());
    CHECK(f.compress() == 0);
    // Also through another connection, and after a restart.
    f.writer.reset();
    f.writer = f.open("UTC");
    CHECK(f.everything() == before);
}

TEST_CASE("a full-text index over the views finds the same as before", "[compression]") {
    CompressionFixture f;
    f.add_session(1, 40, "alpha");
    f.add_session(101, 40, "beta");
    f.change(
        "CREATE VIRTUAL TABLE found USING fts5 (prompt, completion, content = "
        "'conversation_texts', content_rowid = 'rowid', tokenize = 'ccproxy');"
        "INSERT INTO found (found) VALUES ('rebuild')");
    const std::string search =
        "SELECT rowid, highlight(found, 0, '[', ']'), bm25(found) FROM found WHERE found MATCH "
        "'beta w17' ORDER BY rank, rowid";
    const std::string before = f.view(search);
    REQUIRE(before.find("[w17]") != std::string::npos);
    REQUIRE(f.compress() > 1);
    CHECK(f.view(search) == before);
    // Compares the index with the texts, and makes it anew from them.
    f.change("INSERT INTO found (found, rank) VALUES ('integrity-check', 1)");
    f.change("INSERT INTO found (found) VALUES ('rebuild')");
    CHECK(f.view(search) == before);
}

TEST_CASE("what is young stays as it is, but for what older ones share", "[compression]") {
    CompressionFixture f;
    const std::int64_t start_ms = make_event(0).request_at_ms;
    f.add_session(1, 10, "alpha", start_ms);
    const std::string before = f.everything();
    f.compress(start_ms);
    CHECK(f.query(counts_of_packs) == "21|21|0|0|0");
    f.compress(start_ms + 6);
    CHECK(f.query("SELECT group_concat(is_compressed, '') FROM conversations") == "1111110000");
    CHECK(f.query(counts_of_packs) == "8|8|13|1|0");
    CHECK(f.everything() == before);
    f.compress(start_ms + 10);
    CHECK(f.query("SELECT group_concat(is_compressed, '') FROM conversations") == "1111111111");
    CHECK(f.query(counts_of_packs) == "0|0|21|2|0");
    CHECK(f.everything() == before);
}

TEST_CASE("a message that comes again after it was packed is known", "[compression]") {
    CompressionFixture f;
    const Event event = ConversationFixture::make_turn(1, {said("user", "hello")});
    f.add(event);
    f.compress();
    Event again = event;
    again.id = make_event(2).id;
    f.add(again);
    CHECK(f.query(counts_of_packs) == "0|0|3|1|0");
    CHECK(f.query("SELECT group_concat(is_compressed, '') FROM conversations") == "10");
    CHECK(f.reader()->conversation(again.id)->prompt == "hello");
    // Nothing is to be packed, but to be marked.
    CHECK(f.compress() == 0);
    CHECK(f.query("SELECT group_concat(is_compressed, '') FROM conversations") == "11");
}

TEST_CASE("a message that is larger than a pack has one of its own", "[compression]") {
    CompressionFixture f;
    std::mt19937 random(1);
    const std::string large = said("user", many_words(random, 200'000));
    f.add(ConversationFixture::make_turn(1, {said("user", "a"), large, said("user", "b")}));
    const std::string before = f.everything();
    CHECK(f.compress() == 3);
    CHECK(f.everything() == before);
    CHECK(f.query("SELECT max(bytes) FROM message_packs") == std::to_string(large.size()));
}

TEST_CASE("sessions lie together, however they were interleaved", "[compression]") {
    CompressionFixture f;
    for (unsigned turn = 0; turn < 20; ++turn) {
        f.add_session(1 + 2 * turn, 1, turn % 2 == 0 ? "alpha" : "beta",
                      make_event(0).request_at_ms + turn);
    }
    f.compress();
    const std::string order = f.view(
        "SELECT group_concat(mark, '') FROM (SELECT substr(message_text(id), 1, 1) AS mark FROM "
        "messages ORDER BY pack, place)");
    CHECK(order == "ba" + std::string(19, 'a') + std::string(20, 'b') + "\n");
}

TEST_CASE("what is deleted is gone from its pack", "[compression]") {
    CompressionFixture f;
    f.add_session(1, 5, "alpha");
    f.add_session(101, 5, "beta");
    REQUIRE(f.compress() == 1);
    const std::string left = f.view(
        "SELECT messages_json FROM conversation_contents WHERE "
        "messages_json LIKE '%beta%' ORDER BY id");
    for (unsigned number = 1; number <= 5; ++number) {
        REQUIRE(f.writer->delete_conversation(make_event(number).id));
    }
    f.collect();
    CHECK(f.query(counts_of_packs) == "0|0|11|1|0");
    CHECK(f.query("SELECT p.bytes = sum(m.bytes) FROM message_packs p JOIN messages m ON pack = "
                  "p.id") == "1");
    CHECK(f.view("SELECT messages_json FROM conversation_contents ORDER BY id") == left);
    CHECK(f.query("PRAGMA foreign_key_check").empty());
    for (unsigned number = 101; number <= 105; ++number) {
        REQUIRE(f.writer->delete_conversation(make_event(number).id));
    }
    f.collect();
    CHECK(f.query(counts_of_packs) == "0|0|0|0|0");
    CHECK(f.counts() == "0|0|0|0|0");
}

TEST_CASE("a pack is not written when a message of it is gone, or in a pack", "[compression]") {
    CompressionFixture f;
    f.add_session(1, 3, "alpha");
    const auto pack = f.reader()->next_pack(make_event(0).request_at_ms + 1000);
    REQUIRE(pack);
    SECTION("gone") {
        for (unsigned number = 1; number <= 3; ++number) {
            f.writer->delete_conversation(make_event(number).id);
        }
        f.collect();
        CHECK_FALSE(f.writer->write_pack(*pack));
        CHECK(f.query(counts_of_packs) == "0|0|0|0|0");
    }
    SECTION("in a pack") {
        REQUIRE(f.writer->write_pack(*pack));
        const std::string before = f.everything();
        CHECK_FALSE(f.writer->write_pack(*pack));
        CHECK(f.query(counts_of_packs) == "0|0|7|1|0");
        CHECK(f.everything() == before);
    }
}

TEST_CASE("one message that is damaged stops nothing", "[compression]") {
    CompressionFixture f;
    f.add_session(1, 5, "alpha");
    f.change("UPDATE message_bodies SET body = substr(body, 9) WHERE message = 3");
    const auto pack = f.reader()->next_pack(make_event(0).request_at_ms + 1000);
    REQUIRE(pack);
    CHECK(pack->damaged == std::vector<std::int64_t>{3});
    CHECK(f.compress() == 1);
    CHECK(f.query(counts_of_packs) == "1|1|10|1|0");
    CHECK(f.query("SELECT DISTINCT is_compressed FROM conversations") == "1");
}

TEST_CASE("a damaged pack is an error and not a wrong text", "[compression]") {
    CompressionFixture f;
    f.add_session(1, 5, "alpha");
    REQUIRE(f.compress() == 1);
    const auto [change, error] = GENERATE(table<std::string, std::string>({
        {"UPDATE message_packs SET body = substr(body, 1, length(body) - 1)", "a pack is damaged"},
        {"UPDATE message_packs SET body = x''", "a pack is damaged"},
        {"UPDATE message_packs SET body = zeroblob(length(body))", "a pack is damaged"},
        {"UPDATE message_packs SET bytes = 1000000000000000", "a pack is damaged"},
        {"UPDATE message_packs SET bytes = -1", "a pack is damaged"},
        {"UPDATE message_packs SET encoding = 9", "a pack has an encoding of a newer version"},
        {"UPDATE messages SET place = bytes * 100", "a message has no place in its pack"},
        {"UPDATE messages SET place = -1", "a message has no place in its pack"},
        {"UPDATE messages SET bytes = 9223372036854775807", "a message has no place in its pack"},
        {"PRAGMA foreign_keys = OFF; DELETE FROM message_packs", "a pack of messages is missing"},
        {"UPDATE messages SET pack = NULL, place = NULL", "a message has no body"},
    }));
    f.change(change);
    CHECK_THROWS_WITH(f.view("SELECT * FROM conversation_texts"), error);
    CHECK_THROWS_WITH(f.reader()->conversation(make_event(2).id), error);
    // Deleting goes on.
    for (unsigned number = 1; number <= 5; ++number) {
        CHECK(f.writer->delete_conversation(make_event(number).id));
    }
    f.collect();
    CHECK(f.counts() == "0|0|0|0|0");
}

TEST_CASE("a damaged size of a body takes no memory", "[compression]") {
    CompressionFixture f;
    f.add_session(1, 1, "alpha");
    f.change("UPDATE messages SET bytes = 1000000000000000");
    CHECK_THROWS_WITH(f.view("SELECT * FROM conversation_texts"), "a message is damaged");
}

TEST_CASE("bodies of a database from before there were packs stay", "[compression]") {
    const TempFolder folder;
    const FixedClock clock;
    SQLite::Database database = open_for_writing(folder.file("old.db"));
    const std::vector<Migration>& all = known_migrations();
    const auto packs =
        std::ranges::find(all, std::string("message_packs"),
                          [](const Migration& migration) { return std::string(migration.name); });
    migrate(database, {all.begin(), packs}, clock.now_ms);
    database.exec(
        "INSERT INTO messages (hash, created_at, bytes, encoding, body) VALUES "
        "(zeroblob(16), 1, 55, 0, "
        "CAST('{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}' AS BLOB))");
    migrate(database, all, clock.now_ms);
    SQLite::Statement row(database, "SELECT message_text(1)");
    REQUIRE(row.executeStep());
    CHECK(row.getColumn(0).getString() == "hi");
}

TEST_CASE("the sizes of contents are those of the tables, whatever happens to them",
          "[compression]") {
    CompressionFixture f;
    const auto agree = [&] {
        const StorageSizes sizes = f.reader()->sizes();
        CHECK(f.query("SELECT ifnull(sum(bytes), 0) FROM messages") ==
              std::to_string(sizes.content_bytes));
        CHECK(f.query("SELECT (SELECT ifnull(sum(length(body)), 0) FROM message_bodies) + "
                      "(SELECT ifnull(sum(length(body)), 0) FROM message_packs)") ==
              std::to_string(sizes.content_stored_bytes));
        return sizes;
    };
    CHECK(agree().content_bytes == 0);
    f.add_session(1, 40, "alpha");
    f.add_session(101, 40, "beta");
    const StorageSizes taken = agree();
    CHECK(taken.content_stored_bytes > 0);
    f.compress();
    const StorageSizes compressed = agree();
    CHECK(compressed.content_bytes == taken.content_bytes);
    CHECK(compressed.content_stored_bytes < taken.content_stored_bytes);
    f.writer->delete_conversations_before(make_event(0).request_at_ms + 10, 1'000);
    while (f.writer->collect_conversation_garbage(100) > 0) {
    }
    agree();
    f.writer->delete_conversations_before(make_event(0).request_at_ms + 1'000'000, 1'000);
    while (f.writer->collect_conversation_garbage(100) > 0) {
    }
    CHECK(agree().content_stored_bytes == 0);
}
