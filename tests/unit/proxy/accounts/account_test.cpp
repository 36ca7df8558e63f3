#include "proxy/accounts/account.hpp"

#include <catch2/catch.hpp>

#include "proxy/accounts/account_set.hpp"

namespace ccproxy::accounts {

TEST_CASE("base URLs are taken apart") {
    const BaseUrl plain = parse_base_url("https://api.anthropic.com").value();
    CHECK(plain.tls);
    CHECK(plain.host == "api.anthropic.com");
    CHECK(plain.port == "443");
    CHECK(plain.host_header == "api.anthropic.com");
    CHECK(plain.path.empty());
    const BaseUrl full = parse_base_url("http://[::1]:8080/base/path/").value();
    CHECK_FALSE(full.tls);
    CHECK(full.host == "::1");
    CHECK(full.port == "8080");
    CHECK(full.host_header == "[::1]:8080");
    CHECK(full.path == "/base/path");
    for (const char* bad :
         {"", "api.anthropic.com", "ftp://host", "https://", "https://u:p@host", "https://host?x=1",
          "https://host#x", "https://host:0", "https://h:99999"}) {
        CAPTURE(bad);
        CHECK(parse_base_url(bad).has_error());
    }
}

TEST_CASE("accounts carry their credential") {
    AccountConfig key;
    key.id = "key";
    key.api_key = "sk-1";
    AccountConfig token;
    token.id = "token";
    token.base_url = "http://127.0.0.1:9";
    token.oauth_token = "oat";
    const AccountSet set({key, token}, FailoverConfig());
    const std::vector<Account>& accounts = set.accounts();
    CHECK(accounts[0].header_lines == "host: api.anthropic.com\r\nx-api-key: sk-1\r\n");
    CHECK(accounts[1].header_lines ==
          "host: 127.0.0.1:9\r\nauthorization: Bearer oat\r\nanthropic-beta: oauth-2025-04-20\r\n");
    CHECK(accounts[0].tls != nullptr);
    CHECK(accounts[1].tls == nullptr);
}

TEST_CASE("a web account carries its session, and its state what the backend told") {
    AccountConfig web;
    web.id = "web";
    web.mode = "web";
    web.base_url = "http://127.0.0.1:9/base";
    web.session_key = "sk-ant-sid01-x";
    web.web.organization_id = "org-1";
    const AccountSet set({web}, FailoverConfig());
    const Account& account = set.accounts()[0];
    CHECK(account.header_lines == "host: 127.0.0.1:9\r\ncookie: sessionKey=sk-ant-sid01-x\r\n");
    CHECK(account.web.organization_id == "org-1");
    CHECK(account.web.delete_conversations);
    CHECK(set.has_mode("web"));
    CHECK_FALSE(set.has_mode("api"));

    account.state->learn_organization("org-2");
    const AccountSet same({web}, FailoverConfig(), &set);
    CHECK(same.accounts()[0].state->organization() == "org-2");
    web.session_key = "another";
    const AccountSet other({web}, FailoverConfig(), &same);
    CHECK(other.accounts()[0].state->organization().empty());
}

}  // namespace ccproxy::accounts
