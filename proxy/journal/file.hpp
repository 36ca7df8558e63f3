// A file descriptor that closes itself, and the few calls on files that the journal makes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ccproxy::journal {

class File {
  public:
    File() = default;
    explicit File(int fd) : fd_(fd) {}
    ~File() { close(); }
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&& other) noexcept {
        if (this != &other) {
            close();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    void close();

  private:
    int fd_ = -1;
};

/// Opens with mode 0600 and O_CLOEXEC; throws std::runtime_error that names the path and the
/// reason.
File open_file(const std::string& path, int flags);

/// Makes a folder's entries durable. Throws like open_file.
void sync_folder(const std::string& folder);

/// Replaces a file's content so that after a crash either the old or the new content stands there,
/// and syncs it.
void replace_file(const std::string& path, std::string_view content);

/// The whole content; empty when there is no such file. Throws when it exists and cannot be read.
std::string read_file(const std::string& path);

}  // namespace ccproxy::journal
