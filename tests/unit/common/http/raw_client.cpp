#include "tests/unit/common/http/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace ccproxy::http::test {

std::string Answer::header(std::string_view name) const {
    return std::string(find_header(headers, name).value_or(""));
}

RawClient::RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket_);
        throw std::runtime_error("cannot connect");
    }
}

RawClient::~RawClient() {
    ::close(socket_);
}

void RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

bool RawClient::read_more() {
    std::array<char, 65536> piece{};
    const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        throw std::runtime_error("the server neither answers nor closes");
    }
    if (got <= 0) return false;
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
}

Answer RawClient::read_answer(bool has_body) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
        if (!read_more()) throw std::runtime_error("closed within a head: " + buffer_);
    }
    Answer answer;
    answer.status = std::stoi(buffer_.substr(9, 3));
    std::size_t at = buffer_.find("\r\n") + 2;
    while (at < end + 2) {
        const std::size_t line_end = buffer_.find("\r\n", at);
        const std::string line = buffer_.substr(at, line_end - at);
        const std::size_t colon = line.find(": ");
        answer.headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
        at = line_end + 2;
    }
    buffer_.erase(0, end + 4);
    if (has_body && answer.header("transfer-encoding") == "chunked") {
        for (std::string chunk; !(chunk = read_chunk()).empty();) answer.body += chunk;
        return answer;
    }
    const std::string length = answer.header("content-length");
    const std::size_t size = has_body && !length.empty() ? std::stoul(length) : 0;
    answer.body = read_bytes(size);
    return answer;
}

std::string RawClient::read_bytes(std::size_t size) {
    while (buffer_.size() < size) {
        if (!read_more()) throw std::runtime_error("closed within a body");
    }
    std::string bytes = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return bytes;
}

std::string RawClient::read_chunk() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos) {
        if (!read_more()) throw std::runtime_error("closed before a chunk");
    }
    const std::size_t size = std::stoul(read_bytes(end + 2), nullptr, 16);
    std::string bytes = read_bytes(size);
    if (read_bytes(2) != "\r\n") throw std::runtime_error("a chunk without an end");
    return bytes;
}

std::string RawClient::read_to_end() {
    while (read_more()) {
    }
    return std::move(buffer_);
}

bool first_with_answer(const RawClient& first, const RawClient& second) {
    std::array<pollfd, 2> sockets{{{first.socket_, POLLIN, 0}, {second.socket_, POLLIN, 0}}};
    if (::poll(sockets.data(), sockets.size(), 10'000) <= 0) {
        throw std::runtime_error("the server answers neither client");
    }
    return sockets[0].revents != 0;
}

std::string request_text(std::string_view method, std::string_view target,
                         const std::vector<Field>& headers, std::string_view body) {
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n");
    for (const Field& field : headers) text += field.name + ": " + field.value + "\r\n";
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text.append("\r\n").append(body);
}

Answer exchange(std::uint16_t port, std::string_view method, std::string_view target,
                const std::vector<Field>& headers, std::string_view body) {
    RawClient client(port);
    client.send(request_text(method, target, headers, body));
    return client.read_answer(method != "HEAD");
}

}  // namespace ccproxy::http::test
