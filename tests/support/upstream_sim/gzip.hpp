// gzip both ways: request bodies inflated with a limit, response bodies deflated piece by piece.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace upstream_sim {

/// Inflates a whole gzip body (RFC 1952). Empty when the data is broken, cut short, followed by
/// other bytes, or would grow beyond `limit_bytes`.
std::optional<std::string> gunzip(std::string_view data, std::size_t limit_bytes);

/// A gzip stream that is written piece by piece. The same pieces always give the same bytes.
class GzipWriter {
  public:
    GzipWriter();
    ~GzipWriter();
    GzipWriter(const GzipWriter&) = delete;
    GzipWriter& operator=(const GzipWriter&) = delete;

    /// Appends the compressed `piece` to `out`, flushed so that the reader can decode all of it.
    void add(std::string& out, std::string_view piece);

    /// Appends the end of the stream to `out`. Nothing may be added afterwards.
    void finish(std::string& out);

  private:
    void run(std::string& out, std::string_view piece, int flush);
    z_stream stream_{};
};

}  // namespace upstream_sim
