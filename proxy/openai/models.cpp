#include "proxy/openai/models.hpp"

#include "common/time_text.hpp"
#include "proxy/json/tree.hpp"

namespace ccproxy::openai {
namespace {

void write_model(std::string_view id, const JsonValue& model, JsonWriter& out) {
    out.StartObject();
    write_member(out, "id", id);
    write_member(out, "object", "model");
    out.Key("created");
    out.Int64(parse_time(find_text(model, "created_at")).value_or(0) / 1000);
    write_member(out, "owned_by", "anthropic");
    out.EndObject();
}

}  // namespace

Result<std::string> translate_model_list(std::string_view json, const ModelMap& models) {
    const Result<rapidjson::Document> list = parse_bounded(json);
    const JsonValue* entries = list ? find(*list, "data") : nullptr;
    if (entries == nullptr || !entries->IsArray()) {
        return Error{"the upstream's answer is not a list of models"};
    }
    rapidjson::StringBuffer buffer;
    JsonWriter out(buffer);
    out.StartObject();
    write_member(out, "object", "list");
    out.Key("data");
    out.StartArray();
    for (const JsonValue& model : entries->GetArray()) {
        write_model(find_text(model, "id"), model, out);
    }
    for (const auto& [name, mapped] : models) {
        for (const JsonValue& model : entries->GetArray()) {
            if (find_text(model, "id") == mapped) write_model(name, model, out);
        }
    }
    out.EndArray();
    out.EndObject();
    return {boost::system::in_place_value, take_text(buffer)};
}

Result<std::string> translate_model(std::string_view json) {
    const Result<rapidjson::Document> model = parse_bounded(json);
    const std::string_view id = model ? find_text(*model, "id") : std::string_view();
    if (id.empty()) return Error{"the upstream's answer is not a model"};
    rapidjson::StringBuffer buffer;
    JsonWriter out(buffer);
    write_model(id, *model, out);
    return {boost::system::in_place_value, take_text(buffer)};
}

}  // namespace ccproxy::openai
