// The jobs' last runs, a row each.
#pragma once

#include <SQLiteCpp/Database.h>

#include <vector>

#include "analytics/store/jobs.hpp"

namespace ccproxy::analytics {

/// See JobWriter and JobReader.
void save_job(SQLite::Database& database, const JobRecord& record);
std::vector<JobRecord> read_jobs(SQLite::Database& database);

}  // namespace ccproxy::analytics
