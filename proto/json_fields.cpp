#include "proto/json_fields.hpp"

namespace ccproxy {

Result<rapidjson::Document> parse_json(std::string_view bytes) {
    rapidjson::Document document;
    constexpr unsigned flags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
    document.Parse<flags>(bytes.data(), bytes.size());
    if (document.HasParseError()) {
        return Error{std::string("not JSON: ") +
                     rapidjson::GetParseError_En(document.GetParseError()) + " at byte " +
                     std::to_string(document.GetErrorOffset())};
    }
    return document;
}

}  // namespace ccproxy
