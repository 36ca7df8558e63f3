// The shared parts of serving a request.
#include "tests/support/upstream_sim/exchange.hpp"

#include <algorithm>
#include <chrono>

namespace upstream_sim {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kGroupLimit = 10'000;
constexpr milliseconds kForEver = std::chrono::hours(24 * 365);
constexpr std::string_view kNotHttp = "\x16\x03\x01 this is not HTTP \r\n\r\n\xff\xfe garbage\n";
constexpr std::string_view kInterim =
    "HTTP/1.1 100 Continue\r\n\r\n"
    "HTTP/1.1 103 Early Hints\r\nlink: </sim.css>; rel=preload\r\n\r\n";

/// The fields of one of the API's rate limits: name-limit, name-remaining, name-reset.
void add_limit(std::vector<Field>& fields, const std::string& name, std::uint64_t limit,
               std::uint64_t used, const std::string& reset) {
    const std::string prefix = "anthropic-ratelimit-" + name;
    fields.emplace_back(prefix + "-limit", std::to_string(limit));
    fields.emplace_back(prefix + "-remaining", std::to_string(limit > used ? limit - used : 0));
    fields.emplace_back(prefix + "-reset", reset);
}

/// `name:value,name:value`, in place of what is there already.
void add_steered(std::vector<Field>& fields, std::string_view list) {
    while (!list.empty()) {
        const std::string_view item = list.substr(0, list.find(','));
        list.remove_prefix(std::min(item.size() + 1, list.size()));
        const std::size_t colon = std::min(item.find(':'), item.size());
        const std::string_view name = item.substr(0, colon);
        std::erase_if(fields, [name](const Field& field) { return field.first == name; });
        fields.emplace_back(name, item.substr(std::min(colon + 1, item.size())));
    }
}

}  // namespace

asio::awaitable<bool> Exchange::write(std::string_view bytes) {
    const std::size_t step = steering.byte_by_byte ? 1 : bytes.size();
    while (!bytes.empty()) {
        if (!co_await connection.write(bytes.substr(0, step))) co_return false;
        record.bytes_sent += step;
        bytes.remove_prefix(step);
    }
    co_return true;
}

asio::awaitable<bool> Exchange::stay_silent(Steering::Number duration_ms) {
    const milliseconds duration = duration_ms ? milliseconds(*duration_ms) : kForEver;
    co_return co_await connection.pause(duration);
}

std::vector<Field> Exchange::api_fields() const {
    const std::string reset = rfc3339(record.started_ms / 1000 + 1);
    std::vector<Field> fields;
    fields.reserve(20);
    fields.emplace_back("request-id", record.request_id);
    fields.emplace_back("anthropic-organization-id", "51d0517a-70f5-4000-8000-000000000000");
    add_limit(fields, "requests", 4000, 1, reset);
    add_limit(fields, "input-tokens", 2000000, record.input_tokens, reset);
    add_limit(fields, "output-tokens", 400000, record.output_tokens, reset);
    fields.emplace_back("strict-transport-security", "max-age=31536000; includeSubDomains");
    fields.emplace_back("via", "1.1 google");
    fields.emplace_back("cf-cache-status", "DYNAMIC");
    fields.emplace_back("x-robots-tag", "none");
    fields.emplace_back("server", "upstream_sim");
    if (steering.retry_after) {
        fields.emplace_back("retry-after", std::to_string(*steering.retry_after));
    }
    if (steering.should_retry) fields.emplace_back("x-should-retry", *steering.should_retry);
    add_steered(fields, steering.fields.value_or(""));
    return fields;
}

int Exchange::steered_status() {
    const Steering& s = steering;
    if (!s.status) return 200;
    if (s.status_times) {
        auto& groups = context.group_errors;
        if (groups.size() >= kGroupLimit) groups.clear();
        std::uint64_t& given = groups[s.group.value_or("")];
        if (given >= *s.status_times) return 200;
        ++given;
    }
    return static_cast<int>(*s.status);
}

Ending Exchange::ending_of(const Framer& framer) const {
    const bool keep = framer.keep_alive() && !steering.close_after;
    return {framer.whole() ? Outcome::kComplete : Outcome::kCut,
            keep ? Ending::Connection::kKeep : Ending::Connection::kClose};
}

asio::awaitable<bool> faults_before_head(Exchange& exchange, Ending& ending) {
    const Steering& steering = exchange.steering;
    if (steering.first_delay_ms) {
        if (!co_await exchange.stay_silent(steering.first_delay_ms))
            co_return ends(ending, kEndByClient);
    }
    if (steering.silent) {
        if (!co_await exchange.stay_silent(steering.stall_ms)) co_return ends(ending, kEndByClient);
        co_return ends(ending, kEndByCut);
    }
    if (steering.cut_before_head) co_return ends(ending, kEndByCut);
    if (steering.reset_before_head) co_return ends(ending, kEndByReset);
    if (steering.garbage == "head") {
        co_await exchange.write(kNotHttp);
        co_return ends(ending, kEndByCut);
    }
    if (steering.continue_100 && !exchange.request.http10) {
        if (!co_await exchange.write(kInterim)) co_return ends(ending, kEndByClient);
    }
    co_return true;
}

asio::awaitable<bool> fault_in_head(Exchange& exchange, std::string_view head, Ending& ending) {
    if (!exchange.steering.cut_in_head) co_return true;
    // Named on lines of their own: with `if (!co_await exchange.write(head.substr(…)))` g++ 12 laid
    // out this frame wrongly (its resume pointer not first), and the first resume crashed.
    const std::string_view half = head.substr(0, head.size() / 2);
    const bool written = co_await exchange.write(half);
    ending = written ? kEndByCut : kEndByClient;
    co_return false;
}

}  // namespace upstream_sim
