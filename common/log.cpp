#include "common/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace ccproxy {

void set_up_log(const std::string& program, const std::string& level) {
    auto logger = std::make_shared<spdlog::logger>(
        program, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(spdlog::level::from_str(level));
    logger->flush_on(spdlog::level::trace);
    const bool under_systemd = std::getenv("JOURNAL_STREAM") != nullptr;
    logger->set_pattern(under_systemd ? "%l %v" : "%Y-%m-%dT%H:%M:%S.%eZ %n %l %v",
                        spdlog::pattern_time_type::utc);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace ccproxy
