#include "proxy/bus/send_window.hpp"

#include <catch2/catch.hpp>

using ccproxy::bus::SendWindow;

TEST_CASE("the window closes by number and by size, and acks open it", "[bus]") {
    SendWindow window(3, 100);
    CHECK(window.empty());
    CHECK(window.is_open());
    window.sent(1, 10);
    window.sent(2, 10);
    window.sent(3, 10);
    CHECK_FALSE(window.is_open());
    window.acked(1);
    CHECK(window.is_open());
    window.sent(4, 500);
    window.acked(2);
    CHECK_FALSE(window.is_open());
    window.acked(3);
    CHECK_FALSE(window.is_open());
    window.acked(4);
    CHECK(window.is_open());
    CHECK(window.empty());
    window.acked(9);
    CHECK(window.empty());
}

TEST_CASE("what is taken back may be sent again", "[bus]") {
    SendWindow window(10, 100);
    for (unsigned seq = 5; seq <= 9; ++seq) window.sent(seq, 20);
    CHECK_FALSE(window.is_open());
    window.take_back(7);
    CHECK(window.is_open());
    window.sent(7, 20);
    window.sent(8, 20);
    CHECK(window.is_open());
    window.take_back(1);
    CHECK(window.empty());
}
