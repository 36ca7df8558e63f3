// The export of conversations: all that fit the filters, in full, the oldest first.
#include "analytics/api/conversation_text.hpp"
#include "analytics/api/export.hpp"
#include "analytics/api/handlers.hpp"

namespace ccproxy::analytics {
namespace {

/// A piece has one conversation, however large, and others behind it up to these bounds.
constexpr std::size_t enough_bytes = 256 * 1024;
constexpr int most_steps = 20;

/// Has a reader of its own, since its pieces are made by whichever thread is free.
class ConversationSource final : public http::BodySource {
  public:
    ConversationSource(std::unique_ptr<StoreReader> reader, const ConversationFilter& filter,
                       ExportFormat format, ExportCounters& counters)
        : reader_(std::move(reader)),
          filter_(filter),
          is_array_(format == ExportFormat::json),
          counters_(counters) {}

    bool next(std::string& piece) override {
        if (!walk_) {
            count_.emplace(counters_);
            walk_ = reader_->begin_conversation_walk(filter_);
            if (is_array_) piece.append("[");
        }
        for (int step = 0; step < most_steps && piece.size() < enough_bytes; ++step) {
            const auto conversation = reader_->next_conversation(*walk_);
            if (conversation) add(*conversation, piece);
            if (walk_->at_end) {
                if (is_array_) piece.append("\n]\n");
                count_->complete();
                return false;
            }
        }
        return true;
    }

  private:
    void add(const ConversationDetail& conversation, std::string& piece) {
        if (is_array_) piece.append(is_first_ ? "\n" : ",\n");
        is_first_ = false;
        JsonText json;
        write_conversation(json, conversation);
        piece.append(json.view());
        if (!is_array_) piece.push_back('\n');
    }

    const std::unique_ptr<StoreReader> reader_;
    const ConversationFilter filter_;
    const bool is_array_;
    ExportCounters& counters_;
    bool is_first_ = true;
    std::optional<ExportCount> count_;
    std::optional<ConversationWalk> walk_;
};

}  // namespace

http::Response export_conversations(const Call& call) {
    Params params(call.request.query);
    const ConversationFilter filter = read_conversation_filter(params);
    const auto name = params.choice("format", {"json", "jsonl"});
    if (const auto error = params.error()) return http::error_response(400, error->message);
    const ExportFormat format = parse_export_format(name.value_or("json")).value();
    const Services& services = call.worker.services;
    return export_response("conversations", format, services.clock.unix_ms(),
                           std::make_shared<ConversationSource>(services.open_reader(), filter,
                                                                format, call.worker.exports));
}

}  // namespace ccproxy::analytics
