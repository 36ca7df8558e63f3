// Beside a parser that many use: what is taken here as the head of a request or an answer,
// Boost.Beast takes too, and reads the same.
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "proxy/http/head.hpp"
#include "tests/fuzz/check.hpp"

namespace {

using ccproxy::fuzz::check;
namespace http1 = ccproxy::http1;
namespace beast_http = boost::beast::http;

/// In the order of their names, those of one name in the order in which they came: Beast puts
/// these together.
using Lines = std::vector<std::pair<std::string, std::string>>;

void sort(Lines& lines) {
    std::stable_sort(lines.begin(), lines.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
}

Lines our_lines(const http1::Fields& fields) {
    Lines lines;
    for (const auto [name, value] : fields) lines.emplace_back(name, value);
    sort(lines);
    return lines;
}

template <class Message>
Lines beasts_lines(const Message& message) {
    Lines lines;
    for (const auto& field : message) {
        std::string name(field.name_string());
        std::transform(name.begin(), name.end(), name.begin(), http1::to_lower);
        lines.emplace_back(std::move(name), field.value());
    }
    sort(lines);
    return lines;
}

template <class Parser>
void parse_by_beast(Parser& parser, const std::string& head) {
    boost::system::error_code error;
    parser.skip(true);
    parser.body_limit(boost::none);
    parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
    const std::size_t used = parser.put(boost::asio::buffer(head.data(), head.size()), error);
    check(!error || error == beast_http::error::need_more, "Beast takes it");
    check(parser.is_header_done() && used == head.size(), "Beast sees the same end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string head(reinterpret_cast<const char*>(data), size);
    if (const auto request = http1::parse_request_head(head)) {
        beast_http::request_parser<beast_http::empty_body> parser;
        parse_by_beast(parser, head);
        const auto& message = parser.get();
        check(request->method == std::string(message.method_string()), "the method is equal");
        check(request->target == std::string(message.target()), "the target is equal");
        check(10 + request->minor_version == static_cast<int>(message.version()),
              "the version is equal");
        check(our_lines(request->fields) == beasts_lines(message), "the fields are equal");
    }
    if (const auto answer = http1::parse_response_head(head, "POST")) {
        beast_http::response_parser<beast_http::empty_body> parser;
        parse_by_beast(parser, head);
        check(answer->status == static_cast<int>(parser.get().result_int()), "the status is equal");
        check(our_lines(answer->fields) == beasts_lines(parser.get()), "the fields are equal");
    }
    return 0;
}
