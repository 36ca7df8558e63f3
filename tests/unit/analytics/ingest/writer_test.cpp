// The writer thread over a store that fails when told to, and over a real one.
#include "analytics/ingest/writer.hpp"

#include <sched.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <thread>

#include "tests/unit/analytics/other_work.hpp"
#include "tests/unit/analytics/store/conversation_fixture.hpp"

using namespace ccproxy;
using namespace ccproxy::analytics;
using namespace ccproxy::analytics::test;
using std::chrono::milliseconds;

namespace {

constexpr auto patience = std::chrono::seconds(10);

/// Commits, in the order in which the writer reported them.
class Commits {
  public:
    Writer::OnCommitted recorder() {
        return [this](const Committed& committed) {
            const std::lock_guard lock(mutex_);
            commits_.push_back(committed);
            changed_.notify_all();
        };
    }
    /// Waits until the proxy's events up to `seq` are committed.
    bool reach(const std::string& proxy_id, std::uint64_t seq) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] {
            for (const Committed& committed : commits_) {
                const auto entry = committed.proxies.find(proxy_id);
                if (entry != committed.proxies.end() && entry->second.seq >= seq) return true;
            }
            return false;
        });
    }
    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return commits_.size();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Committed> commits_;
};

/// Hands on to a real store, unless it is told to fail.
class FlakyStore final : public StoreWriter {
  public:
    struct Control {
        std::atomic<int> failures{0};
        std::atomic<int> checkpoints{0};
        std::atomic<int> indexed_batches{0}, other_batches{0};
        std::atomic<int> indexings{0};  ///< Apart from batches.
        std::atomic<int> policy{-1};    ///< Of the thread that appended last, as in sched(7).
    };
    FlakyStore(std::unique_ptr<StoreWriter> store, Control& control)
        : store_(std::move(store)), control_(control) {}

    AppendReport append(const std::vector<IngestItem>& batch, Indexing indexing) override {
        control_.policy = ::sched_getscheduler(0);
        if (control_.failures.load() != 0) {
            if (control_.failures.load() > 0) --control_.failures;
            throw std::runtime_error("disk full");
        }
        ++(indexing == Indexing::at_once ? control_.indexed_batches : control_.other_batches);
        return store_->append(batch, indexing);
    }
    void discard(const std::vector<IngestItem>& batch) override { store_->discard(batch); }
    std::map<std::string, std::uint64_t> watermarks() override { return store_->watermarks(); }
    RegistrySnapshot registry() override { return store_->registry(); }
    TokenChange add_token(const NewToken& token) override { return store_->add_token(token); }
    Result<TokenChange> revoke_token(const std::string& id, std::int64_t now_ms) override {
        return store_->revoke_token(id, now_ms);
    }
    Result<TokenChange> change_token_settings(const std::string& id,
                                              const TokenSettings& settings) override {
        return store_->change_token_settings(id, settings);
    }
    std::optional<RetryReport> retry_quarantined(std::int64_t id, const Decode& decode) override {
        return store_->retry_quarantined(id, decode);
    }
    bool delete_quarantined(std::int64_t id) override { return store_->delete_quarantined(id); }
    void save_job(const JobRecord& record) override { store_->save_job(record); }
    std::int64_t purge_request_logs(std::int64_t before_ms, std::int64_t max_rows) override {
        return store_->purge_request_logs(before_ms, max_rows);
    }
    void index_conversations() override {
        store_->index_conversations();
        ++control_.indexings;
    }
    bool compact_search(std::int64_t max_pages) override {
        return store_->compact_search(max_pages);
    }
    std::int64_t release_space(std::int64_t max_bytes) override {
        return store_->release_space(max_bytes);
    }
    bool repair_roll_ups(RollUpCheck&, std::size_t, std::size_t) override { return false; }
    bool sum_up_week() override { return store_->sum_up_week(); }
    bool delete_conversation(const std::string& id) override {
        return store_->delete_conversation(id);
    }
    std::int64_t delete_conversations_of_token(const std::string& token_id,
                                               std::int64_t max_rows) override {
        return store_->delete_conversations_of_token(token_id, max_rows);
    }
    std::int64_t delete_conversations_before(std::int64_t before_ms,
                                             std::int64_t max_rows) override {
        return store_->delete_conversations_before(before_ms, max_rows);
    }
    bool write_pack(const MessagePack& pack) override { return store_->write_pack(pack); }
    std::int64_t collect_conversation_garbage(std::int64_t max_steps) override {
        return store_->collect_conversation_garbage(max_steps);
    }
    CheckpointReport checkpoint() override {
        ++control_.checkpoints;
        return store_->checkpoint();
    }

