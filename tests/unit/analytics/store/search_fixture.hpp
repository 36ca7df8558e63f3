// A store with conversations to search in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analytics/search/query.hpp"
#include "analytics/store/sqlite/search_query.hpp"
#include "tests/unit/analytics/store/conversation_fixture.hpp"

namespace ccproxy::analytics::test {

using Numbers = std::vector<std::int64_t>;

inline std::int64_t number_of(const FoundConversation& found) {
    return found.summary.number;
}

struct SearchFixture : ConversationFixture {
    SearchFixture() {
        add_token("token-2");
        writer->change_token_settings("token-2", {true});
    }

    static Event make_said(unsigned number, const std::string& prompt,
                           const std::string& completion, const std::string& token = "token-1") {
        Event event = make_turn(number, {said("user", prompt)}, said("assistant", completion));
        event.token_id = token;
        return event;
    }
    /// Texts without quotation marks and backslashes.
    void say(unsigned number, const std::string& prompt, const std::string& completion,
             const std::string& token = "token-1") {
        add(make_said(number, prompt, completion, token));
    }
    /// In one batch, by a proxy of its own.
    void say_many(unsigned first, unsigned count, const std::string& words) const {
        std::vector<IngestItem> items;
        for (unsigned i = 0; i < count; ++i) {
            items.push_back(make_item(i + 1, make_said(first + i, words, "ok")));
            items.back().proxy_id = "proxy-2";
        }
        writer->append(items);
    }

    [[nodiscard]] SearchPage page(const std::string& typed,
                                  const std::optional<std::string>& token_id = std::nullopt,
                                  std::int64_t limit = 1000) const {
        return store->search_conversations({typed, token_id, 0, limit, ""}).value();
    }
    /// The numbers of what is found, the best first.
    [[nodiscard]] Numbers find(const std::string& typed,
                               const std::optional<std::string>& token_id = std::nullopt) const {
        Numbers numbers;
        for (const auto& entry : page(typed, token_id).conversations) {
            numbers.push_back(number_of(entry));
        }
        return numbers;
    }
    [[nodiscard]] Numbers sorted(const std::string& typed,
                                 const std::optional<std::string>& token_id = std::nullopt) const {
        Numbers numbers = find(typed, token_id);
        std::sort(numbers.begin(), numbers.end());
        return numbers;
    }
    /// Empty when the search did not fail.
    [[nodiscard]] std::string failure(const std::string& typed) const {
        const auto found = store->search_conversations({typed, std::nullopt, 0, 10, ""});
        return found ? "" : found.error().message;
    }
    /// Empty when the index holds exactly what the conversations say.
    [[nodiscard]] std::string damage() const {
        SQLite::Database database = open_for_writing(path);
        try {
            database.exec(
                "INSERT INTO conversation_search (conversation_search, rank) "
                "VALUES ('integrity-check', 1)");
        } catch (const SQLite::Exception& problem) {
            return problem.what();
        }
        return "";
    }

    std::unique_ptr<StoreReader> store = reader();
};

}  // namespace ccproxy::analytics::test
