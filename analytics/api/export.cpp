#include "analytics/api/export.hpp"

#include "common/time_text.hpp"

namespace ccproxy::analytics {
namespace {

const char* extension_of(ExportFormat format) {
    switch (format) {
        case ExportFormat::csv:
            return "csv";
        case ExportFormat::json:
            return "json";
        case ExportFormat::jsonl:
            return "jsonl";
    }
    return "";
}

const char* content_type_of(ExportFormat format) {
    switch (format) {
        case ExportFormat::csv:
            return "text/csv; charset=utf-8; header=present";
        case ExportFormat::json:
            return "application/json";
        case ExportFormat::jsonl:
            return "application/x-ndjson";
    }
    return "";
}

/// `20261123_113000`, in UTC.
std::string file_time(std::int64_t unix_ms) {
    const std::string time = format_time(unix_ms);
    return time.substr(0, 4) + time.substr(5, 2) + time.substr(8, 2) + "_" + time.substr(11, 2) +
           time.substr(14, 2) + time.substr(17, 2);
}

}  // namespace

std::optional<ExportFormat> parse_export_format(std::string_view text) {
    for (const ExportFormat format : {ExportFormat::csv, ExportFormat::json, ExportFormat::jsonl}) {
        if (text == extension_of(format)) return format;
    }
    return std::nullopt;
}

http::Response export_response(std::string_view name, ExportFormat format, std::int64_t now_ms,
                               std::shared_ptr<http::BodySource> source) {
    const std::string file =
        std::string(name) + "_" + file_time(now_ms) + "." + extension_of(format);
    http::Response response;
    response.headers.push_back({"content-type", content_type_of(format)});
    response.headers.push_back({"content-disposition", "attachment; filename=\"" + file + "\""});
    response.source = std::move(source);
    return response;
}

}  // namespace ccproxy::analytics
