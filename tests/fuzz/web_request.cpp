// A Messages request becomes what a chat backend is asked, or is refused with a reason.
#include <cstdint>
#include <string_view>

#include "proxy/json/tree.hpp"
#include "proxy/web/request.hpp"
#include "tests/fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using ccproxy::fuzz::check;
    const auto translated =
        ccproxy::web::translate_request({reinterpret_cast<const char*>(data), size});
    if (!translated) {
        const ccproxy::Invalid& invalid = translated.error();
        check(!invalid.message.empty(), "a refusal has a reason");
        check(invalid.message.starts_with(invalid.param), "a refusal begins with the parameter");
        return 0;
    }
    const auto sent = ccproxy::parse_bounded(translated->body);
    check(sent.has_value(), "what is sent is JSON");
    check(!ccproxy::find_text(*sent, "prompt").empty(), "a prompt is sent");
    check(!ccproxy::find_text(*sent, "model").empty(), "a model is named");
    check(translated->prompt_tokens > 0, "a prompt has tokens");
    for (const std::string& sequence : translated->stop_sequences) {
        check(!sequence.empty(), "a stop sequence says something");
    }
    return 0;
}
