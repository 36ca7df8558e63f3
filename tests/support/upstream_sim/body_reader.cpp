// The request body.
#include "tests/support/upstream_sim/body_reader.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "tests/support/upstream_sim/options.hpp"

namespace upstream_sim {
namespace {

constexpr std::size_t kLineLimitBytes = 16 * 1024;

std::string_view view(Connection& connection) {
    const auto data = connection.inbox().cdata();
    return {static_cast<const char*>(data.data()), data.size()};
}

/// Moves `size` bytes from the inbox to the body.
asio::awaitable<BodyResult> take_bytes(Connection& connection, Request& request,
                                       std::uint64_t size) {
    if (size > kBodyLimitBytes - request.body.size()) co_return BodyResult::kTooLarge;
    while (size > 0) {
        if (connection.inbox().size() == 0 && !co_await connection.fill()) {
            co_return BodyResult::kClientGone;
        }
        const std::string_view available = view(connection).substr(0, size);
        request.body += available;
        size -= available.size();
        connection.inbox().consume(available.size());
    }
    co_return BodyResult::kRead;
}

/// Takes one line, without its CRLF, into `line`.
asio::awaitable<BodyResult> take_line(Connection& connection, std::string& line) {
    for (;;) {
        const std::string_view available = view(connection);
        const auto end = available.find('\n');
        if (end != std::string_view::npos) {
            if (end == 0 || available[end - 1] != '\r') co_return BodyResult::kMalformed;
            line = available.substr(0, end - 1);
            connection.inbox().consume(end + 1);
            co_return BodyResult::kRead;
        }
        if (available.size() > kLineLimitBytes) co_return BodyResult::kMalformed;
        if (!co_await connection.fill()) co_return BodyResult::kClientGone;
    }
}

std::optional<std::uint64_t> chunk_size(std::string_view line) {
    std::uint64_t size = 0;
    const auto* end = line.data() + line.size();
    const auto [at, error] = std::from_chars(line.data(), end, size, 16);
    const bool ends_well = at == end || *at == ';' || *at == ' ' || *at == '\t';
    if (error != std::errc() || !ends_well) return std::nullopt;
    return size;
}

asio::awaitable<BodyResult> read_chunks(Connection& connection, Request& request) {
    std::string line;
    std::optional<std::uint64_t> size;
    do {
        BodyResult result = co_await take_line(connection, line);
        if (result != BodyResult::kRead) co_return result;
        size = chunk_size(line);
        if (!size) co_return BodyResult::kMalformed;
        if (*size == 0) break;
        result = co_await take_bytes(connection, request, *size);
        if (result != BodyResult::kRead) co_return result;
        result = co_await take_line(connection, line);
        if (result != BodyResult::kRead) co_return result;
        if (!line.empty()) co_return BodyResult::kMalformed;
    } while (*size > 0);

    std::size_t trailer_bytes = 0;
    do {
        const BodyResult result = co_await take_line(connection, line);
        if (result != BodyResult::kRead) co_return result;
        trailer_bytes += line.size();
        if (trailer_bytes > kLineLimitBytes) co_return BodyResult::kMalformed;
    } while (!line.empty());
    co_return BodyResult::kRead;
}

}  // namespace

asio::awaitable<BodyResult> read_body(Connection& connection, Request& request) {
    BodyResult result = BodyResult::kRead;
    if (request.chunked) {
        result = co_await read_chunks(connection, request);
    } else if (request.content_length) {
        result = co_await take_bytes(connection, request, *request.content_length);
    }
    request.received_body_bytes = request.body.size();
    request.body_complete = result == BodyResult::kRead;
    co_return result;
}

}  // namespace upstream_sim
