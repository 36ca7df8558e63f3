// A folder for one test, gone when the test ends.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace ccproxy::test {

class TempFolder {
  public:
    TempFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "ccproxy-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = pattern;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    [[nodiscard]] std::string path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

    /// Writes a file with the given permissions and returns its path.
    [[nodiscard]] std::string write(const std::string& name, const std::string& content,
                                    unsigned mode = 0600) const {
        std::ofstream(file(name), std::ios::binary) << content;
        std::filesystem::permissions(file(name), static_cast<std::filesystem::perms>(mode));
        return file(name);
    }

  private:
    std::string path_;
};

}  // namespace ccproxy::test
