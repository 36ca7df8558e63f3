// What comes over the bus: read, written and read again it stays the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/control.hpp"
#include "proto/conversation_codec.hpp"
#include "proto/event_codec.hpp"
#include "tests/fuzz/check.hpp"

namespace {

using ccproxy::fuzz::check;

void read_event(std::string_view bytes) {
    const auto parts = ccproxy::split_event(bytes);
    const auto event = ccproxy::decode_event(parts ? parts->fields : bytes);
    if (!event) return;
    std::string written;
    ccproxy::encode_event(*event, written);
    const auto again = ccproxy::decode_event(written);
    check(again.has_value(), "an event that was read can be written");
    std::string rewritten;
    ccproxy::encode_event(*again, rewritten);
    check(written == rewritten, "an event stays the same");
}

void read_control(std::string_view bytes) {
    const auto message = ccproxy::decode_control(bytes);
    if (!message) return;
    const std::string written = ccproxy::encode_control(*message);
    const auto again = ccproxy::decode_control(written);
    check(again.has_value(), "a control message that was read can be written");
    check(ccproxy::encode_control(*again) == written, "a control message stays the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    read_event(bytes);
    read_control(bytes);
    if (const auto registry = ccproxy::decode_registry(bytes)) {
        check(ccproxy::decode_registry(ccproxy::encode_registry(*registry)).has_value(),
              "a registry that was read can be written");
    }
    if (const auto envelope = ccproxy::decode_envelope(bytes)) {
        check(ccproxy::decode_envelope(ccproxy::encode_envelope(*envelope)).has_value(),
              "an envelope that was read can be written");
    }
    return 0;
}
