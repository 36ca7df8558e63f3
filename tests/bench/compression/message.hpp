// Writes messages of the Messages API.
#pragma once

#include <string>
#include <vector>

#include "common/json.hpp"

namespace ccproxy::bench {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

/// A message of blocks.
class Message {
  public:
    explicit Message(const char* role) {
        json_.StartObject();
        field("role", role);
        json_.Key("content");
        json_.StartArray();
    }
    void field(const char* name, const std::string& value) {
        json_.Key(name);
        json_.String(value);
    }
    void text(const std::string& words) {
        open("text");
        field("text", words);
        json_.EndObject();
    }
    void thinking(const std::string& words, const std::string& signature) {
        open("thinking");
        field("thinking", words);
        field("signature", signature);
        json_.EndObject();
    }
    /// Names and values of the input in turn.
    void tool_use(const std::string& id, const std::string& name,
                  const std::vector<std::string>& input) {
        open("tool_use");
        field("id", id);
        field("name", name);
        json_.Key("input");
        json_.StartObject();
        for (std::size_t i = 0; i + 1 < input.size(); i += 2) field(input[i].c_str(), input[i + 1]);
        json_.EndObject();
        json_.EndObject();
    }
    void tool_result(const std::string& id, const std::string& content) {
        open("tool_result");
        field("tool_use_id", id);
        field("content", content);
        json_.EndObject();
    }
    std::string take() {
        json_.EndArray();
        json_.EndObject();
        return {buffer_.GetString(), buffer_.GetSize()};
    }

  private:
    void open(const char* type) {
        json_.StartObject();
        field("type", type);
    }

    rapidjson::StringBuffer buffer_;
    JsonWriter json_{buffer_};
};

}  // namespace ccproxy::bench
