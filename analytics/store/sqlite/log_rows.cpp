#include "analytics/store/sqlite/log_rows.hpp"

#include <SQLiteCpp/Column.h>

#include <array>
#include <limits>

#include "common/utf8.hpp"
#include "common/uuid.hpp"
#include "proto/attempts.hpp"

namespace ccproxy::analytics {
namespace {

/// Gives parameters their values in order, from `first` on.
class Binder {
  public:
    Binder(SQLite::Statement& statement, int first) : statement_(statement), next_(first) {}

    /// `value` stays as it is until the statement has run.
    void text(const std::string& value) { statement_.bindNoCopy(next_++, value); }
    void copied_text(const std::string& value) { statement_.bind(next_++, value); }
    /// An empty text is NULL.
    void optional_text(const std::string& value) {
        if (value.empty()) return null();
        text(value);
    }
    void integer(std::int64_t value) { statement_.bind(next_++, value); }
    void optional_integer(const std::optional<std::int64_t>& value) {
        if (!value) return null();
        integer(*value);
    }
    void null() { statement_.bind(next_++); }

  private:
    SQLite::Statement& statement_;
    int next_;
};

/// Takes columns in order.
class Row {
  public:
    explicit Row(SQLite::Statement& statement) : statement_(statement) {}

    /// Empty when NULL.
    void text(std::string& value) {
        const SQLite::Column column = statement_.getColumn(next_++);
        const auto* data = static_cast<const char*>(column.getBlob());
        value.assign(data == nullptr ? "" : data, static_cast<std::size_t>(column.getBytes()));
    }
    /// 0 when NULL.
    std::int64_t integer() { return statement_.getColumn(next_++).getInt64(); }
    std::optional<std::int64_t> optional_integer() {
        const SQLite::Column column = statement_.getColumn(next_++);
        if (column.isNull()) return std::nullopt;
        return column.getInt64();
    }
    bool boolean() { return integer() != 0; }

