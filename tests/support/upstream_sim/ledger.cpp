// The ledger and its JSON.
#include "tests/support/upstream_sim/ledger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "tests/support/upstream_sim/identity.hpp"
#include "tests/support/upstream_sim/json.hpp"
#include "tests/support/upstream_sim/json_text.hpp"

namespace upstream_sim {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

const char* name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::kComplete:
            return "complete";
        case Outcome::kCut:
            return "cut";
        case Outcome::kClientGone:
            return "client_gone";
    }
    return "";
}

void put(Writer& json, const char* key, std::string_view value) {
    json.Key(key);
    const std::string text = to_utf8(value);
    json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void put_or_null(Writer& json, const char* key, std::string_view value) {
    if (!value.empty()) return put(json, key, value);
    json.Key(key);
    json.Null();
}

void put(Writer& json, const char* key, std::uint64_t value) {
    json.Key(key);
    json.Uint64(value);
}

void put(Writer& json, const char* key, std::int64_t value) {
    json.Key(key);
    json.Int64(value);
}

void put_usage(Writer& json, const Record& record) {
    put(json, "input_tokens", record.input_tokens);
    put(json, "cache_creation_5m_tokens", record.cache_creation_5m_tokens);
    put(json, "cache_creation_1h_tokens", record.cache_creation_1h_tokens);
    put(json, "cache_read_tokens", record.cache_read_tokens);
    put(json, "output_tokens", record.output_tokens);
}

}  // namespace

std::string to_json(const Record& record, const Request& request) {
    rapidjson::StringBuffer buffer;
    Writer json(buffer);
    json.StartObject();
    put(json, "request_id", record.request_id);
    put(json, "path", request.path);
    put(json, "method", request.method);
    put(json, "target", request.target);
    put_or_null(json, "model", record.model);
    json.Key("stream");
    json.Bool(record.stream);
    put(json, "status", static_cast<std::int64_t>(record.status));
    put_usage(json, record);
    put_or_null(json, "stop_reason", record.stop_reason);
    put(json, "outcome", std::string_view(name_of(record.outcome)));
    put(json, "bytes_sent", record.bytes_sent);
    put(json, "request_bytes", static_cast<std::uint64_t>(request.received_body_bytes));
    const std::string* tag = request.header("x-sim-tag");
    put_or_null(json, "tag", tag == nullptr ? std::string_view() : std::string_view(*tag));
    json.Key("headers");
    json.StartObject();
    for (const Field& field : request.headers) put(json, field.first.c_str(), field.second);
    json.EndObject();
    put_or_null(json, "body_sha256", request.body_complete ? sha256_hex(request.body) : "");
    put(json, "started_ms", record.started_ms);
    put(json, "ended_ms", record.ended_ms);
    json.EndObject();
    return std::string(buffer.GetString(), buffer.GetSize());
}

Ledger::Ledger(const std::string& file, std::size_t max_entries, std::size_t max_bytes)
    : max_entries_(max_entries), max_bytes_(max_bytes) {
    if (file.empty()) return;
    // The entries hold credentials: only the owner may read them.
    file_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), file);
}

Ledger::~Ledger() {
    if (file_ >= 0) ::close(file_);
}

void Ledger::add(std::string entry) {
    if (file_ >= 0) {
        entry += '\n';
        const ssize_t written = ::write(file_, entry.data(), entry.size());
        if (written != static_cast<ssize_t>(entry.size())) ++file_errors_;
        entry.pop_back();
    }
    bytes_ += entry.size();
    entries_.push_back(std::move(entry));
    while (!entries_.empty() && (entries_.size() > max_entries_ || bytes_ > max_bytes_)) {
        bytes_ -= entries_.front().size();
        entries_.pop_front();
        ++first_;
        ++dropped_;
    }
}

void Ledger::clear() {
    first_ += entries_.size();
    entries_.clear();
    bytes_ = 0;
}

}  // namespace upstream_sim
