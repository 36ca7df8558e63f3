// What a committed batch means for the proxies that its events came from.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace ccproxy::analytics {

struct StoredUpTo {
    std::uint64_t seq = 0;
    /// Which numbering the seq belongs to: it counts up whenever a proxy's numbers go back.
    std::uint32_t generation = 0;
};

struct Committed {
    std::map<std::string, StoredUpTo> proxies;
    std::map<std::string, std::uint64_t> quarantined;
    std::set<std::string> lost_beginning;  ///< Proxies that continued what is not there.
};

}  // namespace ccproxy::analytics