  private:
    SQLite::Statement& statement_;
    int next_ = 0;
};

}  // namespace

const char* const log_columns =
    "id, token_id, account_id, user_name, mode, model, stream, request_at, response_at, "
    "duration_ms, ttft_ms, prompt_tokens, completion_tokens, cache_creation_5m_tokens, "
    "cache_creation_1h_tokens, cache_read_tokens, usage_source, status_code, success, "
    "error_message, conversation_id, agent_id, stop_reason, upstream_request_id, attempts, "
    "proxy_id, cost_nano_usd, attempts_detail";

std::string insert_log_rows(std::size_t rows) {
    std::string sql =
        "INSERT INTO request_logs (id, token_id, account_id, user_name, mode, model, stream, "
        "request_at, response_at, duration_ms, ttft_ms, prompt_tokens, completion_tokens, "
        "cache_creation_5m_tokens, cache_creation_1h_tokens, cache_read_tokens, usage_source, "
        "status_code, success, error_message, conversation_id, agent_id, stop_reason, "
        "upstream_request_id, attempts, proxy_id, cost_nano_usd, total_tokens, "
        "attempts_detail) "
        "VALUES ";
    std::string row;
    for (int i = 0; i < log_parameter_count; ++i) row.append(row.empty() ? "(?" : ", ?");
    row.push_back(')');
    for (std::size_t i = 0; i < rows; ++i) sql.append(i == 0 ? "" : ", ").append(row);
    return sql;
}

void bind_log_row(SQLite::Statement& statement, const PricedEvent& priced,
                  const std::string& proxy_id, int parameter) {
    // SQLite takes bytes that stay as they are until the statement runs: these names are literals.
    static const std::array<std::string, 4> source_names{"final", "partial", "estimated", "none"};
    const Event& event = priced.event;
    const bool known = event.usage_source != UsageSource::none;
    Binder row(statement, parameter);
    const auto tokens = [&](std::int64_t count) { known ? row.integer(count) : row.null(); };
    row.text(event.id);
    row.text(event.token_id);
    row.optional_text(event.account_id);
    row.optional_text(event.user_name);
    row.optional_text(event.mode);
    row.optional_text(event.model);
    row.integer(event.stream ? 1 : 0);
    row.integer(event.request_at_ms);
    row.integer(event.response_at_ms);
    row.integer(event.duration_ms);
    row.optional_integer(event.ttft_ms);
    tokens(event.usage.prompt_tokens());
    tokens(event.usage.output_tokens);
    tokens(event.usage.cache_creation_5m_tokens);
    tokens(event.usage.cache_creation_1h_tokens);
    tokens(event.usage.cache_read_tokens);
    row.text(source_names.at(static_cast<std::size_t>(event.usage_source)));
    row.integer(event.status_code);
    row.integer(event.success ? 1 : 0);
    row.optional_text(event.error_message);
    row.optional_text(event.conversation_id);
    row.optional_text(event.agent_id);
    row.optional_text(event.stop_reason);
    row.optional_text(event.upstream_request_id);
    row.integer(event.attempts);
    row.text(proxy_id);
    row.optional_integer(priced.cost_nano_usd);
    tokens(event.usage.prompt_tokens() + event.usage.output_tokens);
    if (event.attempts_detail.empty()) return row.null();
    row.copied_text(attempts_to_json(event.attempts_detail));
}

RequestLog read_log_row(SQLite::Statement& statement) {
    RequestLog log;
    read_log_row(statement, log);
    return log;
}

void read_log_row(SQLite::Statement& statement, RequestLog& log) {
    Event& event = log.event;
    Row row(statement);
    row.text(event.id);
    row.text(event.token_id);
    row.text(event.account_id);
    row.text(event.user_name);
    row.text(event.mode);
    row.text(event.model);
    event.stream = row.boolean();
    event.request_at_ms = row.integer();
    event.response_at_ms = row.integer();
    event.duration_ms = row.integer();
    event.ttft_ms = row.optional_integer();
    const std::int64_t prompt_tokens = row.integer();
    event.usage.output_tokens = row.integer();
    event.usage.cache_creation_5m_tokens = row.integer();
    event.usage.cache_creation_1h_tokens = row.integer();
    event.usage.cache_read_tokens = row.integer();
    // prompt_tokens() is 0 plus the cached ones here, so the difference is what was not cached.
    event.usage.input_tokens = 0;
    event.usage.input_tokens = prompt_tokens - event.usage.prompt_tokens();
    std::string source;
    row.text(source);
    event.usage_source = parse_usage_source(source).value_or(UsageSource::none);
    event.status_code = static_cast<int>(row.integer());
    event.success = row.boolean();
    row.text(event.error_message);
    row.text(event.conversation_id);
    row.text(event.agent_id);
    row.text(event.stop_reason);
    row.text(event.upstream_request_id);
    event.attempts = static_cast<int>(row.integer());
    row.text(log.proxy_id);
    log.cost_nano_usd = row.optional_integer();
    std::string attempts;
    row.text(attempts);
    event.attempts_detail.clear();
    if (auto read = attempts_from_json(attempts)) event.attempts_detail = std::move(*read);
}

std::optional<std::string> unstorable(const PricedEvent& priced) {
    const Event& event = priced.event;
    if (!is_uuid(event.id)) return "id: must be a UUID";
    struct Field {
        const char* name;
        const std::string& value;
    };
    const std::array<Field, 10> fields{{{"token_id", event.token_id},
                                        {"account_id", event.account_id},
                                        {"user_name", event.user_name},
                                        {"mode", event.mode},
                                        {"model", event.model},
                                        {"error_message", event.error_message},
                                        {"conversation_id", event.conversation_id},
                                        {"agent_id", event.agent_id},
                                        {"stop_reason", event.stop_reason},
                                        {"upstream_request_id", event.upstream_request_id}}};
    for (const Field& field : fields) {
        if (!is_utf8(field.value)) return std::string(field.name) + ": is not UTF-8";
        if (field.value.find('\0') != std::string::npos) {
            return std::string(field.name) + ": holds a NUL character";
        }
    }
    // Beyond these a figure is garbage, and sums of such figures would not fit their column, which
    // would fail every batch that follows.
    constexpr std::int64_t max_tokens = 1'000'000'000'000;
    constexpr std::int64_t max_duration_ms = 366LL * 86'400'000;
    constexpr std::int64_t max_time_ms = 253'402'300'799'999;  // The end of the year 9999.
    constexpr std::int64_t max_cost_nano_usd = 100'000'000'000'000;
    struct Figure {
        const char* name;
        std::int64_t value, max;
    };
    const Usage& usage = event.usage;
    const std::array<Figure, 10> figures{
        {{"request_at_ms", event.request_at_ms, max_time_ms},
         {"response_at_ms", event.response_at_ms, max_time_ms},
         {"duration_ms", event.duration_ms, max_duration_ms},
         {"ttft_ms", event.ttft_ms.value_or(0), max_duration_ms},
         {"input_tokens", usage.input_tokens, max_tokens},
         {"cache_creation_5m_tokens", usage.cache_creation_5m_tokens, max_tokens},
         {"cache_creation_1h_tokens", usage.cache_creation_1h_tokens, max_tokens},
         {"cache_read_tokens", usage.cache_read_tokens, max_tokens},
         {"output_tokens", usage.output_tokens, max_tokens},
         {"cost_nano_usd", priced.cost_nano_usd.value_or(0), max_cost_nano_usd}}};
    for (const Figure& figure : figures) {
        if (figure.value < 0 || figure.value > figure.max) {
            return std::string(figure.name) + ": is out of range";
        }
    }
    return std::nullopt;
}

}  // namespace ccproxy::analytics
