// The handlers of the API, one a call. The table in routes.cpp says which call is whose.
#pragma once

#include "analytics/api/call.hpp"

namespace ccproxy::analytics {

// tokens.cpp
http::Response generate_token(const Call& call);
http::Response list_tokens(const Call& call);
http::Response revoke_token(const Call& call);
http::Response change_token_settings(const Call& call);
http::Response show_own_token(const Call& call);

// logs.cpp
http::Response list_request_logs(const Call& call);
http::Response show_request_log(const Call& call);

// export_conversations.cpp
http::Response export_conversations(const Call& call);

// export_logs.cpp
http::Response export_request_logs(const Call& call);

// jobs.cpp
http::Response list_jobs(const Call& call);
http::Response run_aggregate(const Call& call);
http::Response run_compress(const Call& call);
http::Response run_retain(const Call& call);
http::Response delete_old_logs(const Call& call);
http::Response delete_conversations_of_token(const Call& call);

// conversation_search.cpp
http::Response search_conversations(const Call& call);

// conversations.cpp
http::Response list_conversations(const Call& call);
http::Response show_conversation(const Call& call);
http::Response delete_conversation(const Call& call);

// quarantine.cpp
http::Response list_quarantine(const Call& call);
http::Response show_quarantined(const Call& call);
http::Response delete_quarantined(const Call& call);
http::Response retry_quarantined(const Call& call);

// stats.cpp
http::Response show_token_stats(const Call& call);
http::Response show_account_stats(const Call& call);
http::Response show_token_trend(const Call& call);
http::Response show_account_trend(const Call& call);

// stats_overview.cpp
http::Response show_overview(const Call& call);
http::Response show_realtime(const Call& call);
http::Response list_top_tokens(const Call& call);
http::Response list_top_models(const Call& call);

// stats_breakdown.cpp
http::Response show_breakdown(const Call& call);

// metrics.cpp
http::Response show_metrics(const Call& call);

// openapi.cpp
http::Response show_openapi(const Call& call);

// system.cpp
http::Response show_system_status(const Call& call);
http::Response show_accounts(const Call& call);
http::Response show_health(const Call& call);
http::Response show_readiness(const Call& call);

}  // namespace ccproxy::analytics
