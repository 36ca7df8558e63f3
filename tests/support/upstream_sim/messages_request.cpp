// A SAX reader for the Messages request.
#include "tests/support/upstream_sim/messages_request.hpp"

#include <cstddef>
#include <vector>

#include "tests/support/upstream_sim/json.hpp"

namespace upstream_sim {
namespace {

// Deeper bodies are refused, so that a flood of brackets cannot eat the memory.
constexpr std::size_t kDepthLimit = 512;

/// Follows the path of each value, such as `/messages/[]/content/[]/text`.
class Handler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
  public:
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        path_.resize(bases_.back());
        path_ += '/';
        path_.append(text, size);
        return true;
    }
    bool StartObject() { return start(false); }
    bool StartArray() { return start(true); }
    bool EndObject(rapidjson::SizeType) { return end(); }
    bool EndArray(rapidjson::SizeType) { return end(); }
    bool Bool(bool value) {
        if (value && path_ == "/stream") request.stream = true;
        return true;
    }
    bool Int(int value) { return number(value > 0); }
    bool Uint(unsigned value) { return number(value > 0); }
    bool Int64(std::int64_t value) { return number(value > 0); }
    bool Uint64(std::uint64_t) { return number(true); }
    bool Double(double) { return true; }
    bool String(const char* text, rapidjson::SizeType size, bool);

    MessagesRequest request;
    std::string chosen_tool;
    bool is_object = false;
    bool has_max_tokens = false;
    bool has_messages = false;
    std::size_t message_count = 0;

  private:
    bool number(bool positive) {
        if (path_ == "/max_tokens") has_max_tokens = positive;
        return true;
    }
    bool start(bool array);
    bool end() {
        bases_.pop_back();
        // Back to the path of the container itself, then to its parent's.
        path_.resize(bases_.empty() ? 0 : starts_.back());
        starts_.pop_back();
        return true;
    }

    std::string path_;
    std::vector<std::size_t> bases_;   ///< size of path_ inside each open container
    std::vector<std::size_t> starts_;  ///< size of path_ at each open container
};

bool Handler::start(bool array) {
    if (bases_.size() >= kDepthLimit) return false;
    if (bases_.empty()) is_object = !array;
    if (array && path_ == "/messages") has_messages = true;
    if (!array && path_ == "/messages/[]") {
        ++message_count;
        request.last_text.clear();
        request.has_tool_result = false;
    }
    starts_.push_back(path_.size());
    if (array) path_ += "/[]";
    bases_.push_back(path_.size());
    return true;
}

bool Handler::String(const char* text, rapidjson::SizeType size, bool) {
    const std::string_view value(text, size);
    if (path_ == "/model") {
        request.model = value;
    } else if (path_ == "/prompt") {
        request.last_text = value;
    } else if (path_ == "/messages/[]/content" || path_ == "/messages/[]/content/[]/text") {
        request.last_text = value;
    } else if (path_ == "/messages/[]/content/[]/type") {
        request.has_tool_result = request.has_tool_result || value == "tool_result";
    } else if (path_ == "/tools/[]/name") {
        if (request.tool_name.empty()) request.tool_name = value;
    } else if (path_ == "/tool_choice/name") {
        chosen_tool = value;
    } else if (path_ == "/tool_choice/type") {
        request.tool_forced = value == "any" || value == "tool";
    } else if (path_ == "/thinking/type") {
        request.thinking = value == "enabled";
    }
    return true;
}

std::string web_problem_of(const Handler& handler) {
    if (!handler.is_object) return "The request body is not a JSON object";
    if (handler.request.model.empty()) return "model: Field required";
    if (handler.request.last_text.empty()) return "prompt: Field required";
    return {};
}

std::string problem_of(const Handler& handler, bool counting) {
    if (!handler.is_object) return "The request body is not a JSON object";
    if (handler.request.model.empty()) return "model: Field required";
    if (!handler.has_messages) return "messages: Field required";
    if (handler.message_count == 0) return "messages: at least one message is required";
    if (!handler.has_max_tokens && !counting) return "max_tokens: Field required";
    return {};
}

template <class Check>
MessagesRequest read(std::string_view body, const Check& check) {
    constexpr unsigned kFlags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
    rapidjson::MemoryStream stream(body.data(), body.size());
    rapidjson::Reader reader;
    Handler handler;
    const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, handler);
    if (result.IsError()) {
        handler.request.problem = "The request body is not valid JSON: ";
        handler.request.problem += rapidjson::GetParseError_En(result.Code());
        handler.request.problem += " (at byte " + std::to_string(result.Offset()) + ")";
    } else {
        handler.request.problem = check(handler);
        if (!handler.chosen_tool.empty()) handler.request.tool_name = handler.chosen_tool;
    }
    return handler.request;
}

}  // namespace

MessagesRequest read_messages_request(std::string_view body, bool counting) {
    return read(body, [&](const Handler& handler) { return problem_of(handler, counting); });
}

MessagesRequest read_web_request(std::string_view body) {
    MessagesRequest request = read(body, web_problem_of);
    request.stream = true;
    return request;
}

}  // namespace upstream_sim
