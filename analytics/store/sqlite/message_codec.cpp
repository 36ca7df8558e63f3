#include "analytics/store/sqlite/message_codec.hpp"

#include <zlib.h>

namespace ccproxy::analytics {
namespace {

constexpr int level = 6;
constexpr int raw_window_bits = -15;
constexpr int memory_level = 8;

[[noreturn]] void fail(const char* what) {
    throw DamagedMessage(std::string("a message ") + what);
}

void set_input(z_stream& stream, std::string_view text) {
    // zlib does not write there, it only lacks the const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
}

void set_output(z_stream& stream, std::string& out) {
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
}

}  // namespace

EncodedBody deflate_body(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, level, Z_DEFLATED, raw_window_bits, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
    std::string out(text.size(), '\0');
    set_input(stream, text);
    set_output(stream, out);
    const bool fits = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (!fits) return {BodyEncoding::plain, std::string(text)};
    return {BodyEncoding::deflate, std::move(out)};
}

std::string decode_body(std::int64_t encoding, std::string_view body, std::int64_t bytes) {
    if (encoding == static_cast<std::int64_t>(BodyEncoding::plain)) {
        if (static_cast<std::int64_t>(body.size()) != bytes) fail("is damaged");
        return std::string(body);
    }
    if (encoding != static_cast<std::int64_t>(BodyEncoding::deflate)) {
        fail("has an encoding of a newer version");
    }
    if (bytes < 0 || bytes > max_message_bytes) fail("is damaged");
    z_stream stream{};
    if (inflateInit2(&stream, raw_window_bits) != Z_OK) throw std::bad_alloc();
    std::string text(static_cast<std::size_t>(bytes), '\0');
    set_input(stream, body);
    set_output(stream, text);
    const bool whole =
        inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == text.size();
    inflateEnd(&stream);
    if (!whole) fail("is damaged");
    return text;
}

}  // namespace ccproxy::analytics
