// The few calls on files that the journal makes.
#pragma once

#include <string>
#include <string_view>

#include "common/unique_fd.hpp"

namespace ccproxy::journal {

/// Opens with mode 0600 and O_CLOEXEC; throws std::runtime_error that names the path and the
/// reason.
UniqueFd open_file(const std::string& path, int flags);

/// Makes a folder's entries durable. Throws like open_file.
void sync_folder(const std::string& folder);

/// Replaces a file's content so that after a crash either the old or the new content stands there,
/// and syncs it.
void replace_file(const std::string& path, std::string_view content);

/// The whole content; empty when there is no such file. Throws when it exists and cannot be read.
std::string read_file(const std::string& path);

}  // namespace ccproxy::journal
