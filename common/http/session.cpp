#include "common/http/session.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "common/http/body_pump.hpp"
#include "common/http/exchange.hpp"
#include "common/http/framing.hpp"
#include "common/http/stream.hpp"
#include "common/http/target.hpp"
#include "common/net/client_address.hpp"

namespace ccproxy::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using asio::ip::tcp;
using Parser = wire::request_parser<wire::string_body>;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t read_bytes = 4096;

// How long, and for how many bytes, a client is listened to after the last answer. Closing with
// bytes unread would reset the connection, and the client might lose the answer.
constexpr std::chrono::seconds linger_timeout{2};
constexpr std::size_t linger_limit_bytes = 4 * 1024 * 1024;

/// What becomes of the connection after a request: `drop` where nothing can be said any more.
enum class Next { request, linger, drop };

Response busy_response(std::string_view why) {
    Response response = error_response(503, why);
    response.headers.push_back({"retry-after", "1"});
    return response;
}

class BeastSession final : public Session {
  public:
    BeastSession(tcp::socket socket, SessionContext& context)
        : context_(context),
          options_(context.options),
          stream_(std::move(socket)),
          pump_(stream_, context.pool, context.options) {
        boost::system::error_code ignored;
        stream_.socket().set_option(tcp::no_delay(true), ignored);
        peer_ = net::Address(stream_.socket().remote_endpoint(ignored).address());
    }

    asio::awaitable<void> run() override;

    void finish() override {
        finishing_ = true;
        if (!busy_) stream_.close();
    }

    void abort() override {
        finishing_ = aborted_ = true;
        stream_.close();
        pump_.abort();
        if (handled_) handled_->answered->give_up();
    }

  private:
    asio::awaitable<bool> shake_hands();
    asio::awaitable<bool> wait_for_bytes(std::chrono::milliseconds timeout);
    asio::awaitable<std::string_view> await_head();
    asio::awaitable<Next> serve_one();
    asio::awaitable<Next> refuse(boost::system::error_code error, ExchangePtr exchange);
    asio::awaitable<bool> run_handler(ExchangePtr exchange);
    asio::awaitable<Next> send(ExchangePtr exchange);
    asio::awaitable<bool> send_stream(ExchangePtr exchange, Framing framing);
    asio::awaitable<void> linger();
    void take_head(const Parser& parser, Exchange& exchange) const;
    [[nodiscard]] net::Address client_address(const Request& request) const;
    static std::optional<std::string> head_problem(const Parser& parser, Exchange& exchange);

    SessionContext& context_;
    const ServerOptions& options_;
    Stream stream_;
    BodyPump pump_;
    beast::flat_buffer buffer_;
    net::Address peer_;
    bool busy_ = false;       ///< From the first byte of a request to the end of its answer.
    bool finishing_ = false;  ///< The server stops.
    bool aborted_ = false;    ///< It waits no longer.
    ExchangePtr handled_;     ///< What others work on.
};

asio::awaitable<void> BeastSession::run() {
    std::chrono::milliseconds patience = options_.head_timeout;
    if (options_.tls) {
        const bool secured = co_await shake_hands();
        if (!secured) co_return stream_.close();
    }
    Next next = Next::request;
    while (next == Next::request && !finishing_) {
        const bool has_bytes = co_await wait_for_bytes(patience);
        if (!has_bytes) break;
        busy_ = true;
        next = co_await serve_one();
        busy_ = false;
        patience = options_.idle_timeout;
    }
    if (next == Next::linger && !finishing_) co_await linger();
    stream_.close();
}

asio::awaitable<bool> BeastSession::shake_hands() {
    stream_.expires_after(options_.head_timeout);
    const TlsStart start = co_await stream_.start_tls(*options_.tls);
    if (start == TlsStart::done) co_return true;
    if (options_.counters != nullptr) ++options_.counters->failed_handshakes;
    if (start == TlsStart::plain_http) {
        const auto exchange = std::make_shared<Exchange>(stream_.get_executor());
        exchange->response = error_response(400, net::plain_http_message);
        const Next next = co_await send(exchange);
        if (next == Next::linger && !finishing_) co_await linger();
    }
    co_return false;
}

