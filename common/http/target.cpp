#include "common/http/target.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "common/utf8.hpp"

namespace ccproxy::http {
namespace {

bool is_clean(std::string_view text) {
    return is_utf8(text) && text.find('\0') == std::string_view::npos;
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
    const boost::core::string_view view(text.data(), text.size());
    const auto parsed = text.starts_with('/') ? boost::urls::parse_origin_form(view)
                                              : boost::urls::parse_absolute_uri(view);
    if (!parsed) return Error{"the request target is malformed"};
    if (parsed->has_scheme() && parsed->encoded_host().empty()) {
        return Error{"the request target is malformed"};
    }
    Target target;
    for (const auto& segment : parsed->segments()) target.path.emplace_back(segment);
    if (!target.path.empty() && target.path.back().empty()) target.path.pop_back();
    for (const std::string& segment : target.path) {
        if (!is_clean(segment)) return Error{"the path must be UTF-8 without NUL"};
    }
    for (const auto& parameter : parsed->params()) {
        Field field{std::string(parameter.key), std::string(parameter.value)};
        if (field.name.empty() && !parameter.has_value) continue;
        if (!is_clean(field.name)) return Error{"the query must be UTF-8 without NUL"};
        if (!is_clean(field.value)) {
            return Error{field.name + ": must be UTF-8 without NUL"};
        }
        target.query.push_back(std::move(field));
    }
    return target;
}

}  // namespace ccproxy::http
