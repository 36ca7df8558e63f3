// Sending an answer whose body is known.
#include "tests/support/upstream_sim/send_plain.hpp"

#include <utility>

#include "tests/support/upstream_sim/errors.hpp"

namespace upstream_sim {
namespace {

std::size_t coded_size(const std::string& body, bool gzip) {
    if (!gzip) return body.size();
    std::string coded;
    GzipWriter writer;
    writer.add(coded, body);
    writer.finish(coded);
    return coded.size();
}

/// Sends half of what is left, then does what steering wants in mid-body. True: go on.
asio::awaitable<bool> fault_in_body(Exchange& exchange, std::string& out, std::size_t head_bytes,
                                    Ending& ending) {
    const Steering& s = exchange.steering;
    const bool broken_chunk = s.garbage == "chunk";
    if (!s.cut_after && !s.reset_after && !s.stall_after && !broken_chunk) co_return true;
    const std::size_t half = head_bytes + (out.size() - head_bytes) / 2;
    if (!co_await exchange.write(std::string_view(out).substr(0, half)))
        co_return ends(ending, kEndByClient);
    out.erase(0, half);
    if (s.cut_after || broken_chunk) co_return ends(ending, kEndByCut);
    if (s.reset_after) co_return ends(ending, kEndByReset);
    if (!co_await exchange.stay_silent(s.stall_ms)) co_return ends(ending, kEndByClient);
    co_return true;
}

}  // namespace

asio::awaitable<Ending> send_plain(Exchange& exchange, PlainAnswer& answer) {
    const Steering& s = exchange.steering;
    if (s.garbage == "json") answer.body.resize(answer.body.size() / 2);
    Framer framer(s, exchange.request, answer.status, false);
    const std::size_t size = framer.needs_length() ? coded_size(answer.body, s.gzip) : 0;
    std::string out;
    framer.head(out, answer.content_type, answer.fields, size);
    Ending head_fault;
    if (!co_await fault_in_head(exchange, out, head_fault)) co_return head_fault;
    const std::size_t head_bytes = out.size();
    exchange.record.status = answer.status;
    if (s.garbage == "chunk" && framer.chunked()) out += "zz\r\n";
    framer.body(out, answer.body);
    framer.end(out);
    Ending fault;
    if (!co_await fault_in_body(exchange, out, head_bytes, fault)) co_return fault;
    if (!co_await exchange.write(out)) co_return kEndByClient;
    co_return exchange.ending_of(framer);
}

PlainAnswer api_error(const Exchange& exchange, int status, std::string_view message) {
    PlainAnswer answer;
    answer.status = status;
    answer.body = error_json(error_type(status), message, exchange.record.request_id);
    answer.fields = exchange.api_fields();
    return answer;
}

}  // namespace upstream_sim
