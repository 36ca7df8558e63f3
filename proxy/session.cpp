#include "proxy/session.hpp"

#include <openssl/err.h>
#include <spdlog/spdlog.h>

#include <optional>

#include "proxy/exchange.hpp"
#include "proxy/http/error_response.hpp"
#include "proxy/http/head.hpp"
#include "proxy/net/tls.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {
namespace {

/// How much of what a refused client still sends is read, so that it sees the answer instead of a
/// reset.
constexpr std::size_t max_linger_bytes = 4 * 1024 * 1024;
constexpr net::milliseconds linger_timeout{2000};

struct ReadHead {
    /// Of one whole head, at the front of the client's input; 0 when there is none to come.
    std::size_t bytes = 0;
    std::optional<http1::Refusal> refusal;  ///< The client is to be told why there is none.
};

/// Reads up to the end of the next head. An empty line before a request is passed over (RFC 9112,
/// section 2.2).
net::Task<ReadHead> read_head(Worker& worker, ClientConnection& client) {
    const ProxyConfig& config = worker.shared.config;
    std::string& input = client.input();
    ReadHead head;
    bool timing = false;
    for (;;) {
        while (input.starts_with("\r\n")) input.erase(0, 2);
        if (const std::size_t size = http1::find_head_end(input)) {
            if (size <= config.limits.max_head_bytes) {
                head.bytes = size;
                co_return head;
            }
        }
        if (input.size() > config.limits.max_head_bytes) {
            head.refusal = http1::Refusal{431, "the request's head is too large", true, 0};
            co_return head;
        }
        if (!input.empty() && !timing) {
            timing = true;
            client.idle = false;
            client.arm(config.timeouts.client_head);
        }
        const bool more = co_await client.receive();
        if (more) continue;
        if (client.interrupted() == Interrupt::deadline && !input.empty()) {
            client.clear_deadline_interrupt();
            head.refusal =
                http1::Refusal{408, "the request's head did not arrive in time", true, 0};
        }
        co_return head;
    }
}

/// Tells the client that nothing more comes and reads what it still sends: closing at once would
/// make the kernel reset the connection, and the client could lose the answer.
net::Task<void> linger(ClientConnection& client) {
    client.stream().shutdown_send();
    client.arm(linger_timeout);
    std::size_t read = 0;
    for (;;) {
        client.input().clear();
        const bool more = co_await client.receive();
        read += client.input().size();
        if (!more || read > max_linger_bytes) co_return;
    }
}

/// A client that speaks plain HTTP is told so in the clear.
net::Task<void> refuse_plain_http(Worker& worker, ClientConnection& client) {
    client.stream().drop_tls();
    const http1::Refusal refusal{400, net::plain_http_message, true, 0};
    const std::string id = worker.ids().next(worker.shared.clock.unix_ms());
    const std::string answer = http1::error_response(refusal, id, false, false);
    const bool sent = co_await client.send(answer, {}, worker.shared.config.timeouts.client_write);
    if (sent) co_await linger(client);
}

/// False when the connection is of no use: the client is told where it can be told.
net::Task<bool> shake_hands(Worker& worker, ClientConnection& client) {
    net::Stream& stream = client.stream();
    net::SslPtr ssl(worker.shared.tls->make());
    const SSL* handshake = ssl.get();
    stream.start_tls(std::move(ssl));
    for (;;) {
        const net::IoStatus status = stream.handshake_step();
        if (status == net::IoStatus::ok) co_return true;
        if (status == net::IoStatus::closed || status == net::IoStatus::failed) break;
        co_await stream.wait(status);
        if (client.interrupted() != Interrupt::none) {
            // What OpenSSL's queue holds now is of another connection.
            ERR_clear_error();
            break;
        }
        // It has begun, and what follows is a request.
        client.idle = false;
    }
    worker.shared.metrics.failed_handshakes().Increment();
    spdlog::debug("a client's TLS handshake failed: {}", net::tls_failure(handshake));
    if (net::is_plain_http(ERR_peek_last_error())) co_await refuse_plain_http(worker, client);
    co_return false;
}

}  // namespace

net::Task<void> run_session(Worker& worker, std::shared_ptr<ClientConnection> client) {
    const ProxyConfig& config = worker.shared.config;
    client->arm(config.timeouts.client_head);
    if (worker.shared.tls != nullptr) {
        const bool secured = co_await shake_hands(worker, *client);
        if (!secured) co_return;
        client->arm(config.timeouts.client_head);
    }
    for (;;) {
        client->idle = true;
        // What has come already is answered: closing over it would reset the connection.
        if (worker.shared.stopping.load() && client->input().empty() &&
            !client->stream().has_input()) {
            co_return;
        }
        ReadHead read = co_await read_head(worker, *client);
        client->idle = false;
        Result<http1::RequestHead> head = Error{};
        if (!read.refusal) {
            if (read.bytes == 0) co_return;
            std::string& input = client->input();
            head = http1::parse_request_head(std::string_view(input).substr(0, read.bytes));
            input.erase(0, read.bytes);
            if (!head) read.refusal = http1::Refusal{400, head.error().message, true, 0};
        }
        if (read.refusal) {
            const std::string id = worker.ids().next(worker.shared.clock.unix_ms());
            const std::string answer = http1::error_response(*read.refusal, id, false, false);
            const bool sent = co_await client->send(answer, {}, config.timeouts.client_write);
            if (sent) co_await linger(*client);
            co_return;
        }
        Exchange exchange(worker, *client, std::move(*head));
        const AfterExchange after = co_await exchange.run();
        if (after == AfterExchange::linger) co_await linger(*client);
        if (after == AfterExchange::reset) client->stream().reset();
        if (after != AfterExchange::keep) co_return;
        client->arm(config.timeouts.client_idle);
    }
}

}  // namespace ccproxy
