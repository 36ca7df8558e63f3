#include "proxy/journal/blocks.hpp"

#include <catch2/catch.hpp>

namespace ccproxy::journal {

TEST_CASE("a block is used again once it is given back as often as it was lent") {
    BlockPool pool(100);
    Block& first = pool.take(10);
    CHECK(first.size() == 100);
    CHECK(&pool.take(10) == &first);
    first.lend();
    first.lend();
    CHECK(pool.lent_bytes() == 100);
    first.give_back();
    CHECK(&pool.take(10) != &first);
    first.give_back();
    CHECK(pool.lent_bytes() == 0);
    CHECK(&pool.take(10) == &first);
}

TEST_CASE("a large block is kept only while it is needed") {
    BlockPool pool(100);
    Block& large = pool.take(1000);
    CHECK(large.size() == 1000);
    large.lend();
    CHECK(pool.take(10).size() == 100);
    CHECK(pool.lent_bytes() == 1000);
    large.give_back();
    CHECK(pool.take(1).size() == 100);
}

}  // namespace ccproxy::journal