asio::awaitable<bool> BeastSession::wait_for_bytes(std::chrono::milliseconds timeout) {
    if (buffer_.size() > 0) co_return true;
    stream_.expires_after(timeout);
    const auto space = buffer_.prepare(read_bytes);
    const auto [error, size] = co_await stream_.async_read_some(space, as_result);
    if (error) co_return false;
    buffer_.commit(size);
    co_return true;
}

// The head as it came; it stays in the buffer. Empty when it does not come: who reads on learns
// why.
asio::awaitable<std::string_view> BeastSession::await_head() {
    for (;;) {
        const auto* data = static_cast<const char*>(buffer_.data().data());
        const std::string_view head = complete_head(std::string_view(data, buffer_.size()));
        if (!head.empty() || buffer_.size() > options_.head_limit_bytes) co_return head;
        const auto space = buffer_.prepare(read_bytes);
        const auto [error, size] = co_await stream_.async_read_some(space, as_result);
        if (error) co_return std::string_view();
        buffer_.commit(size);
    }
}

// Head, gate, body, handler, answer. Requests that a client sends without waiting for answers stay
// in its buffer until their turn comes, so that answers keep their order and memory its limit.
asio::awaitable<Next> BeastSession::serve_one() {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(options_.head_limit_bytes));
    parser.body_limit(options_.body_limit_bytes);
    const auto exchange = std::make_shared<Exchange>(stream_.get_executor());

    stream_.expires_after(options_.head_timeout);
    // Beast joins folded lines, and nobody could tell afterwards.
    const std::string_view raw_head = co_await await_head();
    if (has_folded_line(raw_head)) co_return co_await refuse(wire::error::bad_field, exchange);
    const auto [head_error, head_size] =
        co_await wire::async_read_header(stream_, buffer_, parser, as_result);
    if (head_error) co_return co_await refuse(head_error, exchange);
    // Beast keeps its limit only for a head that comes in pieces.
    if (head_size > options_.head_limit_bytes) {
        co_return co_await refuse(wire::error::header_limit, exchange);
    }

    // Now, since Beast adds the trailers to the headers when it reads the body.
    take_head(parser, *exchange);
    if (const auto problem = head_problem(parser, *exchange)) {
        exchange->response = error_response(400, *problem);
        co_return co_await send(exchange);
    }
    const bool keep_alive = parser.keep_alive();

    if (!parser.is_done()) {
        stream_.expires_after(options_.body_timeout);
        if (exchange->expects_continue) {
            static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            const auto bytes = asio::buffer(go_on);
            const auto [error, size] = co_await asio::async_write(stream_, bytes, as_result);
            if (error) co_return Next::drop;
        }
        const auto [error, size] = co_await wire::async_read(stream_, buffer_, parser, as_result);
        if (error) co_return co_await refuse(error, exchange);
    }
    exchange->request.body = std::move(parser.get().body());

    const bool answered = co_await run_handler(exchange);
    if (!answered) co_return Next::drop;
    if (keep_alive && !finishing_) exchange->persistence = Persistence::keep_alive;
    co_return co_await send(exchange);
}

void BeastSession::take_head(const Parser& parser, Exchange& exchange) const {
    const auto& message = parser.get();
    Request& request = exchange.request;
    request.method = std::string(message.method_string());
    for (const auto& field : message) {
        request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    request.client = client_address(request);
    exchange.http_1_0 = message.version() == 10;
    const auto expect = find_header(request.headers, "expect");
    exchange.expects_continue =
        expect && equal_names(*expect, "100-continue") && !exchange.http_1_0;
}

net::Address BeastSession::client_address(const Request& request) const {
    if (!options_.trusted_proxies.contains(peer_)) return peer_;
    std::string forwarded_for;
    for (const Field& field : request.headers) {
        if (equal_names(field.name, "x-forwarded-for")) {
            forwarded_for.append(",").append(field.value);
        }
    }
    return net::client_address(peer_, forwarded_for, options_.trusted_proxies);
}

std::optional<std::string> BeastSession::head_problem(const Parser& parser, Exchange& exchange) {
    const unsigned version = parser.get().version();
    if (version != 10 && version != 11) return "HTTP/1.1 is spoken here";
    Request& request = exchange.request;
    if (const auto problem = framing_problem(exchange.http_1_0 ? 0 : 1, request.headers)) {
        return std::string(*problem);
    }
    Result<Target> target =
        parse_target(std::string_view(parser.get().target().data(), parser.get().target().size()));
    if (!target) return target.error().message;
    request.path = std::move(target->path);
    request.query = std::move(target->query);
    return std::nullopt;
}

// A request that could not be read. What comes after it cannot be told from it, so that the
// connection ends.
asio::awaitable<Next> BeastSession::refuse(boost::system::error_code error, ExchangePtr exchange) {
    if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
        exchange->response = error_response(431, "the request's head is too large");
    } else if (error == wire::error::body_limit) {
        exchange->response = error_response(413, "the request's body is too large");
    } else if (error == wire::error::end_of_stream || error == wire::error::partial_message) {
        co_return Next::drop;
    } else if (error.category() == wire::make_error_code(wire::error::bad_method).category()) {
        exchange->response = error_response(400, "the request is malformed");
    } else {
        co_return Next::drop;
    }
    co_return co_await send(exchange);
}

