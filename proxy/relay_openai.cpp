// The translation of an answer for a client that speaks OpenAI's format.
#include <spdlog/spdlog.h>

#include <charconv>

#include "proxy/relay.hpp"

namespace ccproxy {

void Relay::start_translation() {
    const openai::ModelMap& models = exchange_.worker_.shared.config.openai.models;
    translator_ = std::make_unique<openai::AnswerTranslator>(
        *exchange_.openai_, exchange_.response_, models, exchange_.request_at_ms_ / 1000);
    exchange_.response_.fields = translator_->fields(exchange_.response_.fields, exchange_.id_);
    // The length is another one than the upstream's.
    out_ = exchange_.head_.minor_version == 0 ? Out::until_close : Out::chunked;
    if (out_ == Out::until_close) keep_alive_ = false;
}

bool Relay::translate(std::string_view payload, bool end) {
    translated_.clear();
    const Result<void> fed = translator_->feed(payload, end, translated_);
    if (!fed) failure_ = fed.error().message;
    return fed.has_value();
}

std::string_view Relay::frame_translated(bool end) {
    if (out_ != Out::chunked) return translated_;
    if (!translated_.empty()) {
        char digits[16];
        const auto [digits_end, error] =
            std::to_chars(digits, digits + sizeof digits, translated_.size(), 16);
        (void)error;  // 16 digits hold any size.
        translated_.insert(0, "\r\n").insert(0, digits,
                                             static_cast<std::size_t>(digits_end - digits));
        translated_.append("\r\n");
    }
    if (end) translated_.append("0\r\n\r\n");
    return translated_;
}

net::Task<AfterExchange> Relay::refuse_instead() {
    // Nothing has been sent yet: the client can be told what went wrong.
    std::optional<http1::Refusal> refused =
        exchange_.interrupted("the upstream was silent for too long");
    if (!refused) refused = refusal(failure_status_, failure_);
    if (refused->status != status_client_gone) {
        spdlog::warn("account {}: {}", exchange_.account_->id, refused->message);
    }
    // Closing it also tells the upstream to stop.
    exchange_.upstream_ = nullptr;
    const AfterExchange after = co_await exchange_.refuse(std::move(*refused));
    co_return after;
}

}  // namespace ccproxy
