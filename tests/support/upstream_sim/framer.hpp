// Turns an answer into the bytes of HTTP/1.x, in every framing that steering can ask for. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/upstream_sim/gzip.hpp"
#include "tests/support/upstream_sim/request.hpp"
#include "tests/support/upstream_sim/steering.hpp"

namespace upstream_sim {

class Framer {
  public:
    /// `stream`: the length of the body is not known at its start.
    Framer(const Steering& steering, const Request& request, int status, bool stream);

    /// The head needs the exact size of the encoded body: encoded_size() of what will be given.
    bool needs_length() const;

    /// Appends the head. `body_bytes` is the size after content coding; ignored where not needed.
    void head(std::string& out, std::string_view content_type, const std::vector<Field>& fields,
              std::size_t body_bytes) const;

    /// Appends one piece of the body; with gzip the reader can decode all of it at once.
    void body(std::string& out, std::string_view piece);

    /// Appends what ends the body.
    void end(std::string& out);

    /// False when the connection must close behind this answer.
    bool keep_alive() const { return keep_alive_; }

    /// False when the client will find the body shorter than announced.
    bool whole() const { return !steering_.short_length; }

    /// True when the body is chunked, so that a broken chunk can be put into it.
    bool chunked() const { return framing_ == Framing::kChunked; }

  private:
    enum class Framing { kNone, kLength, kChunked, kClose };

    Framing choose(const Request& request, bool stream) const;
    void framing_fields(std::string& out, std::size_t body_bytes) const;
    void coded(std::string& out, std::string_view piece);
    void chunk(std::string& out, std::string_view piece) const;

    const Steering& steering_;
    const int status_;
    const bool head_only_;
    const Framing framing_;
    bool keep_alive_;
    std::optional<GzipWriter> gzip_;
    std::string held_;  ///< waits until chunk_bytes are together
};

}  // namespace upstream_sim
