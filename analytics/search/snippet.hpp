// The piece of a text that shows why a search has found it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/search/tokens.hpp"

namespace ccproxy::analytics {

/// How much of the text a snippet shows.
inline constexpr std::size_t max_snippet_bytes = 320;
/// Further on nothing is looked for, so that a page of huge texts is shown in time too.
inline constexpr std::size_t max_snippet_text_bytes = 512 * 1024;

/// What a term of the search is made of.
struct SnippetTerm {
    std::vector<std::string> tokens;  ///< Side by side; not empty.
    bool prefix = false;              ///< Of its last token the beginning is enough.
};

struct Snippet {
    /// For a web page: what HTML would take for markup is escaped (&amp; &lt; &gt; &quot; &#39;),
    /// and the only tags are <mark> and </mark> around what was searched. White space is one blank.
    /// An ellipsis stands where the text goes on.
    std::string html;
    std::size_t terms = 0;  ///< Different terms in it.
    std::size_t marks = 0;
};

/// Cuts a document's text into tokens; see split_tokens().
using DocumentSplitter = std::function<void(std::string_view text, const TokenSink&)>;

/// The place with the most of the terms; the beginning when there are none. The answer is UTF-8
/// when the text is.
Snippet make_snippet(std::string_view text, const std::vector<SnippetTerm>& terms,
                     const DocumentSplitter& split);

}  // namespace ccproxy::analytics
