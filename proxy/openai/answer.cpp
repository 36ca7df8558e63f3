#include "proxy/openai/answer.hpp"

#include "proxy/openai/error.hpp"
#include "proxy/openai/models.hpp"
#include "proxy/openai/response.hpp"

namespace ccproxy::openai {
namespace {

constexpr std::size_t max_inflated_bytes = 256 * 1024 * 1024;

bool is_event_stream(std::string_view content_type) {
    static constexpr std::string_view type = "text/event-stream";
    return http1::equals_ignoring_case(content_type.substr(0, type.size()), type);
}

}  // namespace

AnswerTranslator::AnswerTranslator(const Call& call, const http1::ResponseHead& response,
                                   const ModelMap& models, std::int64_t created_s)
    : call_(call), status_(response.status), models_(models), created_s_(created_s) {
    const std::string_view coding = response.fields.get("content-encoding");
    if (http1::equals_ignoring_case(coding, "gzip")) {
        inflater_ = std::make_unique<tap::Inflater>(max_inflated_bytes);
    } else if (!coding.empty() && !http1::equals_ignoring_case(coding, "identity")) {
        readable_ = false;
    }
    if (call.kind == Call::Kind::completion && status_ < 300 &&
        is_event_stream(response.fields.get("content-type"))) {
        stream_.emplace(call.include_usage, created_s);
    }
}

http1::Fields AnswerTranslator::fields(const http1::Fields& answered,
                                       std::string_view request_id) const {
    http1::Fields fields;
    for (const auto& [name, value] : answered) {
        const bool replaced =
            name == "content-type" || name == "content-encoding" || name == "x-request-id";
        if (!replaced) fields.add(name, value);
    }
    fields.add("content-type", streams() ? "text/event-stream; charset=utf-8" : "application/json");
    fields.add("x-request-id", request_id);
    return fields;
}

Result<void> AnswerTranslator::feed(std::string_view bytes, bool end, std::string& out) {
    if (readable_ && inflater_) {
        bool fits = true;
        readable_ = inflater_->feed(
            bytes, [&](std::string_view text) { fits = fits && take_text(text, out); });
        readable_ = readable_ && fits;
    } else if (readable_) {
        readable_ = take_text(bytes, out);
    }
    if (!readable_) {
        return Error{"the upstream's answer is too large, or in a coding that cannot be read"};
    }
    if (!end) return {};
    if (stream_) {
        stream_->finish(out);
        return {};
    }
    const Result<std::string> translated = translate_whole();
    if (!translated) return translated.error();
    out.append(*translated);
    return {};
}

bool AnswerTranslator::take_text(std::string_view text, std::string& out) {
    if (stream_) {
        stream_->feed(text, out);
        return true;
    }
    if (whole_.size() + text.size() > max_answer_bytes) return false;
    whole_.append(text);
    return true;
}

Result<std::string> AnswerTranslator::translate_whole() const {
    if (status_ >= 400) {
        return {boost::system::in_place_value, translate_error(status_, whole_)};
    }
    // None of the calls has such an answer, and some of them may not have a body.
    if (status_ >= 300) return Error{"the upstream answered " + std::to_string(status_)};
    switch (call_.kind) {
        case Call::Kind::completion:
            return translate_message(whole_, created_s_);
        case Call::Kind::model_list:
            return translate_model_list(whole_, models_);
        case Call::Kind::model:
            return translate_model(whole_);
    }
    return Error{"unknown call"};
}

}  // namespace ccproxy::openai
