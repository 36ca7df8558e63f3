// HTTP/1.x framing, right and wrong.
#include "tests/support/upstream_sim/framer.hpp"

#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>

#include "tests/support/upstream_sim/identity.hpp"

namespace upstream_sim {
namespace {

constexpr std::size_t kMissingBytes = 100;

void field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
}

bool bodyless(int status) {
    return status == 204 || status == 304;
}

}  // namespace

Framer::Framer(const Steering& steering, const Request& request, int status, bool stream)
    : steering_(steering),
      status_(status),
      head_only_(request.method == "HEAD" || bodyless(status)),
      framing_(choose(request, stream)),
      keep_alive_(request.keep_alive && framing_ != Framing::kClose && !steering.no_keepalive &&
                  !steering.short_length && !steering.garbage) {
    if (steering.gzip) gzip_.emplace();
}

Framer::Framing Framer::choose(const Request& request, bool stream) const {
    const Steering& s = steering_;
    if (bodyless(status_)) return Framing::kNone;
    if (s.http10 || s.close_delimited || s.garbage == "bad_te") return Framing::kClose;
    if (s.content_length || s.short_length || s.garbage == "dup_length") return Framing::kLength;
    const bool chunked = stream || s.chunked || s.chunk_ext || s.trailers || s.chunk_bytes ||
                         s.garbage == "chunk" || s.garbage == "both_framings";
    if (!chunked) return Framing::kLength;
    return request.http10 ? Framing::kClose : Framing::kChunked;
}

bool Framer::needs_length() const {
    return framing_ == Framing::kLength || steering_.garbage == "both_framings";
}

void Framer::head(std::string& out, std::string_view content_type, const std::vector<Field>& fields,
                  std::size_t body_bytes) const {
    out += steering_.http10 ? "HTTP/1.0 " : "HTTP/1.1 ";
    if (steering_.garbage == "nonsense_status") {
        out += "2x0 Fine\r\n";
    } else {
        const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status_));
        out += std::to_string(status_);
        out += ' ';
        if (known != boost::beast::http::status::unknown) {
            out += boost::beast::http::obsolete_reason(known);
        } else if (status_ == 529) {
            out += "Site is overloaded";
        }
        out += "\r\n";
    }
    field(out, "date", http_date(now_ms() / 1000));
    if (framing_ != Framing::kNone) {
        field(out, "content-type", content_type);
        if (gzip_) field(out, "content-encoding", "gzip");
        framing_fields(out, body_bytes);
    }
    if (!keep_alive_) {
        field(out, "connection", "close");
    } else if (steering_.http10) {
        field(out, "connection", "keep-alive");
    }
    for (const Field& extra : fields) field(out, extra.first, extra.second);
    if (steering_.big_head) field(out, "x-filler", std::string(*steering_.big_head, 'f'));
    out += "\r\n";
}

void Framer::framing_fields(std::string& out, std::size_t body_bytes) const {
    if (framing_ == Framing::kLength) {
        const std::size_t size = body_bytes + (steering_.short_length ? kMissingBytes : 0);
        field(out, "content-length", std::to_string(size));
        if (steering_.garbage == "dup_length") {
            field(out, "content-length", std::to_string(size + 1));
        }
    }
    if (steering_.garbage == "both_framings") {
        field(out, "content-length", std::to_string(body_bytes));
    }
    if (steering_.garbage == "bad_te") field(out, "transfer-encoding", "gzip");
    if (framing_ == Framing::kChunked) {
        field(out, "transfer-encoding", "chunked");
        if (steering_.trailers) field(out, "trailer", "x-sim-trailer, x-sim-second");
    }
}

void Framer::body(std::string& out, std::string_view piece) {
    if (head_only_ || piece.empty()) return;
    if (!gzip_) return coded(out, piece);
    std::string compressed;
    gzip_->add(compressed, piece);
    coded(out, compressed);
}

void Framer::end(std::string& out) {
    if (head_only_) return;
    if (gzip_) {
        std::string compressed;
        gzip_->finish(compressed);
        coded(out, compressed);
    }
    if (framing_ != Framing::kChunked) return;
    if (!held_.empty()) chunk(out, held_);
    held_.clear();
    out += steering_.chunk_ext ? "0;last=yes\r\n" : "0\r\n";
    if (steering_.trailers) out += "x-sim-trailer: done\r\nx-sim-second: 2\r\n";
    out += "\r\n";
}

void Framer::coded(std::string& out, std::string_view piece) {
    if (piece.empty()) return;
    if (framing_ != Framing::kChunked) {
        out += piece;
        return;
    }
    if (!steering_.chunk_bytes) return chunk(out, piece);
    held_ += piece;
    const std::size_t size = *steering_.chunk_bytes;
    std::size_t from = 0;
    for (; held_.size() - from >= size; from += size) {
        chunk(out, std::string_view(held_).substr(from, size));
    }
    held_.erase(0, from);
}

void Framer::chunk(std::string& out, std::string_view piece) const {
    std::array<char, 16> hex{};
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), piece.size(), 16).ptr;
    out.append(hex.data(), end);
    if (steering_.chunk_ext) out += ";sim=\"a; b\";flag";
    out += "\r\n";
    out += piece;
    out += "\r\n";
}

}  // namespace upstream_sim
