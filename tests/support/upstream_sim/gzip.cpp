// gzip by zlib.
#include "tests/support/upstream_sim/gzip.hpp"

#include <algorithm>
#include <array>
#include <new>

namespace upstream_sim {
namespace {

constexpr int kGzipWindowBits = 15 + 16;

// zlib takes a pointer to non-const bytes that it does not change.
Bytef* input_of(std::string_view data) {
    return reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
}

}  // namespace

std::optional<std::string> gunzip(std::string_view data, std::size_t limit_bytes) {
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindowBits) != Z_OK) return std::nullopt;
    stream.next_in = input_of(data);
    stream.avail_in = static_cast<uInt>(data.size());
    std::string out;
    std::array<char, 65536> block;
    int code = Z_OK;
    while (code == Z_OK && out.size() <= limit_bytes) {
        stream.next_out = reinterpret_cast<Bytef*>(block.data());
        stream.avail_out = static_cast<uInt>(block.size());
        code = inflate(&stream, Z_NO_FLUSH);
        out.append(block.data(), block.size() - stream.avail_out);
    }
    const bool whole = code == Z_STREAM_END && stream.avail_in == 0 && out.size() <= limit_bytes;
    inflateEnd(&stream);
    if (!whole) return std::nullopt;
    return out;
}

GzipWriter::GzipWriter() {
    if (deflateInit2(&stream_, 1, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        throw std::bad_alloc();
    }
}

GzipWriter::~GzipWriter() {
    deflateEnd(&stream_);
}

void GzipWriter::add(std::string& out, std::string_view piece) {
    if (!piece.empty()) run(out, piece, Z_SYNC_FLUSH);
}

void GzipWriter::finish(std::string& out) {
    run(out, {}, Z_FINISH);
}

void GzipWriter::run(std::string& out, std::string_view piece, int flush) {
    stream_.next_in = input_of(piece);
    stream_.avail_in = static_cast<uInt>(piece.size());
    std::array<char, 16384> block;
    do {
        stream_.next_out = reinterpret_cast<Bytef*>(block.data());
        stream_.avail_out = static_cast<uInt>(block.size());
        deflate(&stream_, flush);
        out.append(block.data(), block.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
}

}  // namespace upstream_sim
