#include "common/client_key.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace ccproxy {

TEST_CASE("a generated client key is well-formed and never comes twice") {
    std::set<std::string> keys;
    for (int i = 0; i < 1000; ++i) {
        const std::string key = generate_client_key();
        CHECK(is_client_key(key));
        CHECK(key.size() == 37);
        keys.insert(key);
    }
    CHECK(keys.size() == 1000);
}

TEST_CASE("a changed character breaks a client key's checksum") {
    const std::string key = generate_client_key();
    for (std::size_t i = 7; i < key.size(); ++i) {
        std::string changed = key;
        changed[i] = changed[i] == 'a' ? 'b' : 'a';
        CHECK_FALSE(is_client_key(changed));
    }
    CHECK_FALSE(is_client_key(""));
    CHECK_FALSE(is_client_key("sk-ant-" + key.substr(7)));
    CHECK_FALSE(is_client_key(key + "0"));
}

}  // namespace ccproxy
