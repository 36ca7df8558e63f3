#include "proxy/local_answers.hpp"

#include "proxy/worker.hpp"

namespace ccproxy {

LocalAnswer make_local_answer(Route route, Shared& shared) {
    LocalAnswer answer;
    answer.body = "{}";
    if (route == Route::healthz) answer.body = R"({"status":"ok"})";
    if (route == Route::readyz) {
        const bool stopping = shared.stopping.load();
        const bool ready = shared.registry.is_loaded() && !stopping;
        answer.status = ready ? 200 : 503;
        answer.body =
            ready ? R"({"ready":true})"
            : stopping
                ? R"({"ready":false,"reason":"shutting down"})"
                : R"({"ready":false,"reason":"no token registry yet: analyticsd has not been reached"})";
    }
    if (route == Route::metrics) {
        answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
        answer.body = shared.metrics.expose(
            shared.journal, shared.publisher.status(),
            shared.accounts.get()->report(accounts::now(shared.clock)), shared.tls);
    }
    return answer;
}

}  // namespace ccproxy
