#include "analytics/bus/bus.hpp"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "analytics/bus/sockets.hpp"

namespace ccproxy::analytics {
namespace {

using std::chrono::milliseconds;

/// Events taken before the control socket has its turn.
constexpr int events_a_turn = 64;
constexpr int control_messages_a_turn = 64;
constexpr std::int64_t refusal_log_interval_ms = 10'000;
/// Statistics as old as this are late: whoever takes events in gives way to nobody then.
constexpr std::int64_t max_lag_ms = 5'000;
constexpr std::int64_t lag_interval_ms = 100;

int make_wake_fd() {
    const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) throw std::runtime_error("no eventfd for the bus");
    return fd;
}

std::string_view bytes_of(const zmq::message_t& frame) {
    return {static_cast<const char*>(frame.data()), frame.size()};
}

/// Whom a message claims to be from; empty for one that no proxy sends.
std::string sender_of(const ControlMessage& message) {
    if (const auto* hello = std::get_if<Hello>(&message)) return hello->proxy_id;
    if (const auto* ping = std::get_if<Ping>(&message)) return ping->proxy_id;
    return "";
}

}  // namespace

Bus::Bus(const BusAddresses& addresses, const std::optional<BusCurve>& curve, Delivery delivery,
         const Clock& clock)
    : clock_(clock),
      sockets_(std::make_unique<BusSockets>(addresses, curve)),
      wake_fd_(make_wake_fd()),
      malformed_logged_at_ms_(-refusal_log_interval_ms),
      forged_logged_at_ms_(-refusal_log_interval_ms),
      delivery_(std::move(delivery)) {}

Bus::~Bus() {
    stop();
    ::close(wake_fd_);
}

void Bus::start(EventSink sink, bool gives_way) {
    sink_ = std::move(sink);
    ended_ = false;
    thread_ = std::thread([this, gives_way] {
        name_thread("bus");
        if (gives_way) giving_way_.begin();
        loop();
        giving_way_.end();
    });
}

void Bus::stop_receiving() {
    wait_for(Request::stop_receiving);
}

void Bus::stop() {
    wait_for(Request::stop);
    if (thread_.joinable()) thread_.join();
}

void Bus::wait_until_sent() {
    wait_for(Request::none);
}

void Bus::post(Committed committed) {
    post_letter(std::move(committed));
}

void Bus::post(RegistryChange change) {
    post_letter(std::move(change));
}

void Bus::post(DayOfTokens day) {
    post_letter(std::move(day));
}

bool Bus::post_letter(Letter letter) {
    {
        const std::lock_guard lock(letters_mutex_);
        if (ended_) return false;
        letters_.push_back(std::move(letter));
    }
    const std::uint64_t one = 1;
    // It fails only when the counter is full, and then the thread wakes anyway.
    [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
    return true;
}

void Bus::wait_for(Request request) {
    Mark mark{request, {}};
    std::future<void> done = mark.done.get_future();
    hurry();
    if (post_letter(std::move(mark))) done.wait();
}

/// One turn after another: what was posted, what proxies ask, and as many events as the writer has
/// room for.
void Bus::loop() {
    while (true) {
        try {
            wait_for_work();
            note_lag();
            if (!read_letters()) return;
            read_control();
            if (work_.rest_left() == milliseconds(0)) work_.run([this] { read_events(); });
        } catch (const zmq::error_t& error) {
            if (error.num() != EINTR) spdlog::error("the bus: {}", error.what());
        }
    }
}

void Bus::note_lag() {
    const Moment moment = now();
    if (moment.steady_ms - lag_noted_at_ms_ < lag_interval_ms) return;
    lag_noted_at_ms_ = moment.steady_ms;
    bool keeps_up = false;
    {
        const std::lock_guard lock(delivery_mutex_);
        keeps_up = delivery_.keeps_up(max_lag_ms, moment);
    }
    keeps_up_.store(keeps_up, std::memory_order_relaxed);
    giving_way_.set(keeps_up && receiving_);
    if (!keeps_up && receiving_ && sink_.hurry) sink_.hurry();
}

void Bus::wait_for_work() {
    std::array<zmq::pollitem_t, 3> items{{{nullptr, wake_fd_, ZMQ_POLLIN, 0},
                                          {sockets_->control().handle(), 0, ZMQ_POLLIN, 0},
                                          {sockets_->events().handle(), 0, ZMQ_POLLIN, 0}}};
    const milliseconds rest = work_.rest_left();
    const bool rests = rest > milliseconds(0);
    // While it rests, and with a full queue, events stay in the socket, and from there back in the
    // proxies' journals. The commit that makes room wakes us.
    const std::size_t watched = receiving_ && !rests && sink_.has_room() ? 3 : 2;
    zmq::poll(items.data(), watched, rests ? rest : milliseconds(-1));
    if (items[0].revents != 0) {
        std::uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof count);
    }
}

std::vector<Bus::Letter> Bus::take_letters() {
    const std::lock_guard lock(letters_mutex_);
    return std::exchange(letters_, {});
}

bool Bus::read_letters() {
    std::vector<Letter> letters = take_letters();
    while (!letters.empty()) {
        for (Letter& letter : letters) handle(letter);
        // After the request to stop none comes in, but some may have come just before.
        letters = take_letters();
    }
    const std::lock_guard lock(letters_mutex_);
    return !ended_;
}

