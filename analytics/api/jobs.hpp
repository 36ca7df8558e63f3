// The jobs as the API shows them.
#pragma once

#include "analytics/api/json_text.hpp"
#include "analytics/jobs/scheduler.hpp"

namespace ccproxy::analytics {

/// The member `jobs`: how each stands.
void write_jobs(JsonText& json, const Scheduler& scheduler);

}  // namespace ccproxy::analytics
