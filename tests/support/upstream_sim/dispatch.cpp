// From a whole request to its answer.
#include "tests/support/upstream_sim/dispatch.hpp"

#include <string_view>
#include <utility>

#include "tests/support/upstream_sim/answer.hpp"
#include "tests/support/upstream_sim/errors.hpp"
#include "tests/support/upstream_sim/json_text.hpp"
#include "tests/support/upstream_sim/messages_request.hpp"
#include "tests/support/upstream_sim/models.hpp"
#include "tests/support/upstream_sim/routes.hpp"
#include "tests/support/upstream_sim/send_plain.hpp"
#include "tests/support/upstream_sim/send_stream.hpp"
#include "tests/support/upstream_sim/sim_endpoints.hpp"
#include "tests/support/upstream_sim/web_backend.hpp"

namespace upstream_sim {
namespace {

asio::awaitable<Ending> fail(Exchange& exchange, int status, std::string_view message) {
    PlainAnswer answer = api_error(exchange, status, message);
    co_return co_await send_plain(exchange, answer);
}

asio::awaitable<Ending> succeed(Exchange& exchange, int status, std::string json) {
    PlainAnswer answer;
    answer.status = status;
    answer.body = std::move(json);
    answer.fields = exchange.api_fields();
    co_return co_await send_plain(exchange, answer);
}

/// What is wrong with the credentials; empty when they will do.
std::string credential_problem(const Request& request, const std::string& required) {
    if (required.empty()) return {};
    const std::string* key = request.header("x-api-key");
    const std::string* bearer = request.header("authorization");
    if (key == nullptr && bearer == nullptr) return "x-api-key header is required";
    if (key != nullptr && *key == required) return {};
    if (bearer != nullptr && *bearer == "Bearer " + required) return {};
    return "invalid x-api-key";
}

asio::awaitable<Ending> messages(Exchange& exchange, int status) {
    const Request& request = exchange.request;
    Record& record = exchange.record;
    const MessagesRequest asked = read_messages_request(request.body, false);
    record.model = asked.model;
    record.stream = asked.stream;
    if (status >= 300) co_return co_await fail(exchange, status, error_message(status));
    if (request.header("anthropic-version") == nullptr) {
        co_return co_await fail(exchange, 400, "anthropic-version: header is required");
    }
    if (!asked.problem.empty()) co_return co_await fail(exchange, 400, asked.problem);

    const Answer answer =
        make_answer(asked, exchange.steering, request.body.size(), exchange.context.ids);
    if (asked.stream && status == 200 && exchange.steering.garbage != "json") {
        co_return co_await send_stream(exchange, status, answer, Script::Style::kApi);
    }
    record.input_tokens = answer.usage.input;
    record.cache_creation_5m_tokens = answer.usage.cache_5m;
    record.cache_creation_1h_tokens = answer.usage.cache_1h;
    record.cache_read_tokens = answer.usage.cache_read;
    record.output_tokens = answer.usage.output;
    record.stop_reason = answer.stop_reason;
    co_return co_await succeed(exchange, status, message_json(answer, exchange.steering));
}

asio::awaitable<Ending> count_tokens(Exchange& exchange) {
    const Request& request = exchange.request;
    const MessagesRequest asked = read_messages_request(request.body, true);
    exchange.record.model = asked.model;
    if (request.header("anthropic-version") == nullptr) {
        co_return co_await fail(exchange, 400, "anthropic-version: header is required");
    }
    if (!asked.problem.empty()) co_return co_await fail(exchange, 400, asked.problem);
    const Answer answer =
        make_answer(asked, exchange.steering, request.body.size(), exchange.context.ids);
    std::string json = R"({"input_tokens":)";
    json += std::to_string(answer.usage.input);
    json += '}';
    co_return co_await succeed(exchange, 200, std::move(json));
}

asio::awaitable<Ending> models(Exchange& exchange) {
    int status = 200;
    std::string json = models_json(exchange.request.query, status);
    if (status != 200) co_return co_await fail(exchange, status, json);
    co_return co_await succeed(exchange, 200, std::move(json));
}

asio::awaitable<Ending> model(Exchange& exchange) {
    const std::string id = exchange.request.path.substr(std::string_view("/v1/models/").size());
    std::string json = model_json(id);
    if (json.empty()) co_return co_await fail(exchange, 404, error_message(404));
    co_return co_await succeed(exchange, 200, std::move(json));
}

asio::awaitable<Ending> wrong_method(Exchange& exchange, std::string_view allow) {
    PlainAnswer answer = api_error(exchange, 405, error_message(405));
    answer.fields.emplace_back("allow", allow);
    co_return co_await send_plain(exchange, answer);
}

/// The endpoints that are not the API's, and are neither authenticated nor steered.
asio::awaitable<Ending> own_endpoint(Exchange& exchange, Route route) {
    exchange.steering = {};
    PlainAnswer answer;
    if (route == Route::kLedger && exchange.request.method != "DELETE") {
        co_return co_await send_ledger(exchange);
    }
    if (route == Route::kLedger) {
        exchange.context.ledger.clear();
        answer.status = 204;
    } else if (route == Route::kStats) {
        answer.body = stats_json(exchange.context);
    } else if (route == Route::kWeb) {
        answer.body = web_json(exchange.context.web);
    } else if (route == Route::kWebSteering) {
        answer.body = steer_web(exchange);
        if (!answer.body.empty()) answer.status = 400;
        if (answer.status == 200) answer.status = 204;
    } else {
        answer.body = R"({"status":"ok"})";
    }
    co_return co_await send_plain(exchange, answer);
}

bool is_own(Route route) {
    return route == Route::kRoot || route == Route::kHealth || route == Route::kLedger ||
           route == Route::kStats || route == Route::kWeb || route == Route::kWebSteering;
}

}  // namespace

asio::awaitable<Ending> dispatch(Exchange& exchange, std::string steering_problem) {
    const Request& request = exchange.request;
    const Match match = match_route(request.method, request.path);
    if (is_own(match.route)) co_return co_await own_endpoint(exchange, match.route);
    if (is_web(match.route)) {
        co_return co_await web_call(exchange, match.route, std::move(steering_problem));
    }

    std::string problem = credential_problem(request, exchange.context.options.require_key);
    if (!problem.empty()) co_return co_await fail(exchange, 401, problem);
    if (!steering_problem.empty()) {
        problem = joined({"x-sim: ", steering_problem});
        co_return co_await fail(exchange, 400, problem);
    }
    Ending fault;
    if (!co_await faults_before_head(exchange, fault)) co_return fault;
    const int status = exchange.steered_status();
    if (match.route == Route::kMessages) co_return co_await messages(exchange, status);
    if (status >= 300) co_return co_await fail(exchange, status, error_message(status));
    switch (match.route) {
        case Route::kCountTokens:
            co_return co_await count_tokens(exchange);
        case Route::kModels:
            co_return co_await models(exchange);
        case Route::kModel:
            co_return co_await model(exchange);
        case Route::kWrongMethod:
            co_return co_await wrong_method(exchange, match.allow);
        default:
            co_return co_await fail(exchange, 404, error_message(404));
    }
}

bool recorded(const Request& request) {
    return request.path != "/healthz" && !request.path.starts_with("/sim/");
}

}  // namespace upstream_sim
