// What compression gains on sessions like those of Claude Code, and what reading costs before and
// after. First the ways that there would be, on the messages alone; then the real store and its
// compressor.
//
//   compression SOURCES FOLDER [USERS] [SESSIONS OF EACH] [TURNS]
//
// SOURCES is a source tree, such as this one; a database is made in FOLDER and removed.
#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "analytics/conversations/canonical.hpp"
#include "analytics/jobs/compressor.hpp"
#include "analytics/store/sqlite/connection.hpp"
#include "analytics/store/sqlite/sqlite_store.hpp"
#include "common/uuid.hpp"
#include "tests/bench/compression/sessions.hpp"
#include "tests/bench/compression/ways.hpp"

namespace {

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::bench;

constexpr std::int64_t first_turn_ms = 1'767'225'600'000;  // 2026-01-01T00:00:00Z.
constexpr std::int64_t turn_ms = 20'000;

/// Of processor time, so that other programs on the machine do not count.
double ms_since(std::clock_t start) {
    return static_cast<double>(std::clock() - start) * 1000 / CLOCKS_PER_SEC;
}

Messages distinct_messages(const std::vector<Session>& sessions) {
    std::set<std::string> known;
    Messages all;
    for (const Session& session : sessions) {
        std::vector<std::string> parts = canonical_system(session.system).value();
        for (const std::string& message : session.messages) {
            parts.push_back(canonical_message(message).value().text);
        }
        std::erase_if(parts, [&](const std::string& part) { return !known.insert(part).second; });
        all.push_back(std::move(parts));
    }
    return all;
}

Event event_of(const Session& session, std::size_t turn, std::int64_t at_ms, UuidV7Generator& ids) {
    const auto place = static_cast<std::ptrdiff_t>(2 * turn + 1);
    Event event;
    event.id = ids.next(at_ms);
    event.token_id = session.user;
    event.user_name = session.user;
    event.account_id = "account-1";
    event.mode = "api";
    event.model = "claude-sonnet-4-5";
    event.request_at_ms = at_ms;
    event.response_at_ms = at_ms + 5000;
    event.duration_ms = 5000;
    event.usage_source = UsageSource::final;
    event.status_code = 200;
    event.success = true;
    event.conversation_id = session.id;
    event.attempts = 1;
    event.conversation = Conversation{session.system,
                                      {session.messages.begin(), session.messages.begin() + place},
                                      session.messages[static_cast<std::size_t>(place)],
                                      false};
    return event;
}

/// The sessions of a day run at the same time, one of each user.
void fill(StoreWriter& store, const std::vector<Session>& sessions, unsigned users,
          std::size_t turns) {
    UuidV7Generator ids;
    std::uint64_t seq = 0;
    for (std::size_t day = 0; day * users < sessions.size(); ++day) {
        for (std::size_t turn = 0; turn < turns; ++turn) {
            std::vector<IngestItem> batch;
            for (std::size_t user = 0; user < users; ++user) {
                const std::int64_t at_ms = first_turn_ms +
                                           static_cast<std::int64_t>(day) * 86'400'000 +
                                           static_cast<std::int64_t>(turn) * turn_ms;
                IngestItem item;
                item.proxy_id = "proxy-1";
                item.seq = ++seq;
                item.content =
                    PricedEvent{event_of(sessions[day * users + user], turn, at_ms, ids), {}};
                item.received_at_ms = at_ms;
                batch.push_back(std::move(item));
            }
            store.append(batch);
        }
    }
}

class Measured {
  public:
    explicit Measured(std::string path) : path_(std::move(path)) {}

    void show(const char* name) const {
        std::printf("%-12s %9.2f MB %10.2f ms %12.2f ms %14.1f ms\n", name,
                    static_cast<double>(std::filesystem::file_size(path_)) / 1e6,
                    read_each("SELECT id FROM conversations ORDER BY number DESC LIMIT 20"),
                    read_each("SELECT id FROM conversations ORDER BY random() LIMIT 20"),
                    read_all_texts());
    }

