// A chat completion request as a Messages request.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "proxy/json/invalid.hpp"

namespace ccproxy::openai {

/// Names that clients may ask for, each with the model that serves it.
using ModelMap = std::map<std::string, std::string, std::less<>>;

struct Settings {
    ModelMap models;
    /// For requests without a limit of their own: the Messages API demands one.
    std::int64_t default_max_tokens = 4096;
    bool operator==(const Settings&) const = default;
};

/// The model that serves `name`: a name that is not mapped stands for itself.
std::string_view mapped_model(const ModelMap& models, std::string_view name);

struct TranslatedRequest {
    std::string body;            ///< JSON of a Messages request.
    bool include_usage = false;  ///< A stream is to end with a chunk of its usage.
};

/// Pure; reads untrusted text within the limits of json.hpp. Fails with the first parameter that
/// does not fit.
boost::system::result<TranslatedRequest, Invalid> translate_request(std::string_view body,
                                                                    const Settings& settings);

}  // namespace ccproxy::openai
