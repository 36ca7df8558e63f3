// The export of request logs: all that fit the filters, the oldest first.
#include "analytics/api/export.hpp"
#include "analytics/api/handlers.hpp"
#include "analytics/api/log_text.hpp"

namespace ccproxy::analytics {
namespace {

/// Some 10 ms of work, and some hundred KB of text.
constexpr std::int64_t logs_a_piece = 2000;

/// The text around and between the logs.
class LogFormat {
  public:
    virtual ~LogFormat() = default;
    virtual void begin(std::string& piece) = 0;
    virtual void add(const RequestLog& log, std::string& piece) = 0;
    virtual void end(std::string& piece) = 0;
};

class CsvLogs final : public LogFormat {
  public:
    void begin(std::string& piece) override {
        CsvText csv(piece, times_);
        write_log_header(csv);
    }
    void add(const RequestLog& log, std::string& piece) override {
        CsvText csv(piece, times_);
        write_log(csv, log);
    }
    void end(std::string&) override {}

  private:
    TimeWriter times_;
};

/// An array, or an object a line.
class JsonLogs final : public LogFormat {
  public:
    explicit JsonLogs(bool is_array) : is_array_(is_array) {}

    void begin(std::string& piece) override {
        if (is_array_) piece.append("[");
    }
    void add(const RequestLog& log, std::string& piece) override {
        if (is_array_) piece.append(is_first_ ? "\n" : ",\n");
        is_first_ = false;
        json_.clear();
        write_log(json_, log);
        piece.append(json_.view());
        if (!is_array_) piece.push_back('\n');
    }
    void end(std::string& piece) override {
        if (is_array_) piece.append("\n]\n");
    }

  private:
    const bool is_array_;
    bool is_first_ = true;
    JsonText json_;
};

std::unique_ptr<LogFormat> make_format(ExportFormat format) {
    if (format == ExportFormat::csv) return std::make_unique<CsvLogs>();
    return std::make_unique<JsonLogs>(format == ExportFormat::json);
}

/// Has a reader of its own, since its pieces are made by whichever thread is free.
class LogSource final : public http::BodySource {
  public:
    LogSource(std::unique_ptr<StoreReader> reader, const LogFilter& filter, ExportFormat format,
              ExportCounters& counters)
        : reader_(std::move(reader)),
          filter_(filter),
          format_(make_format(format)),
          counters_(counters) {}

    bool next(std::string& piece) override {
        if (!walk_) {
            count_.emplace(counters_);
            walk_ = reader_->begin_log_walk(filter_);
            format_->begin(piece);
        }
        reader_->step_log_walk(*walk_, logs_a_piece,
                               [&](const RequestLog& log) { format_->add(log, piece); });
        if (!walk_->at_end) return true;
        format_->end(piece);
        count_->complete();
        return false;
    }

  private:
    const std::unique_ptr<StoreReader> reader_;
    const LogFilter filter_;
    const std::unique_ptr<LogFormat> format_;
    ExportCounters& counters_;
    std::optional<ExportCount> count_;
    std::optional<LogWalk> walk_;
};

}  // namespace

http::Response export_request_logs(const Call& call) {
    Params params(call.request.query);
    const LogFilter filter = read_log_filter(params);
    const auto name = params.choice("format", {"csv", "json", "jsonl"});
    if (const auto error = params.error()) return http::error_response(400, error->message);
    const ExportFormat format = parse_export_format(name.value_or("csv")).value();
    const Services& services = call.worker.services;
    return export_response(
        "request_logs", format, services.clock.unix_ms(),
        std::make_shared<LogSource>(services.open_reader(), filter, format, call.worker.exports));
}

}  // namespace ccproxy::analytics