// False where the session was aborted: then the exchange stays with who works on it.
asio::awaitable<bool> BeastSession::run_handler(ExchangePtr exchange) {
    WorkerPool::Job job = [exchange](const Handler& handler) {
        answer_exchange(exchange, handler);
    };
    if (!context_.pool.try_post(std::move(job))) {
        exchange->response = busy_response("too many requests wait already");
        co_return true;
    }
    handled_ = exchange;
    const bool answered = co_await exchange->answered->wait();
    handled_ = nullptr;
    co_return answered && !aborted_;
}

// The one place that writes an answer.
asio::awaitable<Next> BeastSession::send(ExchangePtr exchange) {
    Response& response = exchange->response;
    const bool has_body = exchange->request.method != "HEAD" && status_allows_body(response.status);
    if (response.source && has_body && context_.streams >= options_.max_streams) {
        response = busy_response("too many long answers are under way already");
    }
    Framing framing = Framing::length;
    if (response.source && exchange->http_1_0) {
        framing = Framing::until_close;
        exchange->persistence = Persistence::close;
    } else if (response.source) {
        framing = Framing::chunked;
    }
    const std::string head =
        response_head(response, options_.extra_headers, exchange->persistence, framing);
    const std::array<asio::const_buffer, 2> bytes{
        asio::buffer(head), has_body ? asio::buffer(response.body) : asio::const_buffer()};
    stream_.expires_after(options_.write_timeout);
    const auto [error, size] = co_await asio::async_write(stream_, bytes, as_result);
    if (error) co_return Next::drop;
    if (response.source && has_body) {
        const bool sent = co_await send_stream(exchange, framing);
        if (!sent) co_return Next::drop;
    }
    co_return exchange->persistence == Persistence::keep_alive ? Next::request : Next::linger;
}

asio::awaitable<bool> BeastSession::send_stream(ExchangePtr exchange, Framing framing) {
    // Kept until there is a place for another one.
    const std::shared_ptr<BodySource> source = std::move(exchange->response.source);
    ++context_.streams;
    const bool sent = co_await pump_.run(source, framing);
    --context_.streams;
    if (!sent && stream_.socket().is_open()) {
        // Not a plain close: where only the close says that the body ends, it would look whole.
        boost::system::error_code ignored;
        stream_.socket().set_option(asio::socket_base::linger(true, 0), ignored);
    }
    co_return sent;
}

asio::awaitable<void> BeastSession::linger() {
    boost::system::error_code shut_down;
    stream_.expires_after(linger_timeout);
    co_await stream_.end_tls();
    stream_.socket().shutdown(tcp::socket::shutdown_send, shut_down);
    if (shut_down) co_return;
    std::array<char, read_bytes> waste{};
    for (std::size_t total = 0; total < linger_limit_bytes;) {
        const auto space = asio::buffer(waste);
        const auto [error, size] = co_await stream_.async_read_some(space, as_result);
        if (error) co_return;
        total += size;
    }
}

}  // namespace

std::shared_ptr<Session> make_session(tcp::socket socket, SessionContext& context) {
    return std::make_shared<BeastSession>(std::move(socket), context);
}

}  // namespace ccproxy::http
