// The store on SQLite: how to open it. What it does stands in store.hpp.
#pragma once

#include <memory>
#include <string>

#include "analytics/store/store.hpp"
#include "analytics/time/day_zone.hpp"
#include "common/clock.hpp"

namespace ccproxy::analytics {

/// Opens the database, creating or migrating it as needed. `zone` decides what a day is: where it
/// differs from the one that the daily figures are kept in, they are computed anew from the logs.
/// `clock` must outlive the store. Throws std::runtime_error, with a message for the operator, when
/// the file cannot be used or belongs to something else.
std::unique_ptr<StoreWriter> open_sqlite_writer(const std::string& path, const DayZone& zone,
                                                const Clock& clock,
                                                QuarantineLimits quarantine = {},
                                                ConversationOptions conversations = {});

/// Opens an existing database for reading. Throws std::runtime_error.
std::unique_ptr<StoreReader> open_sqlite_reader(const std::string& path);

}  // namespace ccproxy::analytics
