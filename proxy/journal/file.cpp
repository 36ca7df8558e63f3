#include "proxy/journal/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace ccproxy::journal {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
    throw std::runtime_error(path + ": " + what + ": " + std::strerror(errno));
}

}  // namespace

UniqueFd open_file(const std::string& path, int flags) {
    UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    if (!file.is_open()) fail(path, "cannot be opened");
    return file;
}

void sync_folder(const std::string& folder) {
    const UniqueFd handle = open_file(folder, O_RDONLY | O_DIRECTORY);
    if (::fsync(handle.get()) != 0) fail(folder, "cannot be synced");
}

void replace_file(const std::string& path, std::string_view content) {
    const std::string draft = path + ".new";
    {
        const UniqueFd file = open_file(draft, O_WRONLY | O_CREAT | O_TRUNC);
        std::string_view left = content;
        while (!left.empty()) {
            const ssize_t put = ::write(file.get(), left.data(), left.size());
            if (put < 0) fail(draft, "cannot be written");
            left.remove_prefix(static_cast<std::size_t>(put));
        }
        if (::fdatasync(file.get()) != 0) fail(draft, "cannot be synced");
    }
    if (std::rename(draft.c_str(), path.c_str()) != 0) fail(path, "cannot be replaced");
    sync_folder(std::filesystem::path(path).parent_path().string());
}

std::string read_file(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
        if (errno == ENOENT) return "";
        fail(path, "cannot be opened");
    }
    std::string content;
    char buffer[16 * 1024];
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
        if (got < 0) fail(path, "cannot be read");
        if (got == 0) return content;
        content.append(buffer, static_cast<std::size_t>(got));
    }
}

}  // namespace ccproxy::journal
