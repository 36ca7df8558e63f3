#include "analytics/api/body.hpp"

#include <algorithm>
#include <set>

#include "common/utf8.hpp"
#include "proto/json_fields.hpp"

namespace ccproxy::analytics {

Result<rapidjson::Document> parse_body(std::string_view body,
                                       const std::vector<std::string_view>& allowed) {
    Result<rapidjson::Document> document = parse_json(body);
    if (!document) return Error{"the body is " + document.error().message};
    if (!document->IsObject()) return Error{"the body must be a JSON object"};
    std::set<std::string_view> seen;
    for (const auto& member : document->GetObject()) {
        const std::string_view name(member.name.GetString(), member.name.GetStringLength());
        const std::string shown = clean_utf8(name, 64);
        if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
            return Error{shown + ": is not a field of this call"};
        }
        if (!seen.insert(name).second) return Error{shown + ": is given more than once"};
    }
    return document;
}

}  // namespace ccproxy::analytics
