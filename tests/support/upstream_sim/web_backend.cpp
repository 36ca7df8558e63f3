// The chat backend.
#include "tests/support/upstream_sim/web_backend.hpp"

#include <string_view>
#include <utility>

#include "tests/support/upstream_sim/answer.hpp"
#include "tests/support/upstream_sim/errors.hpp"
#include "tests/support/upstream_sim/json_text.hpp"
#include "tests/support/upstream_sim/messages_request.hpp"
#include "tests/support/upstream_sim/send_plain.hpp"
#include "tests/support/upstream_sim/send_stream.hpp"

namespace upstream_sim {
namespace {

constexpr std::size_t kConversationLimit = 100'000;
constexpr std::string_view kOrganizations =
    R"([{"uuid":"0b9d4f3a-0000-4000-8000-000000000001","name":"API only","capabilities":["api"]},)"
    R"({"uuid":"0b9d4f3a-0000-4000-8000-000000000002","name":"Team","capabilities":["chat"]}])";
constexpr std::string_view kPage =
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>no</body></html>";

/// The member of a flat JSON object, without its escapes undone.
std::string member(std::string_view json, std::string_view name) {
    const std::string quoted_name = quoted(name);
    const auto at = json.find(quoted_name);
    if (at == std::string_view::npos) return {};
    const auto from = json.find('"', at + quoted_name.size());
    if (from == std::string_view::npos) return {};
    const auto to = json.find('"', from + 1);
    return std::string(json.substr(from + 1, to == std::string_view::npos ? 0 : to - from - 1));
}

asio::awaitable<Ending> fail(Exchange& exchange, int status, std::string_view message) {
    const Steering& s = exchange.steering;
    PlainAnswer answer;
    answer.status = status;
    answer.fields = exchange.api_fields();
    std::string said(message);
    if (s.resets_in) {
        const std::string at =
            std::to_string(now_ms() / 1000 + static_cast<std::int64_t>(*s.resets_in));
        said = joined({R"({"type":"exceeded_limit","resetsAt":)", at, R"(,"remaining":0})"});
    }
    answer.body = joined({R"({"type":"error","error":{"type":)", quoted(error_type(status)),
                          R"(,"message":)", quoted(said), "}}"});
    if (s.html) {
        answer.body = kPage;
        answer.content_type = "text/html; charset=utf-8";
    }
    co_return co_await send_plain(exchange, answer);
}

asio::awaitable<Ending> succeed(Exchange& exchange, int status, std::string json) {
    PlainAnswer answer;
    answer.status = status;
    answer.body = std::move(json);
    answer.fields = exchange.api_fields();
    co_return co_await send_plain(exchange, answer);
}

bool has_session(const Exchange& exchange) {
    static constexpr std::string_view kName = "sessionKey=";
    const std::string* cookie = exchange.request.header("cookie");
    if (cookie == nullptr || !cookie->starts_with(kName)) return false;
    const std::string& required = exchange.context.options.require_key;
    const std::string_view key = std::string_view(*cookie).substr(kName.size());
    return !key.empty() && (required.empty() || key == required);
}

asio::awaitable<Ending> create(Exchange& exchange) {
    const std::string uuid = member(exchange.request.body, "uuid");
    auto& conversations = exchange.context.web.conversations;
    if (uuid.size() != 36) co_return co_await fail(exchange, 400, "uuid: Field required");
    if (conversations.size() >= kConversationLimit) conversations.clear();
    if (!conversations.insert(exchange.request.path + "/" + uuid).second) {
        co_return co_await fail(exchange, 409, "Conversation exists");
    }
    std::string json = joined({R"({"uuid":)", quoted(uuid), R"(,"name":""})"});
    co_return co_await succeed(exchange, 201, std::move(json));
}

asio::awaitable<Ending> complete(Exchange& exchange) {
    const Request& request = exchange.request;
    const MessagesRequest asked = read_web_request(request.body);
    exchange.record.model = asked.model;
    exchange.record.stream = true;
    if (!asked.problem.empty()) co_return co_await fail(exchange, 400, asked.problem);
    const std::string conversation = request.path.substr(0, request.path.rfind('/'));
    if (!exchange.context.web.conversations.contains(conversation)) {
        co_return co_await fail(exchange, 404, "Conversation not found");
    }
    const Answer answer =
        make_answer(asked, exchange.steering, request.body.size(), exchange.context.ids);
    const bool older = exchange.steering.dialect == "completion";
    const Script::Style style = older ? Script::Style::kWebCompletion : Script::Style::kWebMessages;
    if (exchange.steering.garbage == "json") {
        co_return co_await succeed(exchange, 200, message_json(answer, exchange.steering));
    }
    co_return co_await send_stream(exchange, 200, answer, style);
}

std::string_view name_of(Route route) {
    switch (route) {
        case Route::kOrganizations:
            return "organizations";
        case Route::kConversations:
            return "create";
        case Route::kConversation:
            return "delete";
        default:
            return {};
    }
}

}  // namespace

bool is_web(Route route) {
    return route == Route::kCompletion || !name_of(route).empty();
}

asio::awaitable<Ending> web_call(Exchange& exchange, Route route, std::string steering_problem) {
    const auto steered = exchange.context.web.steering.find(std::string(name_of(route)));
    if (steered != exchange.context.web.steering.end()) {
        const std::string only = steered->second.for_key.value_or("");
        if (exchange.request.credential_ends_with(only)) exchange.steering = steered->second;
    }
    if (!has_session(exchange)) {
        co_return co_await fail(exchange, 403, "Invalid authorization");
    }
    if (!steering_problem.empty()) {
        const std::string problem = joined({"x-sim: ", steering_problem});
        co_return co_await fail(exchange, 400, problem);
    }
    Ending fault;
    const bool goes_on = co_await faults_before_head(exchange, fault);
    if (!goes_on) co_return fault;
    const int status = exchange.steered_status();
    if (status >= 300) co_return co_await fail(exchange, status, error_message(status));
    if (route == Route::kCompletion) co_return co_await complete(exchange);
    if (route == Route::kConversations) co_return co_await create(exchange);
    if (route == Route::kOrganizations) {
        co_return co_await succeed(exchange, 200, std::string(kOrganizations));
    }
    if (exchange.context.web.conversations.erase(exchange.request.path) == 0) {
        co_return co_await fail(exchange, 404, "Conversation not found");
    }
    co_return co_await succeed(exchange, 204, "");
}

std::string steer_web(Exchange& exchange) {
    static constexpr std::string_view kPrefix = "/sim/web/";
    const std::string call = exchange.request.path.substr(kPrefix.size());
    if (call != "organizations" && call != "create" && call != "delete") {
        return "the calls are organizations, create, delete";
    }
    Steering steering;
    std::string problem = read_steering(exchange.request.body, steering);
    if (problem.empty()) exchange.context.web.steering[call] = steering;
    return problem;
}

std::string web_json(const WebBackend& web) {
    std::string out = R"({"conversations":[)";
    for (const std::string& path : web.conversations) {
        if (out.back() != '[') out += ',';
        out += quoted(to_utf8(path));
    }
    return out + "]}";
}

}  // namespace upstream_sim