  private:
    std::unique_ptr<StoreWriter> store_;
    Control& control_;
};

struct WriterFixture : ConversationFixture {
    FlakyStore::Control control;
    Commits commits;
    WriterOptions options;

    WriterFixture() {
        options.rule = {1, milliseconds(0)};
        options.first_retry = milliseconds(1);
        options.last_retry = milliseconds(4);
    }
    std::unique_ptr<Writer> start() {
        auto started =
            std::make_unique<Writer>(std::make_unique<FlakyStore>(std::move(writer), control),
                                     options, clock, commits.recorder());
        started->start();
        return started;
    }
    static QueuedEvent event(unsigned seq) { return {make_item(seq, make_event(seq)), 100, 0}; }
    static QueuedEvent turn(unsigned seq) {
        return {make_item(seq, make_turn(seq, {said("user", "apple")})), 100, 0};
    }
    /// How many conversations a search may find.
    [[nodiscard]] std::string indexed() const {
        return query("SELECT value FROM counters WHERE name = 'search_indexed'");
    }
};

}  // namespace

TEST_CASE("events are written and the commit is told", "[ingest]") {
    WriterFixture f;
    const auto writer = f.start();
    writer->push(WriterFixture::event(1));
    writer->push(WriterFixture::event(2));
    REQUIRE(f.commits.reach("proxy-1", 2));
    CHECK(f.reader()->sizes().request_logs == 2);
    const IngestStatus status = writer->status();
    CHECK(status.rows == 2);
    CHECK(status.queue_events == 0);
    CHECK(status.queue_bytes == 0);
    CHECK(status.last_commit_at_ms == f.clock.now_ms);
    CHECK(status.last_error.empty());
}

TEST_CASE("a batch that fails is tried until it succeeds, and is not stored twice", "[ingest]") {
    WriterFixture f;
    f.control.failures = 3;
    const auto writer = f.start();
    for (unsigned seq = 1; seq <= 5; ++seq) writer->push(WriterFixture::event(seq));
    REQUIRE(f.commits.reach("proxy-1", 5));
    CHECK(f.reader()->sizes().request_logs == 5);
    const IngestStatus status = writer->status();
    CHECK(status.failed_batches == 3);
    CHECK(status.rows == 5);
    CHECK(status.last_error.empty());
}

TEST_CASE("while the database fails commands run and the status says why", "[ingest]") {
    WriterFixture f;
    f.control.failures = -1;
    f.options.limits.events = 1;
    const auto writer = f.start();
    writer->push(WriterFixture::event(1));
    while (writer->status().failed_batches < 2) std::this_thread::yield();
    CHECK(writer->status().last_error == "disk full");
    CHECK_FALSE(writer->has_room());
    const TokenChange change = writer->run([](StoreWriter& store) {
        return store.add_token({"t1", sha256("k"), "ann", "api", 1, std::nullopt});
    });
    CHECK(change.registry.has_value());
    CHECK(f.commits.count() == 0);
    f.control.failures = 0;
    REQUIRE(f.commits.reach("proxy-1", 1));
    CHECK(writer->has_room());
}

TEST_CASE("the writer gives way while it is told to, and not for commands", "[ingest]") {
    if (!GivingWay::is_permitted()) {
        WARN("not permitted to this user");
        return;
    }
    WriterFixture f;
    std::atomic<bool> gives_way{true};
    f.options.gives_way = [&] { return gives_way.load(); };
    const auto writer = f.start();
    writer->push(WriterFixture::event(1));
    REQUIRE(f.commits.reach("proxy-1", 1));
    CHECK(f.control.policy == SCHED_IDLE);
    CHECK(writer->run([](StoreWriter&) { return true; }));
    CHECK(writer->run([](StoreWriter&) { return ::sched_getscheduler(0); }) == SCHED_OTHER);
    gives_way = false;
    writer->push(WriterFixture::event(2));
    REQUIRE(f.commits.reach("proxy-1", 2));
    CHECK(f.control.policy == SCHED_OTHER);
}

