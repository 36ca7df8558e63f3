// A chat completion request becomes a request of the Messages API, or is refused with a reason.
#include <cstdint>
#include <string_view>

#include "proxy/openai/request.hpp"
#include "proxy/tap/request_facts.hpp"
#include "tests/fuzz/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using ccproxy::fuzz::check;
    const ccproxy::openai::Settings settings{{{"gpt-4o", "claude-sonnet-4"}}, 1000};
    const auto translated =
        ccproxy::openai::translate_request({reinterpret_cast<const char*>(data), size}, settings);
    if (!translated) {
        check(!translated.error().message.empty(), "a refusal has a reason");
        return 0;
    }
    ccproxy::tap::PromptSlices slices;
    const auto facts = ccproxy::tap::read_request_facts(translated->body, &slices);
    check(facts.has_value(), "what is sent is JSON");
    check(facts->model != "gpt-4o", "a mapped model is replaced");
    check(!slices.messages.empty(), "what is sent has messages");
    return 0;
}
