// Events as bytes: the JSON text that stands in the journal and travels on the bus
// (EVENT_FORMAT.md).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.hpp"
#include "proto/event.hpp"

namespace ccproxy {

/// Versions that encode_event writes, the second where a conversation continues an earlier one. A
/// decoder takes these only; fields it does not know it ignores.
inline constexpr int event_version = 1;
inline constexpr int continuing_event_version = 2;
/// An event of the largest size that is sent or taken.
inline constexpr std::size_t max_event_bytes = 64 * 1024 * 1024;

/// Appends the event to `out`. Texts are cut to their limits and made valid UTF-8 on the way.
void encode_event(const Event& event, std::string& out);

/// An event in three pieces that follow one another, so that what was said need not be copied: it
/// is looked at where it stands.
struct EventPieces {
    std::string head;
    std::string_view prompt;
    std::string tail;

    [[nodiscard]] std::array<std::string_view, 3> views() const { return {head, prompt, tail}; }
    [[nodiscard]] std::size_t bytes() const { return head.size() + prompt.size() + tail.size(); }
};

/// The event with this for its conversation; what `event.conversation` holds is not looked at.
/// `conversation` outlives the result.
EventPieces encode_event(const Event& event, const ConversationText& conversation);

/// Fails with the first field that is missing, of a wrong type or out of range.
Result<Event> decode_event(std::string_view bytes);

/// First frame of a bus message; the second one is the event. Apart, so that an event that cannot
/// be decoded still has a place in its proxy's sequence.
struct Envelope {
    std::string proxy_id;
    std::uint64_t seq = 0;  ///< From 1, without gaps.
};

std::string encode_envelope(const Envelope& envelope);
Result<Envelope> decode_envelope(std::string_view bytes);

}  // namespace ccproxy
