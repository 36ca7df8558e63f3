// Follows the framing of a message's body through bytes as they arrive, and takes the framing out
// of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "proxy/http/head.hpp"

namespace ccproxy::http1 {

/// Pure: bytes in, payload out. After `done()` or a failure no more is taken.
class BodyReader {
  public:
    explicit BodyReader(const Framing& framing);

    struct Step {
        std::size_t consumed = 0;  ///< Bytes of the input that belong to this body.
        std::size_t payload = 0;   ///< Payload bytes, moved to the start of the input.
        bool malformed =
            false;  ///< The chunk framing is broken; what came before it is in `payload`.
    };

    /// Takes what it can of `data` and leaves its payload, without framing, at the start of `data`.
    /// Trailers and chunk extensions are dropped; both are limited.
    Step take(char* data, std::size_t size);

    /// The body has ended as its framing says. Never true for a body that ends with its connection.
    [[nodiscard]] bool done() const { return state_ == State::done; }
    /// Whether the end of the connection is a proper end of this body.
    [[nodiscard]] bool ends_with_connection() const { return state_ == State::until_close; }

  private:
    enum class State {
        length,
        until_close,
        size_start,
        size,
        extension,
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer_start,
        trailer,
        trailer_lf,
        end_lf,
        done,
        malformed
    };
    /// One byte of chunk framing.
    State next(char c);
    State end_of_size_line();

    State state_;
    std::uint64_t left_ = 0;              ///< Payload bytes until the body or the chunk ends.
    std::size_t framing_line_bytes_ = 0;  ///< Extension and trailer bytes since the last payload.
};

}  // namespace ccproxy::http1
