#include "analytics/store/sqlite/job_table.hpp"

#include <SQLiteCpp/Column.h>
#include <SQLiteCpp/Statement.h>

#include <array>
#include <stdexcept>

#include "common/json.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::array<std::pair<JobState, const char*>, 5> states{
    {{JobState::never, "never"},
     {JobState::running, "running"},
     {JobState::ok, "ok"},
     {JobState::failed, "failed"},
     {JobState::interrupted, "interrupted"}}};

JobState parse_state(const std::string& text) {
    for (const auto& [state, name] : states) {
        if (text == name) return state;
    }
    throw std::runtime_error("the table jobs holds the state " + text);
}

std::string to_json(const JobReport& report) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.StartObject();
    for (const auto& [name, value] : report) {
        writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
        writer.Int64(value);
    }
    writer.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

JobReport parse_report(const std::string& json) {
    rapidjson::Document document;
    document.Parse(json.data(), json.size());
    JobReport report;
    if (document.HasParseError() || !document.IsObject()) return report;
    for (const auto& member : document.GetObject()) {
        if (member.value.IsInt64())
            report.emplace_back(member.name.GetString(), member.value.GetInt64());
    }
    return report;
}

void bind_time(SQLite::Statement& row, int index, const std::optional<std::int64_t>& unix_ms) {
    unix_ms ? row.bind(index, *unix_ms) : row.bind(index);
}

std::optional<std::int64_t> read_time(SQLite::Statement& row, int index) {
    const SQLite::Column column = row.getColumn(index);
    return column.isNull() ? std::nullopt : std::optional<std::int64_t>(column.getInt64());
}

}  // namespace

const char* to_string(JobState state) {
    return states.at(static_cast<std::size_t>(state)).second;
}

void save_job(SQLite::Database& database, const JobRecord& record) {
    SQLite::Statement row(database, "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?)");
    row.bind(1, record.name);
    row.bind(2, to_string(record.state));
    bind_time(row, 3, record.started_at_ms);
    bind_time(row, 4, record.finished_at_ms);
    bind_time(row, 5, record.next_due_ms);
    row.bind(6, to_json(record.report));
    row.bind(7, record.error);
    row.exec();
}

std::vector<JobRecord> read_jobs(SQLite::Database& database) {
    SQLite::Statement row(database,
                          "SELECT name, state, started_at, finished_at, next_due, report, error "
                          "FROM jobs ORDER BY name");
    std::vector<JobRecord> jobs;
    while (row.executeStep()) {
        JobRecord record;
        record.name = row.getColumn(0).getString();
        record.state = parse_state(row.getColumn(1).getString());
        record.started_at_ms = read_time(row, 2);
        record.finished_at_ms = read_time(row, 3);
        record.next_due_ms = read_time(row, 4);
        record.report = parse_report(row.getColumn(5).getString());
        record.error = row.getColumn(6).getString();
        jobs.push_back(std::move(record));
    }
    return jobs;
}

}  // namespace ccproxy::analytics
