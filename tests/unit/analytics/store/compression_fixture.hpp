// Sessions whose history grows, enough of them for several packs.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "tests/unit/analytics/store/conversation_fixture.hpp"

namespace ccproxy::analytics::test {

inline constexpr std::int64_t compression_day_ms = 86'400'000;
/// The words of sessions are of some ten thousand different ones.
inline std::string many_words(std::mt19937& random, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += (i == 0 ? "w" : " w") + std::to_string(random() % 10'000);
    }
    return text;
}

struct CompressionFixture : ConversationFixture {
    /// A session of turns that each send all before them again; numbers count up from `first`, and
    /// so do the milliseconds from `from_ms`. Every message has some 1.5 KB and the word `mark`.
    void add_session(unsigned first, unsigned turns, const std::string& mark,
                     std::int64_t from_ms = make_event(0).request_at_ms) {
        std::mt19937 random(first);
        const auto message = [&](const char* role) {
            return said(role, mark + " " + many_words(random, 270));
        };
        std::vector<std::string> history;
        for (unsigned turn = 0; turn < turns; ++turn) {
            history.push_back(message("user"));
            const std::string answer = message("assistant");
            Event event = make_turn(first + turn, history, answer);
            event.conversation_id = mark.empty() ? "" : "session-" + mark;
            event.request_at_ms = from_ms + turn;
            add(event);
            history.push_back(answer);
        }
    }

    /// Runs until nothing is left, and gives the number of packs.
    std::int64_t compress(std::int64_t before_ms = make_event(0).request_at_ms + 1'000'000) const {
        std::int64_t packs = 0;
        const auto own = reader();
        while (const auto pack = own->next_pack(before_ms)) {
            REQUIRE(writer->write_pack(*pack));
            packs += pack->parts.empty() ? 0 : 1;
        }
        return packs;
    }

    /// All that the views and the readers show, but whether it is compressed.
    [[nodiscard]] std::string everything() const {
        std::string text = view(
            "SELECT id, request_log_id, token_id, system_prompt, messages_json, prompt, "
            "completion, "
            "created_at FROM conversation_contents ORDER BY id");
        text += view("SELECT * FROM conversation_texts ORDER BY rowid");
        const auto own = reader();
        ConversationWalk walk = own->begin_conversation_walk({});
        while (!walk.at_end) {
            const auto found = own->next_conversation(walk);
            if (!found) continue;
            text += found->summary.id + found->messages_json + found->system_prompt.value_or("-") +
                    found->prompt.value_or("-") + found->completion.value_or("-") +
                    found->completion_json.value_or("-") + '\n';
        }
        return text;
    }

    /// Garbage is collected until nothing is left.
    void collect() const {
        while (writer->collect_conversation_garbage(1000) > 0) {
        }
    }

    /// Changes the database behind the store's back, with its functions at hand.
    void change(const std::string& sql) const { open_for_writing(path).exec(sql); }
};

}  // namespace ccproxy::analytics::test
