#include "proto/attempts.hpp"

#include <algorithm>

#include "common/utf8.hpp"
#include "proto/json_fields.hpp"

namespace ccproxy {

std::string attempts_to_json(const std::vector<Attempt>& attempts) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.StartArray();
    const std::size_t listed = std::min(attempts.size(), max_listed_attempts);
    for (std::size_t i = 0; i < listed; ++i) {
        const Attempt& attempt = attempts[i];
        writer.StartObject();
        writer.Key("account_id");
        writer.String(clean_utf8(attempt.account_id, max_event_name_bytes));
        writer.Key("status");
        attempt.status == 0 ? writer.Null() : writer.Int(attempt.status);
        writer.Key("error");
        attempt.error.empty() ? writer.Null()
                              : writer.String(clean_utf8(attempt.error, max_attempt_error_bytes));
        writer.Key("duration_ms");
        writer.Int64(attempt.duration_ms);
        writer.EndObject();
    }
    writer.EndArray();
    return {buffer.GetString(), buffer.GetSize()};
}

Result<std::vector<Attempt>> read_attempts(const rapidjson::Value& list) {
    if (!list.IsArray() || list.Size() > max_listed_attempts) {
        return Error{"attempts_detail: must be a list of no more than 16 attempts"};
    }
    std::vector<Attempt> attempts;
    for (const rapidjson::Value& item : list.GetArray()) {
        JsonFields fields(item);
        Attempt attempt;
        attempt.account_id = fields.text("account_id", max_event_name_bytes);
        attempt.status = static_cast<int>(fields.integer("status", 100, 999).value_or(0));
        attempt.error = fields.text("error", max_attempt_error_bytes);
        attempt.duration_ms = fields.required_integer("duration_ms");
        if (fields.error()) return Error{"attempts_detail: " + fields.error()->message};
        attempts.push_back(std::move(attempt));
    }
    return attempts;
}

Result<std::vector<Attempt>> attempts_from_json(std::string_view text) {
    if (text.empty()) return std::vector<Attempt>();
    const Result<rapidjson::Document> document = parse_json(text);
    if (!document) return document.error();
    return read_attempts(*document);
}

}  // namespace ccproxy
