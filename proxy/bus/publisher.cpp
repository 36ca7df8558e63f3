#include "proxy/bus/publisher.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/thread.hpp"
#include "proto/event_codec.hpp"
#include "proxy/bus/send_pace.hpp"
#include "proxy/bus/send_window.hpp"
#include "proxy/bus/sockets.hpp"
#include "proxy/journal/reader.hpp"

namespace ccproxy::bus {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How often the journal is looked at. Waking this thread for every event would cost each request
/// more than this costs in a second.
constexpr milliseconds tick{10};
constexpr milliseconds heartbeat_interval{1000};
/// analyticsd answers every heartbeat; silence for this long means that it is gone.
constexpr milliseconds silence_limit{5000};
/// When events are out and nothing has got on for this long, ask where to go on.
constexpr milliseconds progress_limit{10'000};
/// The longest time that a hello's answer is waited for before the next one.
constexpr milliseconds max_hello_patience{8000};
/// Until analyticsd has answered once: with wrong keys it never does, and says nothing.
constexpr milliseconds warning_interval{60'000};
constexpr std::size_t max_sends_per_turn = 2000;
/// From this size on an event is not copied for ZeroMQ: the block it was read into is lent to it.
constexpr std::size_t min_lent_bytes = 16 * 1024;
/// No more is lent before some of it is sent: what waits longer is no longer in the processor's
/// caches when its turn comes.
constexpr std::size_t max_lent_bytes = 4 << 20;
/// Every so many heartbeats one tells of the accounts.
constexpr unsigned accounts_every = 5;

}  // namespace

struct Publisher::Shared {
    std::atomic<bool> stopping{false};
    std::atomic<bool> connected{false};
    std::atomic<std::uint64_t> acked_seq{0};
    std::atomic<std::uint64_t> sent{0};
    std::atomic<std::uint64_t> resumes{0};
    std::atomic<std::uint64_t> unreadable{0};
    std::atomic<std::uint64_t> lost_beginnings{0};
};

class Publisher::Loop {
  public:
    Loop(const PublisherOptions& options, journal::Journal& journal, auth::TokenRegistry& registry,
         limits::TokenLimiter& limiter, AccountsReport accounts, Shared& shared)
        : options_(options),
          journal_(journal),
          registry_(registry),
          limiter_(limiter),
          accounts_(std::move(accounts)),
          shared_(shared),
          reader_(journal.folder()),
          sockets_(options),
          synced_seq_(journal.status().synced_seq),
          envelope_{journal.proxy_id(), 0},
          window_(options.window_events, options.window_bytes) {}

    void run() {
        name_thread("publisher");
        while (!shared_.stopping.load()) guarded_turn();
        drain();
        journal_.sync();
    }

  private:
    /// A disk that cannot be read, or a message that cannot be sent, must not end the thread: the
    /// journal keeps what could not be carried, and the next turn tries again.
    void guarded_turn() {
        try {
            turn();
        } catch (const std::exception& error) {
            spdlog::error("bus: {}; trying again", error.what());
            set_welcomed(false);
            std::this_thread::sleep_for(heartbeat_interval);
        }
    }

    void turn() {
        zmq::pollitem_t item{sockets_.control().handle(), 0, ZMQ_POLLIN, 0};
        const bool busy = can_send();
        zmq::poll(&item, 1, busy ? milliseconds(0) : tick);
        while (receive()) {
        }
        const auto now = SteadyClock::now();
        sync_journal(now);
        beat(now);
        pace_.note(synced_seq_ + 1 - std::min(next_to_send_, synced_seq_ + 1), now);
        send_events();
    }

    /// Without new events the disk is left alone; after a pause the first event is synced at once.
    void sync_journal(SteadyClock::time_point now) {
        const std::uint64_t last = journal_.last_seq();
        if (last == synced_seq_ || now - synced_at_ < options_.sync_interval) return;
        if (!journal_.sync()) spdlog::error("journal: syncing failed; events go to a new segment");
        synced_at_ = now;
        synced_seq_ = journal_.status().synced_seq;
    }

    void beat(SteadyClock::time_point now) {
        if (welcomed_ && now - heard_at_ > silence_limit) {
            spdlog::warn("bus: analyticsd is silent; events wait in the journal");
            set_welcomed(false);
        }
        if (!ever_welcomed_ && now - warned_at_ > warning_interval) {
            spdlog::warn(
                "bus: no answer from analyticsd at {} yet{}", options_.control_address,
                options_.curve ? ": is it there, and does each side have the other's key?" : "");
            warned_at_ = now;
        }
        if (welcomed_ && !window_.empty() && now - progress_at_ > progress_limit) {
            progress_at_ = now;
            say_hello(now);
        }
        if (now - beat_at_ < heartbeat_interval) return;
        beat_at_ = now;
        journal_.release(shared_.acked_seq.load());
        if (!welcomed_ || greeting_) {
            say_hello(now);
            return;
        }
        const journal::JournalStatus status = journal_.status();
        Ping ping;
        ping.proxy_id = journal_.proxy_id();
        ping.instance_id = instance_id_;
        ping.next_seq = status.next_seq;
        ping.dropped = status.dropped;
        if (accounts_ && pings_++ % accounts_every == 0) ping.accounts = report_accounts();
        send_control(ping);
    }

    [[nodiscard]] std::vector<AccountReport> report_accounts() const {
        std::vector<AccountReport> reports = accounts_();
        if (reports.size() > max_reported_accounts) reports.resize(max_reported_accounts);
        return reports;
    }

    /// One hello at a time, as long as there is hope for its answer: see Hello::number.
    void say_hello(SteadyClock::time_point now) {
        if (greeting_ && now - hello_at_ < hello_patience_) return;
        if (greeting_) hello_patience_ = std::min(2 * hello_patience_, max_hello_patience);
        const journal::JournalStatus status = journal_.status();
        Hello hello;
        hello.proxy_id = journal_.proxy_id();
        hello.program_version = CCPROXY_VERSION;
        hello.first_seq = status.first_seq;
        hello.next_seq = status.next_seq;
        hello.registry_version = registry_.version();
        hello.dropped = status.dropped;
        hello.number = ++hello_number_;
        const bool sent = send_control(hello);
        if (!sent) hello_patience_ = heartbeat_interval;
        hello_at_ = beat_at_ = now;
        // Nothing is sent until the answer is there: what overtook this hello would look like a
        // journal gone back.
        greeting_ = true;
    }

    /// False without a connection: the message is not sent then; the next heartbeat comes.
    bool send_control(const ControlMessage& message) {
        return sockets_.send_control(encode_control(message));
    }

    bool receive() {
        const std::optional<std::string> message = sockets_.receive_control();
        if (!message) return false;
        heard_at_ = SteadyClock::now();
        const Result<ControlMessage> decoded = decode_control(*message);
        if (!decoded) {
            spdlog::warn("bus: a control message was not understood: {}", decoded.error().message);
            return true;
        }
        std::visit([this](const auto& m) { on(m); }, *decoded);
        return true;
    }

    void on(const Welcome& m) {
        // The answer to an earlier hello: the later one, which is still on its way, tells of less
        // than what would be sent now.
        if (m.hello_number != hello_number_) return;
        hello_patience_ = heartbeat_interval;
        if (m.registry) registry_.replace(*m.registry);
        if (!welcomed_ || instance_id_ != m.instance_id) {
            spdlog::info("bus: analyticsd {} asks for events from {} on", m.instance_id,
                         m.resume_seq);
        }
        // It may have another database, or an older copy.
        if (instance_id_ != m.instance_id) shared_.lost_beginnings.fetch_add(1);
        instance_id_ = m.instance_id;
        greeting_ = false;
        pings_ = 0;
        set_welcomed(true);
        progress_at_ = SteadyClock::now();
        go_on_from(m.resume_seq);
    }

    void on(const Resume& m) {
        shared_.resumes.fetch_add(1);
        go_on_from(m.resume_seq);
    }

    void on(const Ack& m) {
        progress_at_ = SteadyClock::now();
        shared_.acked_seq.store(m.seq);
        if (m.lost_beginning) shared_.lost_beginnings.fetch_add(1);
        window_.acked(m.seq);
        journal_.release(m.seq);
    }

    void on(const RegistryChange& m) {
        if (!registry_.apply(m)) say_hello(SteadyClock::now());
    }

    void on(const DailyUsage& m) { limiter_.learn(m); }

    void on(const Greet&) { say_hello(SteadyClock::now()); }
    void on(const Pong& m) {
        if (m.instance_id != instance_id_) return say_hello(SteadyClock::now());
        // Events are missing over there only if it reads what comes and still does not get on.
        const bool gets_on = m.resume_seq > pong_seq_ || m.resume_seq == next_to_send_;
        pong_seq_ = m.resume_seq;
        if (gets_on || !m.reading) progress_at_ = SteadyClock::now();
    }
    // What only analyticsd is sent.
    void on(const Hello&) {}
    void on(const Ping&) {}

    void set_welcomed(bool welcomed) {
        welcomed_ = welcomed;
        if (welcomed) ever_welcomed_ = true;
        shared_.connected.store(welcomed);
    }

    void go_on_from(std::uint64_t seq) {
        next_to_send_ = seq;
        reader_.seek(seq);
        pending_.reset();
        window_.take_back(seq);
    }

    [[nodiscard]] bool can_send() const {
        return welcomed_ && !greeting_ && !blocked_ && pace_.is_open() && window_.is_open() &&
               next_to_send_ <= synced_seq_;
    }

    void send_events() {
        blocked_ = false;
        for (std::size_t i = 0; i < max_sends_per_turn && can_send(); ++i) {
            const bool may_read = reader_.lent_bytes() < max_lent_bytes;
            if (!pending_ && may_read) pending_ = reader_.next(synced_seq_);
            if (!pending_) {
                // Or damaged up to the end: wait for the next intact event.
                blocked_ = true;
                return;
            }
            // A seq that the disk has lost still needs its place in the sequence: it goes out
            // empty.
            const bool lost = pending_->seq > next_to_send_;
            if (!send_event(next_to_send_, lost ? std::string_view() : pending_->event)) {
                blocked_ = true;
                return;
            }
            if (lost) shared_.unreadable.fetch_add(1);
            if (!lost) pending_.reset();
            ++next_to_send_;
            pace_.sent();
        }
    }

    bool send_event(std::uint64_t seq, std::string_view payload) {
        envelope_.seq = seq;
        const std::string envelope = encode_envelope(envelope_);
        const bool sent = payload.size() < min_lent_bytes
                              ? sockets_.send_event(envelope, payload)
                              : sockets_.send_event(envelope, payload, reader_.block());
        if (!sent) return false;
        if (window_.empty()) progress_at_ = SteadyClock::now();
        window_.sent(seq, envelope.size() + payload.size());
        shared_.sent.fetch_add(1, std::memory_order_relaxed);
        return true;
    }

    void drain() {
        const auto deadline = SteadyClock::now() + options_.drain_timeout;
        synced_at_ = {};
        while (welcomed_ && shared_.acked_seq.load() < journal_.last_seq() &&
               SteadyClock::now() < deadline) {
            synced_at_ = {};
            guarded_turn();
        }
    }

    const PublisherOptions options_;
    journal::Journal& journal_;
    auth::TokenRegistry& registry_;
    limits::TokenLimiter& limiter_;
    const AccountsReport accounts_;
    Shared& shared_;
    journal::JournalReader reader_;
    Sockets sockets_;

    bool welcomed_ = false;
    bool ever_welcomed_ = false;
    bool greeting_ = false;  ///< A hello is out, its welcome is not in.
    std::uint64_t hello_number_ = 0;
    unsigned pings_ = 0;  ///< Since the last welcome.
    SteadyClock::time_point hello_at_;
    milliseconds hello_patience_ = heartbeat_interval;
    bool blocked_ = false;  ///< Nothing could be sent in the last turn: wait for the next tick.
    std::string instance_id_;
    std::uint64_t synced_seq_;
    std::uint64_t next_to_send_ = 1;
    std::uint64_t pong_seq_ = 0;
    std::optional<journal::JournalReader::Entry> pending_;
    Envelope envelope_;  ///< Of the event that was sent last.
    SendWindow window_;
    SendPace pace_{tick};
    SteadyClock::time_point warned_at_ =
        SteadyClock::now() - warning_interval + silence_limit;  ///< The first one comes sooner.
    SteadyClock::time_point synced_at_, beat_at_, heard_at_, progress_at_;
};

Publisher::Publisher(const PublisherOptions& options, journal::Journal& journal,
                     auth::TokenRegistry& registry, limits::TokenLimiter& limiter,
                     AccountsReport accounts)
    : shared_(std::make_unique<Shared>()),
      loop_(std::make_unique<Loop>(options, journal, registry, limiter, std::move(accounts),
                                   *shared_)),
      thread_([this] { loop_->run(); }) {}

Publisher::~Publisher() {
    stop();
}

void Publisher::stop() {
    shared_->stopping.store(true);
    if (thread_.joinable()) thread_.join();
}

PublisherStatus Publisher::status() const {
    return {shared_->connected.load(), shared_->acked_seq.load(), shared_->sent.load(),
            shared_->resumes.load(), shared_->unreadable.load()};
}

std::uint64_t Publisher::lost_beginnings() const {
    return shared_->lost_beginnings.load(std::memory_order_relaxed);
}

}  // namespace ccproxy::bus
