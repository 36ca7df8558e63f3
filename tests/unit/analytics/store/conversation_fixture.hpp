// A store with a token that keeps conversations, and messages to put in.
#pragma once

#include <string>
#include <vector>

#include "analytics/store/sqlite/connection.hpp"
#include "common/hash.hpp"
#include "tests/unit/analytics/store/store_fixture.hpp"

namespace ccproxy::analytics::test {

inline std::string said(const std::string& role, const std::string& text) {
    return R"({"role":")" + role + R"(","content":[{"type":"text","text":")" + text + R"("}]})";
}

struct ConversationFixture : StoreFixture {
    ConversationFixture() {
        add_token("token-1");
        writer->change_token_settings("token-1", {true});
    }

    void add_token(const std::string& id) const {
        writer->add_token({id, sha256(id), "ann", "api", 1, std::nullopt});
    }

    static Event make_turn(unsigned number, std::vector<std::string> messages,
                           std::string completion = said("assistant", "yes"),
                           std::string system = R"("be brief")") {
        Event event = make_event(number);
        event.conversation =
            Conversation{std::move(system), std::move(messages), std::move(completion), false};
        return event;
    }
    /// Stores the event under the next number of its proxy.
    AppendReport add(const Event& event) { return writer->append({make_item(++seq_, event)}); }

    [[nodiscard]] std::string counts() const {
        return query(
            "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM message_lists), "
            "(SELECT count(*) FROM messages), (SELECT count(*) FROM conversation_garbage), (SELECT "
            "value FROM counters WHERE name = 'conversations')");
    }
    /// Through the store's own connection settings, which know the functions of the views.
    [[nodiscard]] std::string view(const std::string& sql) const {
        SQLite::Database database = open_for_reading(path);
        SQLite::Statement row(database, sql);
        std::string text;
        while (row.executeStep()) {
            for (int i = 0; i < row.getColumnCount(); ++i) {
                text += row.getColumn(i).isNull() ? "NULL" : row.getColumn(i).getString();
                text += i + 1 == row.getColumnCount() ? "\n" : "|";
            }
        }
        return text;
    }

  private:
    std::uint64_t seq_ = 0;
};

}  // namespace ccproxy::analytics::test
