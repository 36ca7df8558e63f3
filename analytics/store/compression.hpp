// Compressing conversations that are old: their messages are put together into packs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ccproxy::analytics {

/// Messages that are ready to be kept as one. Made by next_pack(), for write_pack().
struct MessagePack {
    struct Part {
        std::int64_t message = 0;
        std::int64_t place = 0;  ///< In bytes, within what the messages hold together.
    };
    std::vector<Part> parts;  ///< Empty when only conversations are to be marked.
    std::int64_t bytes = 0;   ///< Of what the messages hold together.
    std::string body;         ///< The same, compressed.

    /// With this pack all their messages are in packs, but those that are damaged.
    std::vector<std::int64_t> conversations;
    std::int64_t stored_bytes = 0;      ///< What the bodies of the messages take so far.
    std::vector<std::int64_t> damaged;  ///< Messages that were met and stay as they are.
};

/// Part of StoreReader.
class CompressionReader {
  public:
    virtual ~CompressionReader() = default;

    /// Compresses the next messages of conversations that were created before `before_ms` (Unix
    /// time), those of a session together; nothing when all are compressed. Takes some ten
    /// milliseconds of processor time, most of it with no read open, and some MB of memory.
    virtual std::optional<MessagePack> next_pack(std::int64_t before_ms) = 0;
};

/// Part of StoreWriter.
class CompressionWriter {
  public:
    virtual ~CompressionWriter() = default;

    /// Puts the pack in the place of its messages and marks the conversations as compressed, in one
    /// transaction. False, and nothing changed, when one of the messages is gone or is in a pack
    /// already.
    virtual bool write_pack(const MessagePack& pack) = 0;
};

}  // namespace ccproxy::analytics