TEST_CASE("on a full machine the writer rests, and all is written", "[ingest]") {
    if (!GivingWay::is_permitted()) {
        WARN("not permitted to this user");
        return;
    }
    WriterFixture f;
    f.options.gives_way = [] { return true; };
    const auto writer = f.start();
    unsigned seq = 0;
    {
        const OtherWork others;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (writer->status().rests == 0 && std::chrono::steady_clock::now() < deadline) {
            // One by one: a large batch would take the thread longer than anyone waits here.
            writer->push(WriterFixture::event(++seq));
            f.commits.reach("proxy-1", seq);
        }
        CHECK(writer->status().rests > 0);
        // Who waits for it does not wait for the rest.
        CHECK(writer->run([](StoreWriter&) { return true; }));
    }
    writer->stop();
    CHECK(f.commits.reach("proxy-1", seq));
    CHECK(f.reader()->sizes().request_logs == seq);
}

TEST_CASE("the search index is written with the first batch, and then once in a while",
          "[ingest]") {
    WriterFixture f;
    f.options.index_interval = std::chrono::hours(1);
    const auto writer = f.start();
    writer->push(WriterFixture::event(1));
    writer->push(WriterFixture::event(2));
    REQUIRE(f.commits.reach("proxy-1", 2));
    CHECK(f.control.other_batches == 0);  // Nothing of these is searched.
    writer->push(WriterFixture::turn(3));
    REQUIRE(f.commits.reach("proxy-1", 3));
    CHECK(f.indexed() == "1");
    for (const unsigned seq : {4U, 5U, 6U}) {
        writer->push(WriterFixture::turn(seq));
        REQUIRE(f.commits.reach("proxy-1", seq));
    }
    CHECK(f.control.other_batches == 3);
    CHECK(f.indexed() == "1");
    SECTION("at once when somebody searches, and once") {
        writer->index_conversations();
        writer->index_conversations();
    }
    SECTION("at the end") {
        writer->stop();
    }
    CHECK(f.indexed() == "4");
    CHECK(f.control.indexings == 1);
    writer->stop();
    writer->index_conversations();
    CHECK(f.control.indexings == 1);
}

TEST_CASE("the search index catches up although nothing more comes", "[ingest]") {
    WriterFixture f;
    f.options.index_interval = milliseconds(100);
    const auto writer = f.start();
    for (const unsigned seq : {1U, 2U, 3U}) writer->push(WriterFixture::turn(seq));
    REQUIRE(f.commits.reach("proxy-1", 3));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (f.indexed() != "3" && std::chrono::steady_clock::now() < deadline) {
        writer->run([](StoreWriter&) { return 0; });
    }
    CHECK(f.indexed() == "3");
}

TEST_CASE("a command's exception reaches who asked, and the writer goes on", "[ingest]") {
    WriterFixture f;
    const auto writer = f.start();
    CHECK_THROWS_WITH(writer->run([](StoreWriter&) -> int { throw std::runtime_error("no"); }),
                      "no");
    CHECK(writer->run([](StoreWriter&) { return 5; }) == 5);
}

TEST_CASE("stopping writes what is queued, makes a checkpoint and refuses commands", "[ingest]") {
    WriterFixture f;
    f.options.rule = {1000, milliseconds(60'000)};
    const auto writer = f.start();
    for (unsigned seq = 1; seq <= 50; ++seq) writer->push(WriterFixture::event(seq));
    writer->stop();
    CHECK(f.commits.reach("proxy-1", 50));
    CHECK(f.reader()->sizes().request_logs == 50);
    CHECK(f.control.checkpoints == 1);
    CHECK_THROWS_AS(writer->run([](StoreWriter&) { return 0; }), std::runtime_error);
}

TEST_CASE("stopping does not wait for a database that fails", "[ingest]") {
    WriterFixture f;
    f.control.failures = -1;
    const auto writer = f.start();
    writer->push(WriterFixture::event(1));
    writer->stop();
    CHECK(f.commits.count() == 0);
}

TEST_CASE("with storing off events are acknowledged and nothing is kept", "[ingest]") {
    WriterFixture f;
    f.options.storing = false;
    const auto writer = f.start();
    writer->push(WriterFixture::event(1));
    REQUIRE(f.commits.reach("proxy-1", 1));
    CHECK(f.reader()->sizes().request_logs == 0);
    CHECK_FALSE(writer->status().storing);
}
