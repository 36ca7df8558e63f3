// Searching conversations by their words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analytics/store/conversations.hpp"
#include "common/result.hpp"

namespace ccproxy::analytics {

/// Pages by number reach this many finds; cursors reach all of them.
inline constexpr std::int64_t max_search_depth = 10'000;

/// `cursor` comes from the page before and wins over `page`; it is opaque, and bound to query and
/// token.
struct SearchRequest {
    std::string query;                    ///< As it was typed; see search/query.hpp.
    std::optional<std::string> token_id;  ///< Absent: the conversations of all tokens.
    std::int64_t page = 0;
    std::int64_t limit = 50;
    std::string cursor;
};

struct FoundConversation {
    ConversationSummary summary;
    std::string snippet;         ///< As HTML; see search/snippet.hpp.
    bool in_completion = false;  ///< The snippet is of the answer, else of the prompt.
};

struct SearchPage {
    std::vector<FoundConversation> conversations;  ///< The best first.
    std::int64_t total = 0;                        ///< Over all pages, as of the first.
    bool total_is_exact = true;                    ///< Else there are at least so many.
    std::string next_cursor;                       ///< Empty on the last page.
};

/// Part of StoreWriter.
class SearchWriter {
  public:
    virtual ~SearchWriter() = default;

    /// Makes the conversations found that append() left for later.
    virtual void index_conversations() = 0;
    /// What is deleted is found no more at once, but its words leave the file only as the index is
    /// written anew, which is worth while when a tenth of it has been deleted. Writes about
    /// `max_pages` of 4 KB; true when there may be more to do.
    virtual bool compact_search(std::int64_t max_pages) = 0;
};

/// Part of StoreReader.
class SearchReader {
  public:
    virtual ~SearchReader() = default;

    /// Searches the prompts and the answers. Fails, with a message that names the parameter, when
    /// the query holds nothing to search for, the page lies beyond max_search_depth, or the cursor
    /// is malformed or of another search.
    virtual Result<SearchPage> search_conversations(const SearchRequest& request) = 0;
};

}  // namespace ccproxy::analytics
