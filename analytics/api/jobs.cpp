// The jobs: how they stand, and runs that are asked for. Such a call is answered when the run has
// ended, and no thread waits meanwhile.
#include "analytics/api/jobs.hpp"

#include "analytics/api/body.hpp"
#include "analytics/api/handlers.hpp"
#include "analytics/api/params.hpp"
#include "analytics/jobs/aggregator.hpp"
#include "analytics/jobs/compressor.hpp"
#include "analytics/jobs/retention.hpp"
#include "analytics/time/day_zone.hpp"

namespace ccproxy::analytics {
namespace {

constexpr std::int64_t default_log_days = 90;
constexpr std::int64_t max_days = 36'500;

/// Makes the answer to a run that went well.
using AnswerOf = std::function<http::Response(const JobRecord&)>;

http::Response answer_run(const JobRecord& record, const AnswerOf& answer_of) {
    switch (record.state) {
        case JobState::ok:
            return answer_of(record);
        case JobState::interrupted:
            return http::error_response(503, record.error);
        default:
            return http::error_response(500, "the job failed: " + record.error);
    }
}

/// Runs what `request_run` asks the scheduler for, and answers when that has ended.
http::Response run_and_answer(
    const std::string& name, AnswerOf answer_of,
    const std::function<RunRequest(const Scheduler::OnEnd& on_end)>& request_run) {
    http::Response response;
    response.later = [=](const http::Respond& respond) {
        const RunRequest outcome =
            request_run([=](const JobRecord& record) { respond(answer_run(record, answer_of)); });
        if (outcome == RunRequest::busy) {
            respond(http::error_response(409, "the job " + name + " runs or waits already"));
        } else if (outcome == RunRequest::stopping) {
            respond(http::error_response(503, "analyticsd is stopping"));
        }
    };
    return response;
}

void write_report(JsonText& json, const JobRecord& record) {
    json.open_object("report");
    for (const auto& [name, value] : record.report) json.integer(name, value);
    json.close_object();
}

http::Response run_response(const JobRecord& record) {
    const std::int64_t started_ms = record.started_at_ms.value_or(0);
    const std::int64_t finished_ms = record.finished_at_ms.value_or(started_ms);
    JsonText json;
    json.open_object();
    json.text("job", record.name);
    json.text("state", to_string(record.state));
    json.time("started_at", started_ms);
    json.time("finished_at", finished_ms);
    json.integer("duration_ms", finished_ms - started_ms);
    write_report(json, record);
    json.close_object();
    return http::json_response(200, json.str());
}

/// The regular run of a job, now.
http::Response run_regular(Scheduler& scheduler, const std::string& name) {
    return run_and_answer(name, run_response, [&scheduler, name](const Scheduler::OnEnd& on_end) {
        return scheduler.run_now(name, on_end);
    });
}

/// Deletes by another rule than the regular run does.
http::Response run_retention(const Call& call, const RetentionRule& rule, AnswerOf answer_of) {
    Scheduler& scheduler = call.worker.services.scheduler;
    return run_and_answer(std::string(Retention::job_name), std::move(answer_of),
                          [&scheduler, rule](const Scheduler::OnEnd& on_end) {
                              return scheduler.run_now(std::make_unique<Retention>(rule), on_end);
                          });
}

/// The members of the query, and those of the body where there is one.
Result<std::vector<http::Field>> range_fields(const http::Request& request) {
    std::vector<http::Field> fields = request.query;
    if (request.body.empty()) return fields;
    const Result<rapidjson::Document> body = parse_body(request.body, {"from_date", "to_date"});
    if (!body) return body.error();
    for (const auto& member : body->GetObject()) {
        const std::string name = member.name.GetString();
        if (!member.value.IsString()) return Error{name + ": must be a text"};
        fields.push_back({name, {member.value.GetString(), member.value.GetStringLength()}});
    }
    return fields;
}

std::optional<std::int64_t> read_day(Params& params, const std::string& name) {
    const std::optional<std::string> text = params.text(name);
    if (!text) return std::nullopt;
    const Result<std::int64_t> day = parse_day_number(*text);
    if (day) return *day;
    params.fail(name, day.error().message);
    return std::nullopt;
}

void write_job(JsonText& json, const JobStatus& job) {
    const JobRecord& record = job.record;
    const std::int64_t interval_s = job.interval.count() / 1000;
    json.open_object();
    json.text("name", record.name);
    json.text("state", to_string(record.state));
    json.boolean("waiting", job.waiting);
    json.integer_or_null("interval_seconds",
                         interval_s > 0 ? std::optional(interval_s) : std::nullopt);
    json.time_or_null("started_at", record.started_at_ms);
    json.time_or_null("finished_at", record.finished_at_ms);
    json.time_or_null("next_due_at", record.next_due_ms);
    write_report(json, record);
    json.text_or_null("error", record.error);
    json.close_object();
}

}  // namespace

void write_jobs(JsonText& json, const Scheduler& scheduler) {
    json.open_array("jobs");
    for (const JobStatus& job : scheduler.status()) write_job(json, job);
    json.close_array();
}

http::Response list_jobs(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    JsonText json;
    json.open_object();
    write_jobs(json, call.worker.services.scheduler);
    json.close_object();
    return http::json_response(200, json.str());
}

http::Response run_aggregate(const Call& call) {
    const auto fields = range_fields(call.request);
    if (!fields) return http::error_response(400, fields.error().message);
    Params params(*fields);
    const DayRange range{read_day(params, "from_date"), read_day(params, "to_date")};
    if (range.from_day && range.to_day && *range.from_day > *range.to_day) {
        params.fail("from_date", "must not be after to_date");
    }
    if (const auto error = params.error()) return http::error_response(400, error->message);
    Scheduler& scheduler = call.worker.services.scheduler;
    const std::string name(Aggregator::job_name);
    if (!range.from_day && !range.to_day) return run_regular(scheduler, name);
    return run_and_answer(name, run_response, [&scheduler, range](const Scheduler::OnEnd& on_end) {
        return scheduler.run_now(std::make_unique<Aggregator>(range), on_end);
    });
}

http::Response run_compress(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    return run_regular(call.worker.services.scheduler, std::string(Compressor::job_name));
}

http::Response run_retain(const Call& call) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    return run_regular(call.worker.services.scheduler, std::string(Retention::job_name));
}

http::Response delete_old_logs(const Call& call) {
    Params params(call.request.query);
    const std::int64_t days = params.integer("days", 1, max_days).value_or(default_log_days);
    if (const auto error = params.error()) return http::error_response(400, error->message);
    return run_retention(call, {days, 0}, [days](const JobRecord& record) {
        JsonText json;
        json.open_object();
        json.integer("deleted", Retention::logs_deleted(record.report));
        json.integer("days", days);
        json.close_object();
        return http::json_response(200, json.str());
    });
}

http::Response delete_conversations_of_token(const Call& call) {
    Params params(call.request.query);
    const std::string token_id = params.text("token_id").value_or("");
    if (token_id.empty()) params.fail("token_id", "is required");
    if (const auto error = params.error()) return http::error_response(400, error->message);
    return run_retention(call, {0, 0, token_id}, [token_id](const JobRecord& record) {
        JsonText json;
        json.open_object();
        json.integer("deleted", Retention::conversations_deleted(record.report));
        json.text("token_id", token_id);
        json.close_object();
        return http::json_response(200, json.str());
    });
}

}  // namespace ccproxy::analytics
