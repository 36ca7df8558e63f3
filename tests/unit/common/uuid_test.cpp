#include "common/uuid.hpp"

#include <catch2/catch.hpp>
#include <set>

namespace ccproxy {

TEST_CASE("a UUIDv7 carries its time, its version and its variant") {
    UuidV7Generator ids;
    const std::string id = ids.next(0x017F22E279B0);
    CHECK(is_uuid(id));
    CHECK(id.substr(0, 13) == "017f22e2-79b0");
    CHECK(id[14] == '7');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
}

TEST_CASE("UUIDs of one moment differ and later ones sort behind earlier ones") {
    UuidV7Generator ids;
    std::set<std::string> same_moment;
    for (int i = 0; i < 1000; ++i) same_moment.insert(ids.next(1000));
    CHECK(same_moment.size() == 1000);
    CHECK(*same_moment.rbegin() < ids.next(1001));
}

TEST_CASE("random UUIDs have their version and variant, and differ") {
    std::set<std::string> ids;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = random_uuid();
        CHECK(is_uuid(id));
        CHECK(id[14] == '4');
        CHECK(std::string("89ab").find(id[19]) != std::string::npos);
        ids.insert(id);
    }
    CHECK(ids.size() == 1000);
}

TEST_CASE("what is not a UUID is told apart") {
    CHECK_FALSE(is_uuid(""));
    CHECK_FALSE(is_uuid("017f22e2-79b0-7000-8000-00000000000"));
    CHECK_FALSE(is_uuid("017f22e2-79b0-7000-8000-00000000000g"));
    CHECK_FALSE(is_uuid("017f22e2x79b0-7000-8000-000000000000"));
    const std::string good = "017F22e2-79b0-7000-8000-00000000000f";
    CHECK(is_uuid(good));
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = bad[at] == '-' ? '0' : '-';
        CAPTURE(bad);
        CHECK_FALSE(is_uuid(bad));
    }
}

}  // namespace ccproxy
