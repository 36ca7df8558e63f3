#include "proto/account_report.hpp"

#include <algorithm>

#include "common/time_text.hpp"
#include "common/utf8.hpp"

namespace ccproxy {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr std::size_t max_text_bytes = 256;
constexpr std::size_t max_url_bytes = 2048;
constexpr std::size_t max_error_bytes = 1024;
constexpr std::size_t max_listed = 32;

/// Writes members one after the other, either as a control message has them, or as an API shows
/// them.
class Members {
  public:
    Members(Writer& writer, bool shown) : writer_(writer), shown_(shown) {}

    void text(const char* name, const std::string& value, std::size_t max_bytes = max_text_bytes) {
        writer_.Key(name);
        writer_.String(clean_utf8(value, max_bytes));
    }
    /// Empty stands for not known.
    void optional_text(const char* name, const std::string& value,
                       std::size_t max_bytes = max_text_bytes) {
        if (value.empty()) return missing(name);
        text(name, value, max_bytes);
    }
    void integer(const char* name, std::int64_t value) {
        writer_.Key(name);
        writer_.Int64(value);
    }
    void optional_integer(const char* name, const std::optional<std::int64_t>& value) {
        if (!value) return missing(name);
        integer(name, *value);
    }
    void optional_number(const char* name, const std::optional<double>& value) {
        if (!value) return missing(name);
        writer_.Key(name);
        writer_.Double(*value);
    }
    void boolean(const char* name, bool value) {
        writer_.Key(name);
        writer_.Bool(value);
    }
    /// `name` without `_ms`.
    void optional_time(const std::string& name, const std::optional<std::int64_t>& unix_ms) {
        if (!shown_) return optional_integer((name + "_ms").c_str(), unix_ms);
        if (!unix_ms) return missing(name.c_str());
        text(name.c_str(), format_time(*unix_ms));
    }

  private:
    void missing(const char* name) {
        if (!shown_) return;
        writer_.Key(name);
        writer_.Null();
    }

    Writer& writer_;
    const bool shown_;
};

void write_limit(Writer& writer, const LimitReport& limit, bool shown) {
    Members members(writer, shown);
    writer.StartObject();
    members.text("name", limit.name);
    members.optional_number("used", limit.used);
    members.optional_integer("limit", limit.limit);
    members.optional_integer("remaining", limit.remaining);
    members.optional_time("reset_at", limit.reset_at_ms);
    members.boolean("rejected", limit.rejected);
    writer.EndObject();
}

void write_paused_models(Writer& writer, const std::vector<PausedModel>& models, bool shown) {
    Members members(writer, shown);
    writer.Key("paused_models");
    writer.StartArray();
    for (const PausedModel& paused : models) {
        writer.StartObject();
        members.text("model", paused.model);
        members.optional_time("until", paused.until_ms);
        writer.EndObject();
    }
    writer.EndArray();
}

void write_last_error(Writer& writer, const AccountReport& report, bool shown) {
    Members members(writer, shown);
    if (!report.last_error_at_ms) {
        if (shown) writer.Key("last_error"), writer.Null();
        return;
    }
    writer.Key("last_error");
    writer.StartObject();
    members.optional_time("at", report.last_error_at_ms);
    members.optional_integer("status", report.last_error_status == 0
                                           ? std::nullopt
                                           : std::optional(report.last_error_status));
    members.text("message", report.last_error, max_error_bytes);
    writer.EndObject();
}

void write_members(Writer& writer, const AccountReport& report, bool shown) {
    Members members(writer, shown);
    writer.StartObject();
    members.text("id", report.id);
    members.text("mode", report.mode);
    members.text("base_url", report.base_url, max_url_bytes);
    members.integer("weight", report.weight);
    members.integer("max_concurrent", report.max_concurrent);
    members.integer("in_flight", report.in_flight);
    members.text("state", report.state);
    members.optional_time("cooldown_until", report.cooldown_until_ms);
    write_paused_models(writer, report.paused_models, shown);
    members.optional_text("unified_status", report.unified_status);
    writer.Key("windows");
    writer.StartArray();
    for (const LimitReport& limit : report.windows) write_limit(writer, limit, shown);
    writer.EndArray();
    members.integer("requests", static_cast<std::int64_t>(report.requests));
    members.integer("failures", static_cast<std::int64_t>(report.failures));
    write_last_error(writer, report, shown);
    writer.EndObject();
}

LimitReport read_limit(JsonFields& fields) {
    LimitReport limit;
    limit.name = fields.required_text("name", max_text_bytes);
    if (const rapidjson::Value* used = fields.find("used")) {
        if (!used->IsNumber()) fields.fail("used", "must be a number");
        if (used->IsNumber()) limit.used = used->GetDouble();
    }
    limit.limit = fields.integer("limit");
    limit.remaining = fields.integer("remaining");
    limit.reset_at_ms = fields.integer("reset_at_ms");
    limit.rejected = fields.boolean("rejected");
    return limit;
}

PausedModel read_paused_model(JsonFields& fields) {
    return {fields.text("model", max_text_bytes), fields.required_integer("until_ms")};
}

/// What `read_item` makes of each element; what is wrong is noted in `fields`.
template <class Item>
std::vector<Item> read_list(JsonFields& fields, const char* name, Item (*read_item)(JsonFields&)) {
    std::vector<Item> items;
    const rapidjson::Value* list = fields.find(name);
    if (list == nullptr) return items;
    if (!list->IsArray() || list->Size() > max_listed) {
        fields.fail(name, "must be a list of no more than 32 entries");
        return items;
    }
    for (const rapidjson::Value& item : list->GetArray()) {
        JsonFields members(item);
        items.push_back(read_item(members));
        if (members.error()) fields.fail(name, "holds an entry that cannot be read");
    }
    return items;
}

void read_last_error(JsonFields& fields, AccountReport& report) {
    const rapidjson::Value* value = fields.find("last_error");
    if (value == nullptr) return;
    JsonFields members(*value);
    report.last_error_at_ms = members.required_integer("at_ms");
    report.last_error_status = members.integer("status", 100, 999).value_or(0);
    report.last_error = members.text("message", max_error_bytes);
    if (members.error()) fields.fail("last_error", "cannot be read");
}

}  // namespace

void write_account_report(Writer& writer, const AccountReport& report) {
    write_members(writer, report, false);
}

void show_account_report(Writer& writer, const AccountReport& report) {
    write_members(writer, report, true);
}

Result<AccountReport> read_account_report(const rapidjson::Value& value) {
    JsonFields fields(value);
    AccountReport report;
    report.id = fields.required_text("id", max_text_bytes);
    report.mode = fields.text("mode", max_text_bytes);
    report.base_url = fields.text("base_url", max_url_bytes);
    report.weight = fields.required_integer("weight");
    report.max_concurrent = fields.required_integer("max_concurrent");
    report.in_flight = fields.required_integer("in_flight");
    report.state = fields.required_text("state", max_text_bytes);
    report.cooldown_until_ms = fields.integer("cooldown_until_ms");
    report.unified_status = fields.text("unified_status", max_text_bytes);
    report.paused_models = read_list(fields, "paused_models", read_paused_model);
    report.windows = read_list(fields, "windows", read_limit);
    report.requests = static_cast<std::uint64_t>(fields.required_integer("requests"));
    report.failures = static_cast<std::uint64_t>(fields.required_integer("failures"));
    read_last_error(fields, report);
    if (fields.error()) return *fields.error();
    return report;
}

}  // namespace ccproxy
