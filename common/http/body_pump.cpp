#include "common/http/body_pump.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_suffix.hpp>
#include <cstdio>

namespace ccproxy::http {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::string_view last_chunk = "0\r\n\r\n";

/// The line before a chunk's bytes (RFC 9112, section 7.1).
std::string chunk_head(std::size_t size) {
    std::array<char, 24> text{};
    const int length = std::snprintf(text.data(), text.size(), "%zx\r\n", size);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

/// Shared with the worker, which has it while it makes the piece.
struct BodyPump::Piece {
    std::shared_ptr<BodySource> source;
    std::string bytes;  ///< Keeps its capacity from piece to piece.
    bool has_more = true;
    bool failed = false;

    void make() {
        bytes.clear();
        try {
            has_more = source->next(bytes);
            return;
        } catch (const std::exception& error) {
            spdlog::error("an answer was broken off: {}", error.what());
        } catch (...) {
            spdlog::error("an answer was broken off");
        }
        failed = true;
    }
};

asio::awaitable<bool> BodyPump::run(std::shared_ptr<BodySource> source, Framing framing) {
    const auto piece = std::make_shared<Piece>();
    piece->source = std::move(source);
    while (piece->has_more) {
        // A source may go on for long without a byte to write, so that no write tells. A client
        // that closes only its sending side counts as gone too.
        if (aborted_ || stream_.is_left()) co_return false;
        const bool made = co_await make(piece);
        if (!made || piece->failed) co_return false;
        const bool written = co_await write(piece, framing);
        if (!written) co_return false;
    }
    co_return true;
}

void BodyPump::abort() {
    aborted_ = true;
    if (awaited_) awaited_->give_up();
}

asio::awaitable<bool> BodyPump::make(std::shared_ptr<Piece> piece) {
    const auto handoff = std::make_shared<Handoff>(stream_.get_executor());
    WorkerPool::Job job = [piece, handoff](const Handler&) {
        piece->make();
        handoff->finish();
    };
    if (!pool_.post(std::move(job))) co_return false;
    awaited_ = handoff;
    const bool finished = co_await handoff->wait();
    awaited_ = nullptr;
    co_return finished;
}

// By parts, so that the time limit is one for progress: a slow client may take long for a piece.
asio::awaitable<bool> BodyPump::write(std::shared_ptr<Piece> piece, Framing framing) {
    const bool chunked = framing == Framing::chunked;
    const bool has_bytes = !piece->bytes.empty();
    const std::string head = chunked && has_bytes ? chunk_head(piece->bytes.size()) : "";
    const std::string_view after_bytes = chunked && has_bytes ? "\r\n" : "";
    const std::string_view end = chunked && !piece->has_more ? last_chunk : "";
    const std::array<asio::const_buffer, 4> all{asio::buffer(head), asio::buffer(piece->bytes),
                                                asio::buffer(after_bytes), asio::buffer(end)};
    beast::buffers_suffix<std::array<asio::const_buffer, 4>> rest(all);
    while (asio::buffer_size(rest) > 0) {
        stream_.expires_after(options_.write_timeout);
        const auto [error, size] = co_await stream_.async_write_some(rest, as_result);
        if (error) co_return false;
        rest.consume(size);
    }
    co_return true;
}

}  // namespace ccproxy::http
