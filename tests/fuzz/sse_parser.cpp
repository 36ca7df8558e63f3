// The parser of server-sent events gives the same events however its bytes were cut.
#include "proxy/tap/sse_parser.hpp"

#include <cstdint>
#include <string>

#include "tests/fuzz/pieces.hpp"

namespace {

std::string read(std::size_t max_event_bytes, const ccproxy::fuzz::Pieces& pieces) {
    ccproxy::tap::SseParser parser(max_event_bytes);
    std::string seen;
    for (const std::string_view piece : pieces) {
        parser.feed(piece, [&](const ccproxy::tap::SseEvent& event) {
            ccproxy::fuzz::check(event.name.find_first_of("\r\n") == std::string_view::npos,
                                 "a name is one line");
            ccproxy::fuzz::check(event.data.find('\r') == std::string_view::npos,
                                 "data holds no CR");
            seen.append(event.name).append("\n\n").append(event.data).append("\n\n\n");
        });
    }
    return seen + (parser.has_passed_over() ? "passed over" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // The small one so that a fuzzer reaches it.
    for (const std::size_t max_event_bytes :
         {std::size_t{40}, ccproxy::tap::SseParser::default_max_event_bytes}) {
        ccproxy::fuzz::expect_same_for_any_cut(
            {reinterpret_cast<const char*>(data), size},
            [&](const ccproxy::fuzz::Pieces& pieces) { return read(max_event_bytes, pieces); });
    }
    return 0;
}
