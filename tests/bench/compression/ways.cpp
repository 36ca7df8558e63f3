#include "tests/bench/compression/ways.hpp"

#include <zdict.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace ccproxy::bench {
namespace {

using Texts = std::vector<std::string>;

struct Codec {
    std::function<std::string(std::string_view)> encode;
    std::function<std::string(std::string_view body, std::size_t bytes)> decode;
};

/// Of processor time, so that other programs on the machine do not count.
double seconds_since(std::clock_t start) {
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

Codec deflate_codec(int level) {
    const auto encode = [level](std::string_view text) {
        z_stream stream{};
        deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
        std::string out(deflateBound(&stream, text.size()), '\0');
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
        stream.avail_in = static_cast<uInt>(text.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        deflate(&stream, Z_FINISH);
        out.resize(stream.total_out);
        deflateEnd(&stream);
        return out;
    };
    const auto decode = [](std::string_view body, std::size_t bytes) {
        z_stream stream{};
        inflateInit2(&stream, -15);
        std::string out(bytes, '\0');
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
        stream.avail_in = static_cast<uInt>(body.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        inflate(&stream, Z_FINISH);
        inflateEnd(&stream);
        return out;
    };
    return {encode, decode};
}

/// With a dictionary, unless it is empty.
Codec zstd_codec(int level, const std::string& dictionary = "") {
    const std::shared_ptr<ZSTD_CCtx> writer(ZSTD_createCCtx(), ZSTD_freeCCtx);
    const std::shared_ptr<ZSTD_DCtx> reader(ZSTD_createDCtx(), ZSTD_freeDCtx);
    ZSTD_CCtx_setParameter(writer.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_loadDictionary(writer.get(), dictionary.data(), dictionary.size());
    ZSTD_DCtx_loadDictionary(reader.get(), dictionary.data(), dictionary.size());
    const auto encode = [writer](std::string_view text) {
        std::string out(ZSTD_compressBound(text.size()), '\0');
        out.resize(ZSTD_compress2(writer.get(), out.data(), out.size(), text.data(), text.size()));
        return out;
    };
    const auto decode = [reader](std::string_view body, std::size_t bytes) {
        std::string out(bytes, '\0');
        ZSTD_decompressDCtx(reader.get(), out.data(), out.size(), body.data(), body.size());
        return out;
    };
    return {encode, decode};
}

class Comparison {
  public:
    explicit Comparison(std::size_t turns) : turns_(turns) {
        std::printf("%-44s %7s %7s %9s %9s %8s\n", "", "B/turn", "ratio", "MB/s in", "MB/s out",
                    "ms/read");
    }

    void show(const std::string& name, const Texts& texts, const Codec& codec) {
        const std::clock_t start = std::clock();
        Texts bodies;
        std::size_t bytes = 0, raw = 0;
        for (const std::string& text : texts) {
            bodies.push_back(codec.encode(text));
            bytes += bodies.back().size();
            raw += text.size();
        }
        const double writing = seconds_since(start);
        const std::clock_t turn = std::clock();
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (codec.decode(bodies[i], texts[i].size()) != texts[i]) {
                throw std::runtime_error(name + " gives something else back");
            }
        }
        const double reading = seconds_since(turn);
        const auto size = static_cast<double>(raw);
        std::printf("%-44s %7.0f %7.2f %9.1f %9.0f %8.3f\n", name.c_str(),
                    static_cast<double>(bytes) / static_cast<double>(turns_),
                    size / static_cast<double>(bytes), size / 1e6 / writing, size / 1e6 / reading,
                    reading * 1e3 / static_cast<double>(texts.size()));
        std::fflush(stdout);
    }

  private:
    std::size_t turns_;
};

/// Joins messages until they would be more than `bytes`.
Texts packs_of(const Texts& messages, std::size_t bytes) {
    Texts packs(1);
    for (const std::string& message : messages) {
        if (!packs.back().empty() && packs.back().size() + message.size() > bytes) {
            packs.emplace_back();
        }
        packs.back() += message;
    }
    return packs;
}

/// What a dictionary is trained with is another half of the sessions than what it is used on.
std::string train(const Messages& sessions, std::size_t bytes) {
    std::string samples;
    std::vector<std::size_t> sizes;
    for (std::size_t i = 0; i < sessions.size() / 2; ++i) {
        for (const std::string& message : sessions[i]) {
            samples += message;
            sizes.push_back(message.size());
        }
    }
    std::string dictionary(bytes, '\0');
    const std::size_t size =
        ZDICT_trainFromBuffer(dictionary.data(), dictionary.size(), samples.data(), sizes.data(),
                              static_cast<unsigned>(sizes.size()));
    if (ZDICT_isError(size) != 0) throw std::runtime_error(ZDICT_getErrorName(size));
    dictionary.resize(size);
    return dictionary;
}

/// One after the other.
Texts by_session(const Messages& sessions) {
    Texts messages;
    for (const Texts& session : sessions) {
        messages.insert(messages.end(), session.begin(), session.end());
    }
    return messages;
}

/// As they come when `users` sessions run at the same time.
Texts by_arrival(const Messages& sessions, std::size_t users) {
    Texts messages;
    for (std::size_t first = 0; first < sessions.size(); first += users) {
        const std::size_t end = std::min(sessions.size(), first + users);
        bool more = true;
        for (std::size_t place = 0; more; ++place) {
            more = false;
            for (std::size_t i = first; i < end; ++i) {
                if (place >= sessions[i].size()) continue;
                messages.push_back(sessions[i][place]);
                more = true;
            }
        }
    }
    return messages;
}

}  // namespace

void compare_ways(const Messages& sessions, unsigned users, std::size_t turns) {
    constexpr std::size_t kib = 1024;
    const Messages later(sessions.begin() + static_cast<std::ptrdiff_t>(sessions.size() / 2),
                         sessions.end());
    const std::string small = train(sessions, 110 * kib);
    const std::string large = train(sessions, 1024 * kib);
    const std::size_t later_turns = turns * later.size() / sessions.size();
    const Texts each = by_session(later);

    std::printf("each message for itself (the second half of the sessions)\n");
    Comparison single(later_turns);
    single.show("deflate 6, as at ingest", each, deflate_codec(6));
    single.show("deflate 9", each, deflate_codec(9));
    single.show("zstd 19", each, zstd_codec(19));
    single.show("zstd 19, dictionary of 110 KiB", each, zstd_codec(19, small));
    single.show("zstd 19, dictionary of 1 MiB", each, zstd_codec(19, large));

    std::printf("\npacks of messages that came one after the other (the same half)\n");
    Comparison arrived(later_turns);
    for (const std::size_t size : {256, 1024}) {
        arrived.show("zstd 9, packs of " + std::to_string(size) + " KiB",
                     packs_of(by_arrival(later, users), size * kib), zstd_codec(9));
    }

    std::printf("\npacks of messages of a session (the same half)\n");
    Comparison packed(later_turns);
    for (const std::size_t size : {64, 128, 256, 512, 1024, 4096}) {
        packed.show("zstd 9, packs of " + std::to_string(size) + " KiB", packs_of(each, size * kib),
                    zstd_codec(9));
    }
    const Texts packs = packs_of(each, 256 * kib);
    packed.show("deflate 9, packs of 256 KiB", packs, deflate_codec(9));
    for (const int level : {3, 12, 19}) {
        packed.show("zstd " + std::to_string(level) + ", packs of 256 KiB", packs,
                    zstd_codec(level));
    }
    packed.show("zstd 9, packs of 256 KiB, dictionary", packs, zstd_codec(9, small));
}

}  // namespace ccproxy::bench
