// The request head: Beast parses it, then the framing is checked.
#include "tests/support/upstream_sim/head_reader.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <utility>

#include "tests/support/upstream_sim/options.hpp"

namespace upstream_sim {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Parser = http::request_parser<http::empty_body>;

HeadResult refused(int status, std::string message) {
    return {HeadResult::Kind::kRefused, status, std::move(message)};
}

void add_header(Request& request, std::string name, std::string_view value) {
    for (Field& field : request.headers) {
        if (field.first != name) continue;
        field.second += ", ";
        field.second += value;
        return;
    }
    request.headers.emplace_back(std::move(name), value);
}

void split_target(Request& request) {
    std::string_view rest = request.target;
    const auto scheme = rest.find("://");
    if (scheme != std::string_view::npos && rest.front() != '/') {
        rest.remove_prefix(scheme + 3);
        const auto path = rest.find('/');
        rest = path == std::string_view::npos ? "/" : rest.substr(path);
    }
    const auto mark = rest.find('?');
    request.path = rest.substr(0, mark);
    if (mark != std::string_view::npos) request.query = rest.substr(mark + 1);
}

HeadResult take(const Parser& parser, Request& request) {
    const auto& head = parser.get();
    request.method = head.method_string();
    request.target = head.target();
    split_target(request);
    for (const auto& field : head) {
        std::string name(field.name_string());
        for (char& c : name) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        }
        add_header(request, std::move(name), field.value());
    }
    request.http10 = head.version() < 11;
    request.keep_alive = parser.keep_alive();

    const auto lengths = head.count(http::field::content_length);
    const auto encodings = head.count(http::field::transfer_encoding);
    if (lengths > 1) return refused(400, "more than one content-length");
    if (encodings > 1 || (encodings == 1 && lengths == 1)) return refused(400, "two framings");
    if (encodings == 1) {
        const auto value = head[http::field::transfer_encoding];
        if (request.http10 || !beast::iequals(value, "chunked")) {
            return refused(400, "transfer-encoding is not exactly chunked");
        }
        request.chunked = true;
    }
    const auto hosts = head.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && !request.http10)) return refused(400, "not exactly one host");
    if (lengths == 1) request.content_length = parser.content_length().value_or(0);
    return {HeadResult::Kind::kRead, 0, {}};
}

}  // namespace

asio::awaitable<HeadResult> read_head(Connection& connection, Request& request) {
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(kHeadLimitBytes));
    parser.body_limit(boost::none);  // the body reader has the limit
    auto& inbox = connection.inbox();
    while (!parser.is_header_done()) {
        boost::system::error_code error = http::error::need_more;
        if (inbox.size() > 0) inbox.consume(parser.put(inbox.data(), error));
        if (!error) continue;
        if (error == http::error::header_limit || inbox.size() > kHeadLimitBytes) {
            co_return refused(431, "the request head is too large");
        }
        if (error != http::error::need_more) co_return refused(400, error.message());
        if (!co_await connection.fill()) co_return HeadResult{};
    }
    co_return take(parser, request);
}

}  // namespace upstream_sim
