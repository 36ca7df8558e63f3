#include "proxy/web_deletions.hpp"

#include <spdlog/spdlog.h>

#include <exception>

#include "proxy/upstream/call.hpp"
#include "proxy/web/calls.hpp"
#include "proxy/worker.hpp"

namespace ccproxy {
namespace {

constexpr std::size_t max_answer_bytes = 64 * 1024;
constexpr int status_not_found = 404;

}  // namespace

void WebDeletions::Deletion::give_up() {
    given_up = true;
    if (connection) connection->stream.cancel();
}

void WebDeletions::start(accounts::AccountSetPtr accounts, const accounts::Account& account,
                         std::string path) {
    if (cut_) return report(account, "the proxy is stopping");
    if (under_way_.size() >= max_under_way) return report(account, "too many are under way");
    auto deletion = std::make_shared<Deletion>();
    deletion->accounts = std::move(accounts);
    deletion->account = &account;
    deletion->path = std::move(path);
    deletion->arm(net::SteadyClock::now() + max_time);
    const auto at = under_way_.insert(under_way_.end(), deletion);
    auto on_end = [this, at](const std::exception_ptr& fault) {
        const std::shared_ptr<Deletion> ended = *at;
        under_way_.erase(at);
        report(*ended->account, fault ? "an error of this program" : ended->failure);
    };
    net::spawn(run(std::move(deletion)), std::move(on_end));
}

void WebDeletions::check_deadlines(net::SteadyClock::time_point now) {
    for (const std::shared_ptr<Deletion>& deletion : under_way_) deletion->check_deadline(now);
}

void WebDeletions::cut() {
    cut_ = true;
    for (const std::shared_ptr<Deletion>& deletion : under_way_) deletion->give_up();
}

net::Task<void> WebDeletions::run(std::shared_ptr<Deletion> deletion) {
    deletion->connection = worker_.pool().take_idle(*deletion->account);
    const bool kept = deletion->connection != nullptr;
    deletion->failure = co_await attempt(deletion);
    // The upstream may have closed a kept connection just then. Deleting twice does no harm.
    if (!deletion->failure.empty() && kept && !deletion->given_up && !deletion->connection) {
        deletion->failure = co_await attempt(deletion);
    }
}

net::Task<std::string> WebDeletions::attempt(std::shared_ptr<Deletion> deletion) {
    const accounts::Account& account = *deletion->account;
    if (!deletion->connection) {
        std::string failure = co_await worker_.pool().connect(account, deletion->connection);
        if (deletion->given_up) co_return "it took too long";
        if (!failure.empty()) co_return failure;
    }
    std::string request = web::request_head("DELETE", account.url.path + deletion->path,
                                            account.header_lines, "application/json", 0);
    upstream::CallResult result =
        co_await upstream::call(*deletion->connection, std::move(request), max_answer_bytes);
    upstream::ConnectionPtr connection = std::move(deletion->connection);
    if (deletion->given_up) co_return "it took too long";
    if (!result.failure.empty()) co_return result.failure;
    if (result.body.reusable) worker_.pool().put_back(account, std::move(connection));
    const int status = result.head.status;
    const bool is_gone = status < 300 || status == status_not_found;
    co_return is_gone ? "" : "the upstream answered " + std::to_string(status);
}

void WebDeletions::report(const accounts::Account& account, const std::string& failure) {
    worker_.shared.metrics.web_deletions(failure.empty()).Increment();
    if (failure.empty()) return;
    spdlog::warn("account {}: a conversation was not deleted: {}", account.id, failure);
}

}  // namespace ccproxy
