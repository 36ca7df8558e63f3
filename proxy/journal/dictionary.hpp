// proto/journal_dictionary_1.txt, as it was when this program was built.
#pragma once

#include <string_view>

namespace ccproxy::journal {

/// Lives as long as the program. It never changes: what was packed with it cannot be read with
/// another.
std::string_view dictionary_1();

}  // namespace ccproxy::journal
