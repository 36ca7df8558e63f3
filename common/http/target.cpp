#include "common/http/target.hpp"

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "common/utf8.hpp"

namespace ccproxy::http {
namespace {

bool is_clean(std::string_view text) {
    return is_utf8(text) && text.find('\0') == std::string_view::npos;
}

boost::urls::result<boost::urls::url_view> parse(std::string_view text) {
    const boost::core::string_view view(text.data(), text.size());
    return text.starts_with('/') ? boost::urls::parse_origin_form(view)
                                 : boost::urls::parse_absolute_uri(view);
}

/// Of a target that is no URL. Where one parameter of the query is to blame, the error names it.
Error describe_malformed(std::string_view text) {
    const std::size_t mark = text.find('?');
    if (mark == std::string_view::npos || !parse(text.substr(0, mark))) {
        return {"the request target is malformed"};
    }
    for (std::string_view rest = text.substr(mark + 1); !rest.empty();) {
        const std::string_view parameter = rest.substr(0, rest.find('&'));
        if (!parse(std::string("/?").append(parameter))) {
            return {std::string(parameter.substr(0, parameter.find('='))) +
                    ": is not percent-encoded as URLs are"};
        }
        rest.remove_prefix(std::min(parameter.size() + 1, rest.size()));
    }
    return {"the request target is malformed"};
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
    const auto parsed = parse(text);
    if (!parsed) return describe_malformed(text);
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
