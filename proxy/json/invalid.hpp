// What is wrong with a client's request, and where.
#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace ccproxy {

struct Invalid {
    std::string param;    ///< Such as `messages[2].content`; empty for the body as a whole.
    std::string message;  ///< One sentence that names the parameter.
};

/// What a check or a translation of a part found; nothing when the part is fine.
using Problem = std::optional<Invalid>;

inline Invalid invalid(std::string param, std::string_view what) {
    std::string message = param + ": ";
    message.append(what);
    return {std::move(param), std::move(message)};
}

}  // namespace ccproxy
