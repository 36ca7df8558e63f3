#include "proxy/http/body_reader.hpp"

#include <algorithm>
#include <cstring>

namespace ccproxy::http1 {
namespace {

constexpr std::size_t max_framing_line_bytes = 16 * 1024;
constexpr std::uint64_t max_chunk_bytes = std::uint64_t{1} << 40;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

BodyReader::BodyReader(const Framing& framing) : state_(State::done), left_(framing.length) {
    switch (framing.kind) {
        case Framing::Kind::none:
            state_ = State::done;
            break;
        case Framing::Kind::length:
            state_ = State::length;
            break;
        case Framing::Kind::chunked:
            state_ = State::size_start;
            break;
        case Framing::Kind::until_close:
            state_ = State::until_close;
            break;
    }
}

BodyReader::Step BodyReader::take(char* data, std::size_t size) {
    Step step;
    while (step.consumed < size && state_ != State::done && state_ != State::malformed) {
        if (state_ == State::until_close || state_ == State::length || state_ == State::data) {
            std::size_t take = size - step.consumed;
            if (state_ != State::until_close) {
                take = static_cast<std::size_t>(std::min<std::uint64_t>(take, left_));
                left_ -= take;
            }
            if (step.payload != step.consumed) {
                std::memmove(data + step.payload, data + step.consumed, take);
            }
            step.payload += take;
            step.consumed += take;
            if (state_ == State::length && left_ == 0) state_ = State::done;
            if (state_ == State::data && left_ == 0) state_ = State::data_cr;
        } else {
            state_ = next(data[step.consumed++]);
        }
    }
    step.malformed = state_ == State::malformed;
    return step;
}

BodyReader::State BodyReader::next(char c) {
    if (state_ == State::extension || state_ == State::trailer || state_ == State::trailer_start) {
        if (++framing_line_bytes_ > max_framing_line_bytes) return State::malformed;
    }
    switch (state_) {
        case State::size_start:
            if (hex_digit(c) < 0) return State::malformed;
            left_ = static_cast<std::uint64_t>(hex_digit(c));
            return State::size;
        case State::size:
            if (c == '\r') return State::size_lf;
            if (c == ';' || c == ' ' || c == '\t') return State::extension;
            if (hex_digit(c) < 0 || left_ > max_chunk_bytes) return State::malformed;
            left_ = left_ * 16 + static_cast<std::uint64_t>(hex_digit(c));
            return State::size;
        case State::extension:
            if (c == '\n') return State::malformed;
            return c == '\r' ? State::size_lf : State::extension;
        case State::size_lf:
            return c == '\n' ? end_of_size_line() : State::malformed;
        case State::data_cr:
            return c == '\r' ? State::data_lf : State::malformed;
        case State::data_lf:
            return c == '\n' ? State::size_start : State::malformed;
        case State::trailer_start:
            if (c == '\n') return State::malformed;
            return c == '\r' ? State::end_lf : State::trailer;
        case State::trailer:
            if (c == '\n') return State::malformed;
            return c == '\r' ? State::trailer_lf : State::trailer;
        case State::trailer_lf:
            return c == '\n' ? State::trailer_start : State::malformed;
        case State::end_lf:
            return c == '\n' ? State::done : State::malformed;
        default:
            return State::malformed;
    }
}

BodyReader::State BodyReader::end_of_size_line() {
    framing_line_bytes_ = 0;
    return left_ == 0 ? State::trailer_start : State::data;
}

}  // namespace ccproxy::http1
