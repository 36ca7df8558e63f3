#include "proxy/web/request.hpp"

#include "common/utf8.hpp"
#include "proxy/json/tree.hpp"
#include "proxy/tap/token_estimate.hpp"
#include "proxy/web/parameters.hpp"
#include "proxy/web/prompt.hpp"

namespace ccproxy::web {
namespace {

Problem read_stop_sequences(const JsonValue& request, std::vector<std::string>& sequences) {
    const JsonValue* list = find(request, "stop_sequences");
    if (list == nullptr) return std::nullopt;
    if (!list->IsArray() || list->Size() > max_stop_sequences) {
        return invalid("stop_sequences",
                       "must be an array of at most " + std::to_string(max_stop_sequences));
    }
    for (rapidjson::SizeType i = 0; i < list->Size(); ++i) {
        const JsonValue& sequence = (*list)[i];
        const std::size_t bytes = sequence.IsString() ? sequence.GetStringLength() : 0;
        if (bytes == 0 || bytes > max_stop_sequence_bytes) {
            return invalid(
                "stop_sequences[" + std::to_string(i) + "]",
                "must be a string of 1 to " + std::to_string(max_stop_sequence_bytes) + " bytes");
        }
        sequences.emplace_back(text_of(sequence));
    }
    return std::nullopt;
}

Problem read_request(const JsonValue& request, Request& made, std::string& prompt) {
    if (Problem problem = check_parameters(request)) return problem;
    if (find_text(request, "model").empty()) {
        return invalid("model", "is required and must be a string");
    }
    const JsonValue* stream = find(request, "stream");
    if (stream != nullptr && !stream->IsBool()) return invalid("stream", "must be true or false");
    if (Problem problem = read_stop_sequences(request, made.stop_sequences)) return problem;
    return write_prompt(request, prompt);
}

std::string completion_body(std::string_view prompt, std::string_view model) {
    rapidjson::StringBuffer buffer;
    JsonWriter out(buffer);
    const auto empty_list = [&](const char* name) {
        out.Key(name);
        out.StartArray();
        out.EndArray();
    };
    out.StartObject();
    write_member(out, "prompt", prompt);
    write_member(out, "model", model);
    write_member(out, "timezone", "UTC");
    empty_list("attachments");
    empty_list("files");
    write_member(out, "rendering_mode", "raw");
    out.EndObject();
    return take_text(buffer);
}

}  // namespace

boost::system::result<Request, Invalid> translate_request(std::string_view body) {
    const Result<rapidjson::Document> parsed = parse_bounded(body);
    if (!parsed) return Invalid{"", "the body: " + parsed.error().message};
    if (!parsed->IsObject()) return Invalid{"", "the body is not a JSON object"};
    Request made;
    std::string prompt;
    if (Problem problem = read_request(*parsed, made, prompt)) return *std::move(problem);
    made.prompt_tokens = tap::estimated_tokens(tap::count_chars(prompt));
    made.body = completion_body(prompt, find_text(*parsed, "model"));
    // An escape can stand for half a character, which no UTF-8 text holds.
    if (!is_utf8(made.body)) return Invalid{"", "the body holds an unpaired surrogate"};
    return made;
}

}  // namespace ccproxy::web
