#include "analytics/bus/gatekeeper.hpp"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <stdexcept>

#include "common/thread.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t log_interval_ms = 10'000;

int make_stop_fd() {
    const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) throw std::runtime_error("no eventfd for the bus");
    return fd;
}

std::int64_t steady_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Gatekeeper::Gatekeeper(zmq::context_t& context, const std::vector<AllowedProxy>& allowed)
    : stop_fd_(make_stop_fd()),
      socket_(context, ZMQ_REP),
      logged_at_ms_(steady_ms() - log_interval_ms) {
    for (const AllowedProxy& proxy : allowed) ids_[curve_key_bytes(proxy.public_key)] = proxy.id;
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("inproc://zeromq.zap.01");
    thread_ = std::thread([this] { loop(); });
}

Gatekeeper::~Gatekeeper() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(stop_fd_, &one, sizeof one);
    thread_.join();
    ::close(stop_fd_);
}

void Gatekeeper::loop() {
    name_thread("bus-keys");
    std::array<zmq::pollitem_t, 2> items{
        {{nullptr, stop_fd_, ZMQ_POLLIN, 0}, {socket_.handle(), 0, ZMQ_POLLIN, 0}}};
    while (true) {
        try {
            zmq::poll(items.data(), items.size(), std::chrono::milliseconds(-1));
            if (items[0].revents != 0) return;
            std::vector<zmq::message_t> question;
            do {
                question.emplace_back();
                (void)socket_.recv(question.back());
            } while (question.back().more());
            answer(question);
        } catch (const zmq::error_t& error) {
            if (error.num() == ETERM) return;
            if (error.num() != EINTR) spdlog::error("the bus, at its gate: {}", error.what());
        }
    }
}

/// Version, request id, domain, address, identity, mechanism, and the key for CURVE; answered by
/// version, request id, status, its text, the user's id and metadata.
void Gatekeeper::answer(const std::vector<zmq::message_t>& question) {
    const auto frame = [&](std::size_t i) {
        return i < question.size() ? question[i].to_string() : std::string();
    };
    const std::string key = frame(5) == "CURVE" ? frame(6) : "";
    const auto entry = ids_.find(key);
    const bool known = entry != ids_.end();
    if (!known) note_refused(frame(3), curve_key_text(key));
    // 300 closes the connection without a word. A refusal (400) would make the other side give up
    // for good, and a proxy whose key is listed later would have to be restarted.
    const std::array<std::string, 6> reply{
        frame(0), frame(1), known ? "200" : "300", "", known ? entry->second : "", ""};
    for (std::size_t i = 0; i < reply.size(); ++i) {
        const bool last = i + 1 == reply.size();
        socket_.send(zmq::buffer(reply[i]),
                     last ? zmq::send_flags::none : zmq::send_flags::sndmore);
    }
}

void Gatekeeper::note_refused(const std::string& address, const std::string& key) {
    const std::uint64_t count = ++refused_;
    if (steady_ms() - logged_at_ms_ < log_interval_ms) return;
    logged_at_ms_ = steady_ms();
    spdlog::warn(
        "the bus: {} came with the key {}, which is not listed in "
        "bus.curve.allowed_proxies ({} refused so far)",
        address, key, count);
}

}  // namespace ccproxy::analytics
