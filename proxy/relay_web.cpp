// The translation of a web account's answer, before it is metered or translated any further.
#include "proxy/relay.hpp"
#include "proxy/web_state.hpp"

namespace ccproxy {

void Relay::start_web() {
    // An error has been put in place in the shape that clients know.
    web_ = exchange_.web_->answer.get();
    if (web_ == nullptr) return;
    // The length is another one than the upstream's.
    out_ = exchange_.head_.minor_version == 0 ? Out::until_close : Out::chunked;
    if (out_ == Out::until_close) keep_alive_ = false;
}

bool Relay::translate_web(std::string_view& payload, bool& end) {
    web_text_.clear();
    web_->feed(payload, end, web_text_);
    if (const std::optional<web::Failure>& failed = web_->failure()) {
        failure_status_ = failed->status;
        failure_ = failed->message;
        return false;
    }
    if (web_->needs_no_more()) end = true;
    payload = web_text_;
    // Without another translation this is what the client gets.
    if (!translator_) translated_ = web_text_;
    return true;
}

}  // namespace ccproxy
