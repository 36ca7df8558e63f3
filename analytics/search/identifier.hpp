// The words inside an identifier: getUserName is get, User and Name. Pure.
#pragma once

#include <string_view>
#include <vector>

namespace ccproxy::analytics {

/// The parts of an ASCII word, cut where a capital begins one: fooBar, HTTPServer, sha256Sum. Parts
/// of one letter are left out. Empty when there is nothing to cut, and for what is no identifier: a
/// long word, or one that changes its case all the time, as base64 does.
std::vector<std::string_view> identifier_parts(std::string_view word);

}  // namespace ccproxy::analytics
