#include "proxy/journal/packing.hpp"

// For LZ4_attach_dictionary(), with which a dictionary costs nothing for each event.
#define LZ4_STATIC_LINKING_ONLY
#include <lz4.h>

#include <cstdint>
#include <cstring>

#include "proxy/journal/dictionary.hpp"

namespace ccproxy::journal {
namespace {

constexpr char packed_mark = 1;
constexpr std::size_t head_bytes = 1 + sizeof(std::uint32_t);
/// Twice LZ4's default: a fifth less time, and an everyday event takes no more bytes.
constexpr int acceleration = 2;

bool is_packed(std::string_view payload) {
    return !payload.empty() && payload.front() == packed_mark;
}

/// The dictionary as LZ4 looks things up in it. Read alone after it is made.
const LZ4_stream_t& loaded_dictionary() {
    static const auto loaded = [] {
        LZ4_stream_t stream;
        LZ4_initStream(&stream, sizeof stream);
        const std::string_view dictionary = dictionary_1();
        LZ4_loadDict(&stream, dictionary.data(), static_cast<int>(dictionary.size()));
        return stream;
    }();
    return loaded;
}

}  // namespace

struct Packer::State {
    LZ4_stream_t stream;
};

Packer::Packer() : state_(std::make_unique<State>()) {
    LZ4_initStream(&state_->stream, sizeof state_->stream);
}

Packer::~Packer() = default;
Packer::Packer(Packer&&) noexcept = default;
Packer& Packer::operator=(Packer&&) noexcept = default;

void Packer::append(std::string_view event, std::string& out) {
    const std::size_t begin = out.size();
    if (event.size() <= max_packed_event_bytes) {
        const auto size = static_cast<std::uint32_t>(event.size());
        const int most = LZ4_compressBound(static_cast<int>(size));
        out.resize(begin + head_bytes + static_cast<std::size_t>(most));
        char* const to = out.data() + begin;
        *to = packed_mark;
        std::memcpy(to + 1, &size, sizeof size);
        LZ4_stream_t* const stream = &state_->stream;
        LZ4_resetStream_fast(stream);
        LZ4_attach_dictionary(stream, &loaded_dictionary());
        const int packed = LZ4_compress_fast_continue(stream, event.data(), to + head_bytes,
                                                      static_cast<int>(size), most, acceleration);
        out.resize(begin + head_bytes + static_cast<std::size_t>(packed));
        if (out.size() - begin < event.size()) return;
        out.resize(begin);
    }
    out.append(event);
}

std::optional<std::size_t> unpacked_bytes(std::string_view payload) {
    if (!is_packed(payload)) return payload.size();
    if (payload.size() < head_bytes) return std::nullopt;
    std::uint32_t size = 0;
    std::memcpy(&size, payload.data() + 1, sizeof size);
    if (size > max_unpacked_event_bytes) return std::nullopt;
    return size;
}

bool unpack(std::string_view payload, char* out) {
    if (!is_packed(payload)) {
        std::memcpy(out, payload.data(), payload.size());
        return true;
    }
    const std::optional<std::size_t> size = unpacked_bytes(payload);
    if (!size) return false;
    payload.remove_prefix(head_bytes);
    const std::string_view dictionary = dictionary_1();
    const int got = LZ4_decompress_safe_usingDict(
        payload.data(), out, static_cast<int>(payload.size()), static_cast<int>(*size),
        dictionary.data(), static_cast<int>(dictionary.size()));
    return got == static_cast<int>(*size);
}

}  // namespace ccproxy::journal