void Bus::handle(Letter& letter) {
    if (auto* mark = std::get_if<Mark>(&letter)) {
        if (mark->request != Request::none) receiving_ = false;
        if (mark->request == Request::stop) {
            const std::lock_guard lock(letters_mutex_);
            ended_ = true;
        }
        mark->done.set_value();
        return;
    }
    Replies replies;
    {
        const std::lock_guard lock(delivery_mutex_);
        if (const auto* committed = std::get_if<Committed>(&letter)) {
            replies = delivery_.on_committed(*committed);
        } else if (const auto* change = std::get_if<RegistryChange>(&letter)) {
            replies = delivery_.on_registry_change(*change);
        } else {
            replies = delivery_.on_day_of_tokens(std::move(std::get<DayOfTokens>(letter)));
        }
    }
    send(replies);
}

void Bus::read_control() {
    for (int i = 0; i < control_messages_a_turn; ++i) {
        std::vector<zmq::message_t> frames = BusSockets::receive(sockets_->control());
        if (frames.empty()) return;
        if (frames.size() != 2) {
            note_malformed("a control message of " + std::to_string(frames.size()) + " frames");
            continue;
        }
        const Result<ControlMessage> message = decode_control(bytes_of(frames[1]));
        if (!message) {
            note_malformed("a control message: " + message.error().message);
            continue;
        }
        if (!is_entitled(frames[1], sender_of(*message))) continue;
        Replies replies;
        {
            const std::lock_guard lock(delivery_mutex_);
            delivery_.note_room(receiving_ && sink_.has_room());
            replies = delivery_.on_control(frames[0].to_string(), *message, now());
        }
        send(replies);
    }
}

/// The path of an event, up to the queue of the writer.
void Bus::read_events() {
    for (int i = 0; i < events_a_turn && receiving_ && sink_.has_room(); ++i) {
        std::vector<zmq::message_t> frames = BusSockets::receive(sockets_->events());
        if (frames.empty()) return;
        if (frames.size() != 2) {
            note_malformed("an event of " + std::to_string(frames.size()) + " frames");
            continue;
        }
        const Result<Envelope> envelope = decode_envelope(bytes_of(frames[0]));
        if (!envelope) {
            note_malformed("an envelope: " + envelope.error().message);
            continue;
        }
        if (!is_entitled(frames[0], envelope->proxy_id)) continue;
        Arrival arrival;
        {
            const std::lock_guard lock(delivery_mutex_);
            arrival = delivery_.on_event(*envelope, now());
        }
        if (arrival.take) sink_.take(*envelope, bytes_of(frames[1]), arrival);
        send(arrival.replies);
    }
}

void Bus::send(const Replies& replies) {
    for (const Outgoing& reply : replies) {
        if (sockets_->send(reply.routing_id, encode_control(reply.message))) continue;
        const std::lock_guard lock(delivery_mutex_);
        delivery_.on_unreachable(reply.routing_id);
    }
}

/// With CURVE, whether the message came with the key of the proxy that it claims to be from. One
/// listed proxy must not be able to end, delay or make up what another records.
bool Bus::is_entitled(zmq::message_t& frame, const std::string& proxy_id) {
    if (!sockets_->has_curve() || proxy_id.empty()) return true;
    const std::string user = BusSockets::user_of(frame);
    if (may_speak_for(user, proxy_id)) return true;
    const std::int64_t at_ms = now().steady_ms;
    std::uint64_t count = 0;
    {
        const std::lock_guard lock(delivery_mutex_);
        count = ++forged_;
    }
    if (at_ms - forged_logged_at_ms_ < refusal_log_interval_ms) return false;
    forged_logged_at_ms_ = at_ms;
    spdlog::warn(
        "the bus: the key of {} came with messages of proxy {}, which are ignored ({} so "
        "far); an id in bus.curve.allowed_proxies is the proxy's name",
        user, proxy_id, count);
    return false;
}

void Bus::note_malformed(const std::string& what) {
    const std::int64_t at_ms = now().steady_ms;
    std::uint64_t count = 0;
    {
        const std::lock_guard lock(delivery_mutex_);
        count = ++malformed_;
    }
    if (at_ms - malformed_logged_at_ms_ < refusal_log_interval_ms) return;
    malformed_logged_at_ms_ = at_ms;
    spdlog::warn("the bus: cannot read {} ({} malformed messages so far)", what, count);
}

Moment Bus::now() const {
    using namespace std::chrono;
    const auto steady = steady_clock::now().time_since_epoch();
    return {clock_.unix_ms(), duration_cast<milliseconds>(steady).count()};
}

BusStatus Bus::status() const {
    const std::lock_guard lock(delivery_mutex_);
    BusStatus status;
    status.malformed_messages = malformed_ + delivery_.unexpected_messages();
    status.unannounced_events = delivery_.unannounced_events();
    status.refused_proxies = delivery_.refused_proxies();
    status.refused_keys = sockets_->refused_keys();
    status.forged_messages = forged_;
    status.rests = work_.rests();
    status.proxies = delivery_.status(now());
    return status;
}

}  // namespace ccproxy::analytics
