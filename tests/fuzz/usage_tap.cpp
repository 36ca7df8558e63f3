// The tap of an answer reports the same usage, and puts the same message together, however the
// answer's bytes were cut. The first byte of a text chooses what the answer says of itself.
#include "proxy/tap/usage_tap.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/pieces.hpp"
#include "tests/unit/proxy/tap/gzip.hpp"

namespace {

using ccproxy::fuzz::check;
using ccproxy::tap::Completion;
using ccproxy::tap::TapReport;
using ccproxy::tap::UsageTap;

struct Kind {
    char letter;
    std::string_view content_type;
    std::string_view content_encoding;
    bool compress;  ///< The text is compressed here; else it stands for itself.
};

constexpr std::array<Kind, 5> kinds{{{'s', "text/event-stream; charset=utf-8", "", false},
                                     {'j', "application/json", "identity", false},
                                     {'g', "text/event-stream", "gzip", true},
                                     {'z', "text/event-stream", "gzip", false},
                                     {'n', "", "", false}}};

/// Small, so that a fuzzer reaches it.
constexpr std::size_t max_completion_bytes = 2048;

void add(const TapReport& report, std::string& seen) {
    const auto& usage = report.usage;
    for (const std::int64_t count :
         {usage.input_tokens, usage.cache_creation_5m_tokens, usage.cache_creation_1h_tokens,
          usage.cache_read_tokens, usage.output_tokens}) {
        check(count >= 0, "a count is not negative");
        seen.append(std::to_string(count)).append(" ");
    }
    seen.append(to_string(report.usage_source)).append("\n");
    seen.append(report.stop_reason).append("\n").append(report.error).append("\n");
}

std::string read(const Kind& kind, const ccproxy::fuzz::Pieces& pieces) {
    Completion completion(max_completion_bytes);
    UsageTap tap(kind.content_type, kind.content_encoding);
    tap.capture(completion);
    for (const std::string_view piece : pieces) tap.feed(piece);
    std::string seen;
    add(tap.report(), seen);
    tap.finish();
    add(tap.report(), seen);
    seen.append(tap.content_started() ? "started " : "").append(tap.stream_ended() ? "ended" : "");
    seen.append(completion.truncated() ? " truncated\n" : "\n").append(completion.json());
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const Kind& kind : kinds) {
        if (text.empty() || text.front() != kind.letter) continue;
        const std::string body(text.substr(1));
        const std::string sent = kind.compress ? ccproxy::tap::gzip(body) : body;
        ccproxy::fuzz::expect_same_for_any_cut(
            sent, [&](const ccproxy::fuzz::Pieces& pieces) { return read(kind, pieces); });
    }
    return 0;
}
