// Deletes conversations at web accounts behind the requests that they were made for.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "proxy/accounts/account_set.hpp"
#include "proxy/net/deadline.hpp"
#include "proxy/net/task.hpp"
#include "proxy/upstream/pool.hpp"

namespace ccproxy {

class Worker;

/// Of one worker, on its thread. No client waits for a deletion, and none is told of it: what fails
/// is logged and counted, and not tried again. At most so many are under way at one time, each for
/// at most so long.
class WebDeletions {
  public:
    static constexpr std::size_t max_under_way = 256;
    static constexpr net::milliseconds max_time{10'000};

    explicit WebDeletions(Worker& worker) : worker_(worker) {}

    /// `path` is the conversation's, behind the account's base URL; `accounts` has the account.
    void start(accounts::AccountSetPtr accounts, const accounts::Account& account,
               std::string path);

    [[nodiscard]] bool idle() const { return under_way_.empty(); }
    /// Gives up those that have taken too long.
    void check_deadlines(net::SteadyClock::time_point now);
    /// Gives up those under way, and all that come from now on.
    void cut();

  private:
    struct Deletion final : net::Deadlined {
        accounts::AccountSetPtr accounts;
        const accounts::Account* account = nullptr;
        std::string path;
        upstream::ConnectionPtr connection;
        bool given_up = false;
        std::string failure;  ///< Why it failed, at the end; empty on success.

        void give_up();
        void on_deadline() override { give_up(); }
    };

    net::Task<void> run(std::shared_ptr<Deletion> deletion);
    net::Task<std::string> attempt(std::shared_ptr<Deletion> deletion);
    void report(const accounts::Account& account, const std::string& failure);

    Worker& worker_;
    std::list<std::shared_ptr<Deletion>> under_way_;
    bool cut_ = false;
};

}  // namespace ccproxy
