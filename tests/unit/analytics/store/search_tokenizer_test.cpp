// The tokenizer inside FTS5: what is indexed is what is found, and no text, typed or indexed,
// fails.
#include "analytics/store/sqlite/search_tokenizer.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace ccproxy;
using namespace ccproxy::analytics;

namespace {

struct Index {
    Index() {
        register_search_tokenizer(database);
        database.exec("CREATE VIRTUAL TABLE texts USING fts5 (body, tokenize = 'ccproxy')");
        database.exec("CREATE VIRTUAL TABLE terms USING fts5vocab (texts, instance)");
    }

    void add(const std::string& text) {
        SQLite::Statement insert(database, "INSERT INTO texts (body) VALUES (?)");
        insert.bind(1, text);
        insert.exec();
    }

    /// Texts that what is typed finds; -1 when it is refused.
    [[nodiscard]] int count(const std::string& typed) {
        const SearchTokenizer tokenizer(database);
        const auto terms =
            parse_search(typed, [&](std::string_view text) { return tokenizer.shape_of(text); });
        if (!terms) return -1;
        SQLite::Statement row(database, "SELECT count(*) FROM texts WHERE texts MATCH ?");
        row.bind(1, match_expression(*terms));
        row.executeStep();
        return row.getColumn(0).getInt();
    }

    [[nodiscard]] std::string marked(const std::string& expression) {
        SQLite::Statement row(
            database, "SELECT highlight(texts, 0, '[', ']') FROM texts WHERE texts MATCH ?");
        row.bind(1, expression);
        return row.executeStep() ? row.getColumn(0).getString() : "nothing";
    }

    SQLite::Database database{":memory:", SQLite::OPEN_READWRITE};
};

}  // namespace

TEST_CASE("words are found whatever their case and accents", "[search]") {
    Index index;
    index.add("Überprüfe die Datei, s'il te plaît: Ñandú");
    for (const char* typed : {"uberprufe", "ÜBERPRÜFE", "plait", "ñandu", "u\u0308berprufe"}) {
        CAPTURE(typed);
        CHECK(index.count(typed) == 1);
    }
    CHECK(index.count("dat") == 0);
    CHECK(index.count("dat*") == 1);
    CHECK(index.count("datei-dateien") == 0);
}

TEST_CASE("Chinese is found by words of two characters, by longer ones, and by one", "[search]") {
    Index index;
    index.add("我们在Python中使用数据库。连接池的大小是多少？");
    for (const char* typed : {"数据", "据库", "数据库", "使用数据库", "连接池", "库", "池",
                              "我们在", "中使用", "python中", "在python", "\"Python中使用\"",
                              "用数据库*", "数据 连接", "多少", "\"数据库。连接\""}) {
        CAPTURE(typed);
        CHECK(index.count(typed) == 1);
    }
    for (const char* typed : {"库数", "数库", "接连", "在中", "数据 天气", "中python", "少多"}) {
        CAPTURE(typed);
        CHECK(index.count(typed) == 0);
    }
}

TEST_CASE("code is found by identifiers, their parts, and paths", "[search]") {
    Index index;
    index.add("In src/net/http_client.cpp, HTTPClient::setRequestTimeout(30) calls GitHub.");
    for (const char* typed :
         {"setRequestTimeout", "setrequesttimeout", "timeout", "request timeout", "http_client.cpp",
          "src/net", "client.cpp", "HTTPClient::setRequestTimeout", "github", "GitHub", "setReq*",
          "calls github", "\"calls GitHub\"", "net/http_cl*"}) {
        CAPTURE(typed);
        CHECK(index.count(typed) == 1);
    }
    CHECK(index.count("src/http") == 0);
    CHECK(index.count("requesttime") == 0);
}

TEST_CASE("highlighting marks what was searched", "[search]") {
    Index index;
    index.add("连接到数据库：see openFile twice");
    CHECK(index.marked("\"数据库\"") == "连接到[数据库]：see openFile twice");
    CHECK(index.marked("\"到数\"") == "连接[到数]据库：see openFile twice");
    CHECK(index.marked("\"file\"") == "连接到数据库：see [openFile] twice");
    CHECK(index.marked("\"see openfile\"") == "连接到数据库：[see openFile] twice");
}

TEST_CASE("a megabyte without a space is one short token", "[search]") {
    Index index;
    index.add(std::string(1'000'000, 'z') + " end");
    CHECK(index.count("end") == 1);
    CHECK(index.count("\"" + std::string(900, 'z') + " end\"") == 1);
    SQLite::Statement longest(index.database, "SELECT max(length(term)) FROM terms");
    longest.executeStep();
    CHECK(longest.getColumn(0).getInt() == static_cast<int>(max_token_bytes));
}

TEST_CASE("no bytes fail, as a text or as a search, and the index stays whole", "[search]") {
    Index index;
    std::mt19937 random(7);
    static const std::vector<std::string> pieces{
        "数",     "据库", "a",   "fooBar", "AND",     "OR",   "NOT",  "NEAR(", "\"", "*",
        "-",      " ",    ":",   "(",      ")",       "{",    "}",    "^",     "+",  "'",
        ",",      "body", "\\",  ";",      "e\u0301", "\xE4", "\xB8", "é",     "一", "\xFF",
        "\u3000", "\xF0", "ไทย", "%",      "_",       "\n",   "--"};
    int refused = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto left = random() % 10; left > 0; --left) text += pieces[random() % pieces.size()];
        CAPTURE(round, text);
        index.add(text);
        const int found = index.count(text);
        if (found < 0) ++refused;
        // Without marks of its own, a text finds itself.
        const bool plain = text.find_first_of("\"-") == std::string::npos;
        if (plain && found >= 0) REQUIRE(found > 0);
    }
    CHECK(refused < 2500);
    index.database.exec("INSERT INTO texts (texts) VALUES ('integrity-check')");
}
