// Beside a parser that many use: what ours takes, Boost.Beast takes too, and reads the same.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

#include "proxy/http/head.hpp"

namespace ccproxy::http1 {
namespace {

namespace beast_http = boost::beast::http;

const std::string request =
    "POST /v1/messages?beta=true HTTP/1.1\r\nHost: api.example\r\nContent-Length: 12\r\n"
    "X-Api-Key:  a key\t\r\nAccept: a, b;q=0.5\r\nX_Odd.name~: \xC3\xA9\r\nEmpty:\r\n\r\n";
const std::string answer =
    "HTTP/1.1 200 Fine, thanks\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    "Request-Id: req_1\r\nConnection: keep-alive\r\nEmpty:\r\n\r\n";

/// False when Beast does not take it.
template <class Parser>
bool parse_by_beast(Parser& parser, const std::string& head) {
    boost::system::error_code error;
    parser.skip(true);
    const std::size_t used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
    return (!error || error == beast_http::error::need_more) && parser.is_header_done() &&
           used == head.size();
}

/// Values by their names; Beast puts those of one name together.
using Sorted = std::map<std::string, std::vector<std::string>>;

Sorted sort(const Fields& fields) {
    Sorted sorted;
    for (const auto [name, value] : fields) sorted[std::string(name)].emplace_back(value);
    return sorted;
}

template <class Message>
Sorted sort_beasts(const Message& message) {
    Sorted sorted;
    for (const auto& field : message) {
        std::string name(field.name_string());
        for (char& c : name) c = to_lower(c);
        sorted[name].emplace_back(field.value());
    }
    return sorted;
}

/// A byte changed, put in, taken out, or a part said twice; once to three times.
std::string mutate(std::string head, std::minstd_rand& random) {
    static constexpr std::string_view bytes(
        "\r\n\t :;,\0\x7f\xff"
        "AzZ09/-_=%",
        20);
    const auto below = [&random](std::size_t bound) { return random() % bound; };
    for (std::size_t times = 1 + below(3); times > 0; --times) {
        const std::size_t at = below(head.size());
        const char byte = bytes[below(bytes.size())];
        switch (below(4)) {
            case 0:
                head[at] = byte;
                break;
            case 1:
                head.insert(at, 1, byte);
                break;
            case 2:
                head.erase(at, 1);
                break;
            default:
                head.insert(at, head.substr(below(head.size()), 1 + below(20)));
        }
    }
    return head;
}

}  // namespace

TEST_CASE("requests' heads are read as Beast reads them, or refused") {
    std::minstd_rand random(1);
    int taken = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string head = i == 0 ? request : mutate(request, random);
        const Result<RequestHead> ours = parse_request_head(head);
        if (!ours) continue;
        ++taken;
        CAPTURE(head);
        beast_http::request_parser<beast_http::empty_body> parser;
        REQUIRE(parse_by_beast(parser, head));
        CHECK(ours->method == std::string(parser.get().method_string()));
        CHECK(ours->target == std::string(parser.get().target()));
        CHECK(10 + ours->minor_version == static_cast<int>(parser.get().version()));
        CHECK(sort(ours->fields) == sort_beasts(parser.get()));
    }
    CHECK(taken > 1000);
}

TEST_CASE("answers' heads are read as Beast reads them, or refused") {
    std::minstd_rand random(2);
    int taken = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::string head = i == 0 ? answer : mutate(answer, random);
        const Result<ResponseHead> ours = parse_response_head(head, "POST");
        if (!ours) continue;
        ++taken;
        CAPTURE(head);
        beast_http::response_parser<beast_http::empty_body> parser;
        REQUIRE(parse_by_beast(parser, head));
        CHECK(ours->status == static_cast<int>(parser.get().result_int()));
        CHECK(sort(ours->fields) == sort_beasts(parser.get()));
    }
    CHECK(taken > 1000);
}

}  // namespace ccproxy::http1
