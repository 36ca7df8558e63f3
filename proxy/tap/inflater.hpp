// Inflates gzip as it arrives, within a limit.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.hpp"

namespace ccproxy::tap {

/// Several gzip members one after the other are one text (RFC 1952, section 2.2).
class Inflater {
  public:
    /// `max_bytes` bounds what all calls together may produce.
    explicit Inflater(std::size_t max_bytes);
    ~Inflater();
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    /// Calls `on_text` with each inflated piece. False once the input is not gzip or the limit is
    /// passed; from then on nothing more is inflated.
    bool feed(std::string_view bytes, const std::function<void(std::string_view)>& on_text);
    /// Whether the input so far ended where a gzip member ends.
    [[nodiscard]] bool at_end() const { return at_end_; }

  private:
    z_stream stream_{};
    std::size_t left_bytes_;
    bool failed_ = false;
    bool at_end_ = false;
};

/// Inflates one whole gzip text. Fails when it is not one, is cut short, or would exceed
/// `max_bytes`.
Result<std::string> inflate_gzip(std::string_view bytes, std::size_t max_bytes);

}  // namespace ccproxy::tap
