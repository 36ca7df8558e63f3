#include "proxy/tap/inflater.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace ccproxy::tap {

Inflater::Inflater(std::size_t max_bytes) : left_bytes_(max_bytes) {
    // 16 asks zlib for gzip alone.
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::runtime_error("zlib is not available");
}

Inflater::~Inflater() {
    inflateEnd(&stream_);
}

bool Inflater::feed(std::string_view bytes, const std::function<void(std::string_view)>& on_text) {
    if (failed_) return false;
    std::array<char, 16 * 1024> text;
    // zlib never writes through next_in; its type lacks the const.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    bool more = !bytes.empty();
    while (more) {
        if (at_end_) {
            inflateReset(&stream_);
            at_end_ = false;
        }
        stream_.next_out = reinterpret_cast<Bytef*>(text.data());
        stream_.avail_out = static_cast<uInt>(text.size());
        const int status = inflate(&stream_, Z_NO_FLUSH);
        // What came out before a broken place is good, however the bytes were cut.
        const std::size_t got = std::min(text.size() - stream_.avail_out, left_bytes_);
        failed_ = (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) ||
                  text.size() - stream_.avail_out > left_bytes_;
        left_bytes_ -= got;
        if (got > 0) on_text({text.data(), got});
        if (failed_) return false;
        at_end_ = status == Z_STREAM_END;
        more = stream_.avail_in > 0 || (stream_.avail_out == 0 && !at_end_);
    }
    return true;
}

Result<std::string> inflate_gzip(std::string_view bytes, std::size_t max_bytes) {
    Inflater inflater(max_bytes);
    std::string text;
    const bool good = inflater.feed(bytes, [&](std::string_view piece) { text.append(piece); });
    if (!good) return Error{"the body is not gzip, or too large when inflated"};
    if (!inflater.at_end()) return Error{"the gzip body is cut short"};
    return {boost::system::in_place_value, std::move(text)};
}

}  // namespace ccproxy::tap
