// An upstream that costs next to nothing: it reads requests, looks at none of them closely, and
// sends answers that were written beforehand, at once or piece by piece.
//
//   relay_upstream NAME=FILE...
//
// A file holds the pieces of one answer, head and framing included: for each a line
// `DELAY_MS BYTES`, then the bytes. A delay of -1 waits until the peer leaves. A request chooses by
// its query, `?answer=NAME`. It listens on a port of 127.0.0.1 that it prints.
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "proxy/http/head.hpp"
#include "proxy/net/endpoint.hpp"
#include "proxy/net/stream.hpp"
#include "proxy/net/timer.hpp"

namespace {

namespace net = ccproxy::net;
namespace http1 = ccproxy::http1;
using ccproxy::UniqueFd;

struct Piece {
    int delay_ms = 0;
    std::string bytes;
};
using Answer = std::vector<Piece>;
using Answers = std::map<std::string, Answer, std::less<>>;

Answer read_answer(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    Answer answer;
    Piece piece;
    for (std::size_t size = 0; file >> piece.delay_ms >> size && file.get() == '\n';) {
        piece.bytes.resize(size);
        file.read(piece.bytes.data(), static_cast<std::streamsize>(size));
        answer.push_back(piece);
    }
    if (answer.empty() || !file.eof()) throw std::runtime_error(path + " holds no answer");
    return answer;
}

/// nullptr when it asks for none that is there.
const Answer* find_answer(const Answers& answers, std::string_view target) {
    static constexpr std::string_view key = "answer=";
    const std::size_t at = target.find(key);
    if (at == std::string_view::npos) return nullptr;
    const auto found = answers.find(target.substr(at + key.size()));
    return found == answers.end() ? nullptr : &found->second;
}

// No coroutine, whose frame would hold the buffer.
net::IoResult read_some(net::Stream& stream, std::string& input) {
    std::array<char, 64 * 1024> bytes;
    const net::IoResult result = stream.read_some(bytes.data(), bytes.size());
    input.append(bytes.data(), result.bytes);
    return result;
}

/// False when the peer has left.
net::Task<bool> receive(net::Stream& stream, std::string& input) {
    for (;;) {
        const net::IoResult result = read_some(stream, input);
        if (result.status == net::IoStatus::ok) co_return true;
        if (result.status != net::IoStatus::wants_read) co_return false;
        co_await stream.wait(result.status);
    }
}

net::Task<bool> send(net::EventLoop& loop, net::Stream& stream, const Piece& piece) {
    if (piece.delay_ms < 0) {
        co_await stream.wait(net::IoStatus::wants_read);
        co_return false;
    }
    if (piece.delay_ms > 0) {
        net::Timer timer(loop);
        co_await timer.wait(net::milliseconds(piece.delay_ms));
    }
    std::string_view left = piece.bytes;
    while (!left.empty()) {
        const net::IoResult result = stream.write_some(left);
        left.remove_prefix(result.bytes);
        if (result.status == net::IoStatus::failed) co_return false;
        if (result.status == net::IoStatus::wants_write) co_await stream.wait(result.status);
    }
    co_return true;
}

net::Task<void> serve(net::EventLoop& loop, UniqueFd socket, const Answers& answers) {
    net::Stream stream(loop, std::move(socket));
    std::string input;
    for (;;) {
        std::size_t head_bytes = 0;
        while ((head_bytes = http1::find_head_end(input)) == 0) {
            const bool more = co_await receive(stream, input);
            if (!more) co_return;
        }
        const auto head = http1::parse_request_head(std::string_view(input).substr(0, head_bytes));
        const Answer* answer = head ? find_answer(answers, head->target) : nullptr;
        if (answer == nullptr) co_return;
        for (std::uint64_t left = head_bytes + head->framing.length;;) {
            const std::uint64_t taken = std::min<std::uint64_t>(left, input.size());
            input.erase(0, static_cast<std::size_t>(taken));
            left -= taken;
            if (left == 0) break;
            const bool more = co_await receive(stream, input);
            if (!more) co_return;
        }
        for (const Piece& piece : *answer) {
            const bool sent = co_await send(loop, stream, piece);
            if (!sent) co_return;
        }
    }
}

net::Task<void> listen(net::EventLoop& loop, net::Socket& listener, const Answers& answers) {
    for (;;) {
        net::Endpoint peer;
        UniqueFd socket = net::accept_from(listener.fd(), peer);
        if (socket.is_open()) {
            net::spawn(serve(loop, std::move(socket), answers), [](const std::exception_ptr&) {});
            continue;
        }
        listener.emptied();
        co_await listener.wait({true, false});
    }
}

}  // namespace

int main(int argc, char** argv) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    try {
        Answers answers;
        for (int i = 1; i < argc; ++i) {
            const std::string argument = argv[i];
            const std::size_t equals = argument.find('=');
            if (equals == std::string::npos) throw std::runtime_error("NAME=FILE is needed");
            answers[argument.substr(0, equals)] = read_answer(argument.substr(equals + 1));
        }
        net::EventLoop loop;
        const net::Endpoint anywhere(boost::asio::ip::address_v4::loopback(), 0);
        net::Socket listener(loop, net::listen_at(anywhere, 4096));
        std::cout << "listening on http://127.0.0.1:" << net::local_port(listener.fd())
                  << std::endl;
        net::spawn(listen(loop, listener, answers), [](const std::exception_ptr&) {});
        loop.run();
    } catch (const std::exception& error) {
        std::cerr << "relay_upstream: " << error.what() << "\n";
        return 1;
    }
}
