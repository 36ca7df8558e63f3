// Reads the query parameters of a call. Whatever is unknown, repeated or malformed is an error that
// names the parameter: a filter that is silently ignored gives an answer to another question.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"
#include "common/result.hpp"

namespace ccproxy::analytics {

/// Every getter gives nullopt when the parameter is absent or not good; ask error() when all have
/// been asked for. Borrows `query`. The first problem is kept.
class Params {
  public:
    explicit Params(const std::vector<http::Field>& query) : query_(query) {}

    /// Not empty.
    std::optional<std::string> text(const std::string& name, std::size_t max_bytes = 256);
    /// `true` or `false`.
    std::optional<bool> boolean(const std::string& name);
    std::optional<std::int64_t> integer(const std::string& name, std::int64_t min,
                                        std::int64_t max);
    std::optional<std::string> choice(const std::string& name,
                                      const std::vector<std::string>& allowed);
    /// RFC 3339, or YYYY-MM-DD for the beginning of that day in UTC. Unix milliseconds.
    std::optional<std::int64_t> from_date(const std::string& name);
    /// RFC 3339 for that moment itself, which is the first that is left out, or YYYY-MM-DD for the
    /// end of that day in UTC.
    std::optional<std::int64_t> to_date(const std::string& name);

    void fail(std::string_view name, std::string_view what);

    /// What is wrong, `name: …`; parameters that nobody asked for are among it.
    std::optional<Error> error();

  private:
    std::optional<std::string> take(const std::string& name);
    std::optional<std::int64_t> date(const std::string& name, std::int64_t add_to_day_ms);

    const std::vector<http::Field>& query_;
    std::set<std::string> asked_;
    std::optional<Error> error_;
};

}  // namespace ccproxy::analytics
