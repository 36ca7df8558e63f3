#include "analytics/store/sqlite/pack_codec.hpp"

#include <zstd.h>

#include <memory>
#include <stdexcept>

#include "analytics/store/sqlite/message_codec.hpp"

namespace ccproxy::analytics {
namespace {

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

std::size_t checked(std::size_t code) {
    if (ZSTD_isError(code) == 0) return code;
    throw std::runtime_error(std::string("a pack cannot be made: ") + ZSTD_getErrorName(code));
}

}  // namespace

std::string encode_pack(std::string_view content, int level) {
    const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    if (!context) throw std::bad_alloc();
    checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
    checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1));
    std::string body(ZSTD_compressBound(content.size()), '\0');
    body.resize(checked(
        ZSTD_compress2(context.get(), body.data(), body.size(), content.data(), content.size())));
    return body;
}

std::string decode_pack(std::int64_t encoding, std::string_view body, std::int64_t bytes) {
    if (encoding != static_cast<std::int64_t>(PackEncoding::zstd)) {
        throw DamagedMessage("a pack has an encoding of a newer version");
    }
    // The frame tells its size too: memory is taken only where the two agree.
    if (bytes < 0 || bytes > max_message_bytes ||
        ZSTD_getFrameContentSize(body.data(), body.size()) !=
            static_cast<unsigned long long>(bytes)) {
        throw DamagedMessage("a pack is damaged");
    }
    std::string content(static_cast<std::size_t>(bytes), '\0');
    const std::size_t size =
        ZSTD_decompress(content.data(), content.size(), body.data(), body.size());
    if (size != content.size()) throw DamagedMessage("a pack is damaged");
    return content;
}

}  // namespace ccproxy::analytics
