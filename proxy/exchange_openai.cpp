// What a request in OpenAI's format takes beside the usual steps: before them it becomes a request
// of the Messages API, and is one from then on; its answer is translated where it is relayed.
#include "proxy/exchange.hpp"
#include "proxy/openai/request.hpp"
#include "proxy/tap/request_facts.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {

Exchange::Refused Exchange::translate_request() {
    if (openai_->kind == openai::Call::Kind::completion) {
        if (Refused refused = translate_completion()) return refused;
    }
    target_ = openai::upstream_target(*openai_, target_, worker_.shared.config.openai.models);
    head_.fields = openai::upstream_fields(head_.fields);
    return std::nullopt;
}

Exchange::Refused Exchange::translate_completion() {
    std::string inflated;
    std::string_view text;
    if (Refused refused = inflate_body(inflated, text)) return refused;
    const openai::Settings& settings = worker_.shared.config.openai;
    auto translated = openai::translate_request(text, settings);
    if (!translated) {
        // What can be known of it goes into its row nevertheless.
        if (const Result<tap::RequestFacts> facts = tap::read_request_facts(text)) {
            model_ = openai::mapped_model(settings.models, facts->model);
            stream_ = facts->stream;
        }
        Refused refused = refusal(400, translated.error().message);
        refused->param = translated.error().param;
        return refused;
    }
    openai_->include_usage = translated->include_usage;
    replace_body(std::move(translated->body));
    return std::nullopt;
}

void Exchange::replace_body(std::string body) {
    body_ = std::move(body);
    worker_.shared.buffered_bytes += body_.size();
    worker_.shared.buffered_bytes -= buffered_bytes_;
    buffered_bytes_ = body_.size();
}

}  // namespace ccproxy
