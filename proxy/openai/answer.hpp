// An upstream's answer to a call in OpenAI's format, translated as it arrives.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.hpp"
#include "proxy/http/head.hpp"
#include "proxy/openai/call.hpp"
#include "proxy/openai/stream.hpp"
#include "proxy/tap/inflater.hpp"

namespace ccproxy::openai {

/// One an answer. Pure: bytes in, bytes out.
class AnswerTranslator {
  public:
    /// What is held of an answer that is not a stream; more is refused.
    static constexpr std::size_t max_answer_bytes = 32 * 1024 * 1024;

    /// `models` outlives this object; `created_s` is the time to state, in Unix seconds.
    AnswerTranslator(const Call& call, const http1::ResponseHead& response, const ModelMap& models,
                     std::int64_t created_s);

    /// Whether the client gets the answer as it arrives, or whole at its end.
    [[nodiscard]] bool streams() const { return stream_.has_value(); }
    /// The fields that the client gets, the answer's own framing left to the caller.
    [[nodiscard]] http1::Fields fields(const http1::Fields& answered,
                                       std::string_view request_id) const;

    /// Appends to `out` what the client gets for `bytes`; `end` says that no more follow. Fails
    /// when the answer cannot be read or is not what was called for.
    Result<void> feed(std::string_view bytes, bool end, std::string& out);

  private:
    bool take_text(std::string_view text, std::string& out);
    Result<std::string> translate_whole() const;

    Call call_;
    int status_;
    const ModelMap& models_;
    std::int64_t created_s_;
    bool readable_ = true;  ///< Its coding is one of those that were asked for, or gzip.
    std::unique_ptr<tap::Inflater> inflater_;
    std::optional<StreamTranslator> stream_;
    std::string whole_;
};

}  // namespace ccproxy::openai
