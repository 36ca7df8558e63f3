// The jobs: how they stand, and runs that are asked for. Such a call is answered when the run has
// ended, and no thread waits meanwhile.
#include "analytics/api/jobs.hpp"

#include "analytics/api/handlers.hpp"
#include "analytics/api/params.hpp"
#include "analytics/jobs/retention.hpp"

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
http::Response run_regular(const Call& call, const std::string& name) {
    if (auto refusal = refuse_parameters(call)) return *refusal;
    Scheduler& scheduler = call.worker.services.scheduler;
    return run_and_answer(name, run_response, [&scheduler, name](const Scheduler::OnEnd& on_end) {
        return scheduler.run_now(name, on_end);
    });
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

http::Response run_retain(const Call& call) {
    return run_regular(call, std::string(Retention::job_name));
}

http::Response delete_old_logs(const Call& call) {
    Params params(call.request.query);
    const std::int64_t days = params.integer("days", 1, max_days).value_or(default_log_days);
    if (const auto error = params.error()) return http::error_response(400, error->message);
    const auto answer_of = [days](const JobRecord& record) {
        JsonText json;
        json.open_object();
        json.integer("deleted", Retention::logs_deleted(record.report));
        json.integer("days", days);
        json.close_object();
        return http::json_response(200, json.str());
    };
    Scheduler& scheduler = call.worker.services.scheduler;
    return run_and_answer(std::string(Retention::job_name), answer_of,
                          [&scheduler, days](const Scheduler::OnEnd& on_end) {
                              return scheduler.run_now(
                                  std::make_unique<Retention>(RetentionRule{days}), on_end);
                          });
}

}  // namespace ccproxy::analytics
