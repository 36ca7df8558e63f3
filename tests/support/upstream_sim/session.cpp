// The line of a request: head, steering, body, answer, ledger.
#include "tests/support/upstream_sim/session.hpp"

#include <exception>
#include <utility>

#include "tests/support/upstream_sim/body_reader.hpp"
#include "tests/support/upstream_sim/dispatch.hpp"
#include "tests/support/upstream_sim/errors.hpp"
#include "tests/support/upstream_sim/gzip.hpp"
#include "tests/support/upstream_sim/head_reader.hpp"
#include "tests/support/upstream_sim/send_plain.hpp"

namespace upstream_sim {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// Counts up for as long as it lives.
class Counted {
  public:
    explicit Counted(std::uint64_t& count) : count_(count) { ++count_; }
    ~Counted() { --count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

  private:
    std::uint64_t& count_;
};

/// Answers a request that was not read to its end; the connection cannot go on.
asio::awaitable<Ending> refuse(Exchange& exchange, int status, std::string_view message) {
    exchange.request.keep_alive = false;
    PlainAnswer answer = api_error(exchange, status, message);
    Ending ending = co_await send_plain(exchange, answer);
    if (ending.connection == Ending::Connection::kClose && ending.outcome == Outcome::kComplete) {
        ending.connection = Ending::Connection::kLinger;
    }
    co_return ending;
}

bool expects_continue(const Request& request) {
    const std::string* expect = request.header("expect");
    return expect != nullptr && !request.http10 && *expect == "100-continue";
}

/// Undoes the content coding of the body. False when it is broken or too large.
bool decode_body(Request& request) {
    const std::string* coding = request.header("content-encoding");
    if (coding == nullptr || *coding != "gzip" || request.body.empty()) return true;
    auto decoded = gunzip(request.body, kBodyLimitBytes);
    if (!decoded) return false;
    request.body = std::move(*decoded);
    return true;
}

/// From the end of the head to the end of the answer.
asio::awaitable<Ending> serve(Exchange& exchange) {
    Request& request = exchange.request;
    const std::string* header = request.header("x-sim");
    Steering from_header;
    std::string problem = header == nullptr ? "" : read_steering(*header, from_header);
    if (problem.empty() && from_header.early_response) {
        exchange.steering = from_header;
        const int status = static_cast<int>(from_header.status.value_or(413));
        co_return co_await refuse(exchange, status, error_message(status));
    }

    if (request.content_length.value_or(0) > kBodyLimitBytes) {
        co_return co_await refuse(exchange, 413, error_message(413));
    }
    if (expects_continue(request) && exchange.connection.inbox().size() == 0) {
        if (!co_await exchange.connection.write(kContinue)) co_return kEndByClient;
    }
    switch (co_await read_body(exchange.connection, request)) {
        case BodyResult::kRead:
            break;
        case BodyResult::kClientGone:
            co_return kEndByClient;
        case BodyResult::kTooLarge:
            co_return co_await refuse(exchange, 413, error_message(413));
        case BodyResult::kMalformed:
            co_return co_await refuse(exchange, 400, "The chunked body is malformed");
    }
    if (!decode_body(request)) {
        co_return co_await refuse(exchange, 400, "The gzip body is malformed or too large");
    }

    // The header goes over the marker: it belongs to this request alone.
    std::string marker_problem = read_steering(find_marker(request.body), exchange.steering);
    if (header != nullptr && problem.empty()) problem = read_steering(*header, exchange.steering);
    if (problem.empty()) problem = std::move(marker_problem);
    const std::string only = exchange.steering.for_key.value_or("");
    if (!only.empty() && !request.credential_ends_with(only)) exchange.steering = {};
    co_return co_await dispatch(exchange, std::move(problem));
}

/// Refuses a head that could not be taken. Such a request has no ledger entry.
asio::awaitable<void> refuse_head(Exchange& exchange, const HeadResult& head) {
    ++exchange.context.stats.malformed;
    exchange.record.request_id = exchange.context.ids.request();
    exchange.request.method = "GET";  // it may have been a HEAD, but the answer ends the connection
    co_await refuse(exchange, head.status, head.message);
    co_await exchange.connection.linger();
}

void enter(Exchange& exchange, const Ending& ending) {
    exchange.record.outcome = ending.outcome;
    exchange.record.ended_ms = now_ms();
    if (!recorded(exchange.request)) return;
    ++exchange.context.stats.served;
    exchange.context.ledger.add(to_json(exchange.record, exchange.request));
}

/// Serves one request. True when the connection can take another.
asio::awaitable<bool> serve_one(Connection& connection, Context& context) {
    Exchange exchange{connection, context};
    const HeadResult head = co_await read_head(connection, exchange.request);
    if (head.kind == HeadResult::Kind::kClosed) co_return false;
    if (head.kind == HeadResult::Kind::kRefused) {
        co_await refuse_head(exchange, head);
        co_return false;
    }
    const Counted in_flight(context.stats.in_flight);
    exchange.record.started_ms = now_ms();
    exchange.record.request_id = context.ids.request();
    const Ending ending = co_await serve(exchange);
    enter(exchange, ending);
    switch (ending.connection) {
        case Ending::Connection::kKeep:
            co_return true;
        case Ending::Connection::kClose:
            break;
        case Ending::Connection::kLinger:
            co_await connection.linger();
            co_return false;
        case Ending::Connection::kReset:
            connection.reset();
            co_return false;
    }
    co_await connection.close(exchange.steering.tls_truncate);
    co_return false;
}

}  // namespace

asio::awaitable<void> run_session(std::shared_ptr<Connection> connection, Context& context) {
    const Counted open(context.stats.open);
    try {
        if (!co_await connection->handshake()) co_return;
        while (co_await serve_one(*connection, context)) {
        }
        co_await connection->close(false);
    } catch (const std::exception&) {
        // Out of memory at worst. One connection's trouble must not end the others.
        ++context.stats.failures;
        connection->reset();
    }
}

}  // namespace upstream_sim
