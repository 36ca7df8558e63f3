// Events as they stand in the journal: packed, since what is written to a disk slows down all that
// runs beside it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ccproxy::journal {

/// A larger one is not worth packing: it holds a conversation, and a seventh of the time that its
/// request takes would go into that.
inline constexpr std::size_t max_packed_event_bytes = 4 * 1024;
/// What a packed event may have been, whoever packed it.
inline constexpr std::size_t max_unpacked_event_bytes = 64 * 1024;

/// Packs events one by one, each so that it can be read without the others. The payload of a packed
/// event is a byte 1, the event's length in 4 bytes (little-endian), and a block of LZ4
/// (github.com/lz4/lz4, doc/lz4_Block_format.md) that goes on from dictionary_1(). JSON never
/// begins with that byte, so a payload that begins with another one is the event itself. For one
/// thread.
class Packer {
  public:
    Packer();
    ~Packer();
    Packer(Packer&&) noexcept;
    Packer& operator=(Packer&&) noexcept;

    /// Appends the payload of this event: the event itself where it is too large, or where packing
    /// it gains nothing.
    void append(std::string_view event, std::string& out);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Size of the event in a payload; nullopt when it claims one that no event has.
std::optional<std::size_t> unpacked_bytes(std::string_view payload);

/// Writes the event in a payload to `out`, where there is room for unpacked_bytes(). False when the
/// payload is none that a Packer makes.
bool unpack(std::string_view payload, char* out);

}  // namespace ccproxy::journal
