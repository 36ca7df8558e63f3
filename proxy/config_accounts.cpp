#include "proxy/config_accounts.hpp"

#include <algorithm>
#include <initializer_list>
#include <set>

#include "proxy/web/calls.hpp"

namespace ccproxy {
namespace {

/// Which keys an account may have depends on its mode.
void refuse_keys(ConfigSource& source, const std::string& account, const std::string& mode,
                 std::initializer_list<const char*> keys) {
    for (const char* name : keys) {
        const std::string key = account + "." + name;
        if (source.has(key)) source.problem(key, "is for accounts of the mode " + mode);
    }
}

void read_api_credential(ConfigSource& source, const std::string& key,
                         accounts::AccountConfig& account) {
    refuse_keys(source, key, "web",
                {"session_key", "session_key_file", "organization_id", "delete_conversations"});
    account.api_key = source.secret(key + ".api_key");
    account.oauth_token = source.secret(key + ".oauth_token");
    if (account.api_key.empty() == account.oauth_token.empty()) {
        source.problem(key, "needs a credential: either api_key_file or oauth_token_file");
    }
    if (!is_header_safe(account.api_key) || !is_header_safe(account.oauth_token)) {
        source.problem(key, "the credential holds white space or a control character");
    }
}

void read_web(ConfigSource& source, const std::string& key, accounts::AccountConfig& account) {
    refuse_keys(source, key, "api", {"api_key", "api_key_file", "oauth_token", "oauth_token_file"});
    account.session_key = source.secret(key + ".session_key");
    if (account.session_key.empty()) {
        source.problem(key, "needs a credential: session_key_file");
    }
    // What ends a cookie (RFC 6265, section 4.1.1) would begin another one.
    if (!is_header_safe(account.session_key) ||
        account.session_key.find_first_of("\",;\\") != std::string::npos) {
        source.problem(key, "the session key holds what no cookie can");
    }
    account.web.organization_id = source.text(key + ".organization_id", "");
    if (!account.web.organization_id.empty() && !web::is_id(account.web.organization_id)) {
        source.problem(key + ".organization_id", "must be letters, digits and dashes");
    }
    account.web.delete_conversations =
        source.boolean(key + ".delete_conversations", account.web.delete_conversations);
}

accounts::AccountConfig read_account(ConfigSource& source, const std::string& key) {
    accounts::AccountConfig account;
    account.id = source.required_text(key + ".id");
    account.mode = source.choice(key + ".mode", "api", {"api", "web"});
    const bool is_web = account.mode == "web";
    account.base_url = is_web ? source.required_text(key + ".base_url")
                              : source.text(key + ".base_url", account.base_url);
    if (const auto url = accounts::parse_base_url(account.base_url); !url) {
        source.problem(key + ".base_url", url.error().message);
    }
    account.ca_file = source.text(key + ".ca_file", "");
    try {
        if (!account.ca_file.empty()) net::TlsClient(account.ca_file);
    } catch (const std::exception& error) {
        source.problem(key + ".ca_file", error.what());
    }
    account.weight = source.integer(key + ".weight", account.weight, 1, 1000);
    account.max_concurrent =
        source.integer(key + ".max_concurrent", account.max_concurrent, 0, 1'000'000);
    if (is_web) {
        read_web(source, key, account);
    } else {
        read_api_credential(source, key, account);
    }
    return account;
}

}  // namespace

bool is_header_safe(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::vector<accounts::AccountConfig> read_accounts(ConfigSource& source) {
    std::vector<accounts::AccountConfig> accounts;
    std::set<std::string> ids;
    const std::size_t count = source.list_size("accounts");
    for (std::size_t i = 0; i < count; ++i) {
        const std::string key = "accounts[" + std::to_string(i) + "]";
        accounts.push_back(read_account(source, key));
        if (!ids.insert(accounts.back().id).second) {
            source.problem(key + ".id", "another account has this id");
        }
    }
    if (accounts.empty()) source.problem("accounts", "at least one account is needed");
    return accounts;
}

}  // namespace ccproxy