  private:
    /// Milliseconds for one conversation in full. Each has a new reader, so nothing is known.
    [[nodiscard]] double read_each(const std::string& ids) const {
        SQLite::Database database = open_for_reading(path_);
        SQLite::Statement rows(database, ids);
        double sum = 0;
        int count = 0;
        for (; rows.executeStep(); ++count) {
            const auto reader = open_sqlite_reader(path_);
            const auto start = std::clock();
            if (!reader->conversation(rows.getColumn(0).getString())) std::abort();
            sum += ms_since(start);
        }
        return sum / count;
    }

    /// Milliseconds for all that a search index is made of.
    [[nodiscard]] double read_all_texts() const {
        SQLite::Database database = open_for_reading(path_);
        const auto start = std::clock();
        SQLite::Statement row(database,
                              "SELECT sum(length(prompt)), sum(length(completion)) FROM "
                              "conversation_texts");
        row.executeStep();
        return ms_since(start);
    }

    std::string path_;
};

void measure_store(const std::string& path, const std::vector<Session>& sessions, unsigned users,
                   std::size_t turns) {
    const SystemClock clock;
    const auto store =
        open_sqlite_writer(path, DayZone::find("UTC").value(), clock, QuarantineLimits{});
    for (unsigned user = 0; user < users; ++user) {
        const std::string& id = sessions[user].user;
        store->add_token({id, sha256(id), id, "api", 1, std::nullopt});
        store->change_token_settings(id, {true});
    }
    const auto start = std::clock();
    fill(*store, sessions, users, turns);
    std::printf("\nthe store: %zu turns taken in %.0f ms\n", sessions.size() * turns,
                ms_since(start));
    store->checkpoint();
    std::printf("%-12s %12s %13s %15s %17s\n", "", "file", "the newest", "one by chance",
                "texts of all");
    const Measured measured(path);
    measured.show("as taken");

    double longest_step_ms = 0;
    const auto reader = open_sqlite_reader(path);
    const auto write = [&](const std::function<void(StoreWriter&)>& step) {
        const auto began = std::clock();
        step(*store);
        longest_step_ms = std::max(longest_step_ms, ms_since(began));
    };
    const auto began = std::clock();
    const JobReport report = Compressor(7).run_once({clock.unix_ms(), write, *reader, {}});
    const double took_ms = ms_since(began);
    measured.show("compressed");
    std::printf("the job took %.0f ms, its longest step %.1f ms;", took_ms, longest_step_ms);
    for (const auto& [name, value] : report) {
        std::printf(" %s %lld", name.c_str(), static_cast<long long>(value));
    }
    std::printf("\n");
}

unsigned number(int count, char** arguments, int place, unsigned fallback) {
    if (count <= place) return fallback;
    return static_cast<unsigned>(std::strtoul(arguments[place], nullptr, 10));
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) {
        std::fprintf(stderr,
                     "usage: compression SOURCES FOLDER [USERS] [SESSIONS OF EACH] [TURNS]\n");
        return 2;
    }
    const unsigned users = number(count, arguments, 3, 5);
    const unsigned of_each = number(count, arguments, 4, 4);
    const unsigned turns = number(count, arguments, 5, 200);
    const std::vector<SourceFile> tree = load_sources(arguments[1]);
    std::vector<Session> sessions;
    for (unsigned i = 0; i < users * of_each; ++i) {
        sessions.push_back(make_session(tree, i % users, 1000 + i, turns));
    }
    const Messages messages = distinct_messages(sessions);
    std::size_t distinct = 0, bytes = 0;
    for (const auto& session : messages) {
        distinct += session.size();
        for (const std::string& message : session) bytes += message.size();
    }
    const std::size_t all_turns = sessions.size() * turns;
    std::printf("%zu sessions of %u turns: %zu distinct messages, %zu bytes a turn\n\n",
                sessions.size(), turns, distinct, bytes / all_turns);
    compare_ways(messages, users, all_turns);
    const std::string path = std::string(arguments[2]) + "/compression.db";
    measure_store(path, sessions, users, turns);
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
    return 0;
}
