// A conversation as JSON, and the filters of lists and exports.
#pragma once

#include "analytics/api/json_text.hpp"
#include "analytics/api/params.hpp"
#include "analytics/store/conversations.hpp"

namespace ccproxy::analytics {

/// What is wrong is noted in `params`.
ConversationFilter read_conversation_filter(Params& params);

/// The members of an open object, without the content.
void write_summary(JsonText& json, const ConversationSummary& summary);
/// An object; of a list, without the content.
void write_conversation(JsonText& json, const ConversationSummary& summary);
/// An object with the content.
void write_conversation(JsonText& json, const ConversationDetail& conversation);

}  // namespace ccproxy::analytics
