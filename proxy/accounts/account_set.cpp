#include "proxy/accounts/account_set.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace ccproxy::accounts {
namespace {

std::string credential_lines(const AccountConfig& config) {
    if (config.mode == "web") return "cookie: sessionKey=" + config.session_key + "\r\n";
    if (!config.api_key.empty()) return "x-api-key: " + config.api_key + "\r\n";
    // The Messages API takes an OAuth token only together with this flag.
    return "authorization: Bearer " + config.oauth_token +
           "\r\nanthropic-beta: oauth-2025-04-20\r\n";
}

bool reached_alike(const Account& account, const AccountConfig& config,
                   const std::string& old_ca_file) {
    return account.base_url == config.base_url && old_ca_file == config.ca_file;
}

}  // namespace

AccountSet::AccountSet(const std::vector<AccountConfig>& configs, const FailoverConfig& failover,
                       const AccountSet* old)
    : failover_(failover), next_connections_(old == nullptr ? 1 : old->next_connections_) {
    std::map<std::string, std::shared_ptr<const net::TlsClient>> tls_by_ca_file;
    for (const AccountConfig& config : configs) {
        const Result<BaseUrl> url = parse_base_url(config.base_url);
        if (!url) throw std::runtime_error(config.id + ": base_url " + url.error().message);
        Account account;
        account.id = config.id;
        account.mode = config.mode;
        account.base_url = config.base_url;
        account.url = *url;
        account.header_lines = "host: " + url->host_header + "\r\n" + credential_lines(config);
        account.session_key = config.session_key;
        account.web = config.web;
        account.weight = config.weight;
        account.max_concurrent = config.max_concurrent;
        if (url->tls) {
            auto& tls = tls_by_ca_file[config.ca_file];
            if (!tls) tls = std::make_shared<net::TlsClient>(config.ca_file);
            account.tls = tls;
        }
        const Account* const before = old == nullptr ? nullptr : old->find(config.id);
        if (before != nullptr) account.state = before->state;
        if (before != nullptr && reached_alike(*before, config, old->ca_files_.at(config.id))) {
            account.connections = before->connections;
        } else {
            account.connections = next_connections_++;
        }
        if (!account.state) account.state = std::make_shared<AccountState>();
        account.is_only_one =
            std::count_if(configs.begin(), configs.end(), [&config](const AccountConfig& other) {
                return other.mode == config.mode;
            }) == 1;
        ca_files_[config.id] = config.ca_file;
        accounts_.push_back(std::move(account));
    }
    if (old == nullptr) return;
    // Nothing can fail any more. What was wrong with another credential or host counts no more.
    for (const Account& account : accounts_) {
        const Account* const before = old->find(account.id);
        if (before != nullptr && before->header_lines != account.header_lines) {
            account.state->start_anew();
        }
    }
}

const Account* AccountSet::find(const std::string& id) const {
    for (const Account& account : accounts_) {
        if (account.id == id) return &account;
    }
    return nullptr;
}

bool AccountSet::has_mode(std::string_view mode) const {
    return std::any_of(accounts_.begin(), accounts_.end(),
                       [mode](const Account& account) { return account.mode == mode; });
}

std::vector<AccountReport> AccountSet::report(Moment now) const {
    std::vector<AccountReport> reports;
    reports.reserve(accounts_.size());
    for (const Account& account : accounts_) {
        AccountReport& report = reports.emplace_back();
        report.id = account.id;
        report.mode = account.mode;
        report.base_url = account.base_url;
        report.weight = account.weight;
        report.max_concurrent = account.max_concurrent;
        account.state->report(report, now);
    }
    return reports;
}

}  // namespace ccproxy::accounts
