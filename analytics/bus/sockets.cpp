#include "analytics/bus/sockets.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "common/bus/context.hpp"
#include "proto/event_codec.hpp"

namespace ccproxy::analytics {
namespace {

/// A proxy says hello and ping: small messages.
constexpr std::int64_t max_incoming_control_bytes = 64 * 1024;
/// Events that libzmq reads ahead of us, for each proxy.
constexpr int events_read_ahead = 256;
/// Acks lost at the end would do no harm, but would cost a proxy the sending of what was stored.
constexpr int last_acks_ms = 200;

enum class Answer { nobody, somebody, no_socket };

/// Whether a process listens at the path. libzmq unlinks whatever is there before it binds, so that
/// a second analyticsd would silently take the first one's place.
Answer knock(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return Answer::nobody;
    if (!S_ISSOCK(status.st_mode)) return Answer::no_socket;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return Answer::nobody;
    const int result =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const bool refused = result != 0 && errno == ECONNREFUSED;
    ::close(socket);
    return refused ? Answer::nobody : Answer::somebody;
}

void prepare_ipc(const std::string& path, const std::string& where) {
    const std::filesystem::path directory = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!std::filesystem::is_directory(directory, error)) {
        throw std::runtime_error(where + ": the directory " + directory.string() +
                                 " does not exist or cannot be read");
    }
    switch (knock(path)) {
        case Answer::no_socket:
            throw std::runtime_error(where + " is a file and no socket");
        case Answer::somebody:
            throw std::runtime_error(where + " is in use by another process");
        case Answer::nobody:
            ::unlink(path.c_str());
    }
}

}  // namespace

BusSockets::BusSockets(const BusAddresses& addresses, const std::optional<BusCurve>& curve)
    : context_(make_bus_context()), events_(context_, ZMQ_PULL), control_(context_, ZMQ_ROUTER) {
    // Before the sockets, and gone after them: without it libzmq would let any key in.
    if (curve) gatekeeper_.emplace(context_, curve->allowed);
    events_.set(zmq::sockopt::linger, 0);
    events_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(max_event_bytes));
    events_.set(zmq::sockopt::rcvhwm, events_read_ahead);
    control_.set(zmq::sockopt::linger, last_acks_ms);
    control_.set(zmq::sockopt::maxmsgsize, max_incoming_control_bytes);
    // A proxy that comes back under its routing id takes its own place, and a message for one that
    // is gone is an error and not silence.
    control_.set(zmq::sockopt::router_handover, true);
    control_.set(zmq::sockopt::router_mandatory, true);
    for (zmq::socket_t* socket : {&events_, &control_}) {
        socket->set(zmq::sockopt::ipv6, true);
        if (!curve) continue;
        socket->set(zmq::sockopt::curve_server, true);
        socket->set(zmq::sockopt::curve_secretkey, curve->keys.secret_key);
        socket->set(zmq::sockopt::zap_domain, "ccproxy");
    }
    bind(control_, addresses.control, "bus.control");
    bind(events_, addresses.events, "bus.events");
}

void BusSockets::bind(zmq::socket_t& socket, const std::string& address, const char* key) const {
    const std::string where = std::string(key) + " " + address;
    const BusReach reach = has_curve() ? BusReach::network : BusReach::loopback;
    if (const Result<void> allowed = check_bus_address(address, reach); !allowed) {
        throw std::runtime_error(where + ": " + allowed.error().message);
    }
    const std::string path = ipc_path(address);
    if (!path.empty()) prepare_ipc(path, where);
    try {
        socket.bind(address);
    } catch (const zmq::error_t& error) {
        throw std::runtime_error(where + " cannot be bound: " + error.what());
    }
    // The owner and a group that both programs share.
    if (!path.empty() && ::chmod(path.c_str(), 0660) != 0) {
        throw std::runtime_error(where + ": its mode cannot be set: " + std::strerror(errno));
    }
}

std::vector<zmq::message_t> BusSockets::receive(zmq::socket_t& socket) {
    constexpr std::size_t max_frames = 3;
    std::vector<zmq::message_t> frames;
    bool more = true;
    while (more) {
        zmq::message_t frame;
        if (!socket.recv(frame, zmq::recv_flags::dontwait)) break;
        more = frame.more();
        if (frames.size() < max_frames) frames.push_back(std::move(frame));
    }
    return frames;
}

std::string BusSockets::user_of(zmq::message_t& frame) {
    const char* user = ::zmq_msg_gets(frame.handle(), "User-Id");  // As ZeroMQ RFC 27 names it.
    return user == nullptr ? "" : user;
}

std::uint64_t BusSockets::refused_keys() const {
    return gatekeeper_ ? gatekeeper_->refused() : 0;
}

bool BusSockets::send(const std::string& routing_id, const std::string& bytes) {
    try {
        const auto flags = zmq::send_flags::dontwait;
        if (!control_.send(zmq::buffer(routing_id), flags | zmq::send_flags::sndmore)) return false;
        return control_.send(zmq::buffer(bytes), flags).has_value();
    } catch (const zmq::error_t& error) {
        if (error.num() == EHOSTUNREACH) return false;
        throw;
    }
}

}  // namespace ccproxy::analytics
