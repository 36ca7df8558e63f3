#include "proxy/journal/blocks.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::journal {

TEST_CASE("a block is used again once it is given back as often as it was lent") {
    BlockPool pool(100);
    Block& first = pool.take(10, nullptr);
    CHECK(first.size() == 100);
    CHECK(&pool.take(10, nullptr) == &first);
    CHECK(&pool.take(10, &first) != &first);
    first.lend();
    first.lend();
    CHECK(pool.lent_bytes() == 100);
    first.give_back();
    CHECK(&pool.take(10, nullptr) != &first);
    first.give_back();
    CHECK(pool.lent_bytes() == 0);
    CHECK(&pool.take(10, nullptr) == &first);
}

TEST_CASE("a large block is kept only while it is needed") {
    BlockPool pool(100);
    Block& large = pool.take(1000, nullptr);
    CHECK(large.size() == 1000);
    large.lend();
    CHECK(pool.take(10, nullptr).size() == 100);
    CHECK(pool.lent_bytes() == 1000);
    large.give_back();
    CHECK(&pool.take(1, &large) != &large);
    CHECK(large.size() == 1000);
    CHECK(pool.take(100, nullptr).size() == 100);
}

}  // namespace ccproxy::journal
