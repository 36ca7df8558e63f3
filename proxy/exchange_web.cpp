// What a request in web mode takes beside the usual steps: before an account is chosen it becomes
// one prompt; each try makes a conversation of its own (web_try.cpp); the answer is translated
// where it is relayed (relay_web.cpp); and in the end the conversations are deleted.
#include <spdlog/spdlog.h>

#include "proxy/exchange.hpp"
#include "proxy/web/calls.hpp"
#include "proxy/web_deletions.hpp"
#include "proxy/web_state.hpp"
#include "proxy/web_try.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {
namespace {

/// A parameter of a Messages request by the name that it had in OpenAI's format.
std::string openai_name(const std::string& param) {
    if (param.starts_with("stop_sequences")) return "stop";
    if (param == "output_config") return "response_format";
    // System messages stand apart by now, so that the others have other numbers.
    if (param.starts_with("messages[") || param.starts_with("system")) return "messages";
    return param;
}

}  // namespace

Exchange::Refused Exchange::translate_for_web() {
    std::string inflated;
    std::string_view text;
    if (Refused refused = inflate_body(inflated, text)) return refused;
    auto translated = web::translate_request(text);
    if (!translated) {
        const Invalid& invalid = translated.error();
        Refused refused = refusal(400, invalid.message);
        refused->param = invalid.param;
        if (openai_) {
            refused->param = openai_name(invalid.param);
            refused->message = refused->param + invalid.message.substr(invalid.param.size());
        }
        return refused;
    }
    web_ = std::make_unique<WebState>();
    web_->request = std::move(*translated);
    replace_body(std::move(web_->request.body));
    return std::nullopt;
}

net::Task<Exchange::Refused> Exchange::try_web() {
    WebTry attempt(*this);
    Refused refused = co_await attempt.run();
    co_return refused;
}

void WebState::complete(Event& event) const {
    if (event.conversation_id.empty() && !conversations.empty()) {
        event.conversation_id = conversations.back().uuid;
    }
    if (!answer) return;
    event.usage = answer->usage();
    event.usage_source = UsageSource::estimated;
}

void Exchange::leave_no_conversations() {
    try {
        for (const WebState::Conversation& made : web_->conversations) {
            if (!made.account->web.delete_conversations) continue;
            worker_.web_deletions().start(accounts_, *made.account,
                                          web::conversation_path(made.organization, made.uuid));
        }
    } catch (const std::exception& error) {
        spdlog::error("request {}: its conversation stays: {}", id_, error.what());
    }
}

}  // namespace ccproxy
