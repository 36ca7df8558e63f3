#include "proto/json_fields.hpp"

namespace ccproxy {
namespace {

template <class Document>
std::optional<Error> parse(std::string_view bytes, Document& document) {
    constexpr unsigned flags =
        rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
    document.template Parse<flags>(bytes.data(), bytes.size());
    if (!document.HasParseError()) return std::nullopt;
    return Error{std::string("not JSON: ") + rapidjson::GetParseError_En(document.GetParseError()) +
                 " at byte " + std::to_string(document.GetErrorOffset())};
}

}  // namespace

Result<rapidjson::Document> parse_json(std::string_view bytes) {
    rapidjson::Document document;
    if (std::optional<Error> error = parse(bytes, document)) return *std::move(error);
    return document;
}

ParsedJson::ParsedJson(std::string_view bytes) : error_(parse(bytes, document_)) {}

}  // namespace ccproxy
