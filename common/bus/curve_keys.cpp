#include "common/bus/curve_keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <stdexcept>

namespace ccproxy {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t key_chars = 40;
using KeyText = std::array<char, key_chars + 1>;

void write_new_file(const std::string& path, const std::string& content, mode_t mode) {
    const auto fail = [&] {
        throw std::runtime_error(path + " cannot be written: " + std::strerror(errno));
    };
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) fail();
    // Also where the umask is wider or narrower.
    const bool good =
        ::fchmod(file, mode) == 0 &&
        ::write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()) &&
        ::fsync(file) == 0;
    const int error = errno;
    ::close(file);
    if (good) return;
    ::unlink(path.c_str());
    errno = error;
    fail();
}

}  // namespace

bool is_curve_key(std::string_view text) {
    if (text.size() != key_chars) return false;
    KeyText copy{};
    text.copy(copy.data(), key_chars);
    std::array<std::uint8_t, key_bytes> bytes{};
    return ::zmq_z85_decode(bytes.data(), copy.data()) != nullptr;
}

std::string curve_key_bytes(const std::string& key) {
    std::string bytes(key_bytes, '\0');
    if (key.size() != key_chars ||
        ::zmq_z85_decode(reinterpret_cast<std::uint8_t*>(bytes.data()), key.c_str()) == nullptr) {
        throw std::runtime_error("not a CURVE key");
    }
    return bytes;
}

std::string curve_key_text(std::string_view bytes) {
    if (bytes.size() != key_bytes) return "";
    KeyText text{};
    ::zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(bytes.data()), key_bytes);
    return {text.data(), key_chars};
}

CurveKeys make_curve_keys() {
    KeyText public_key{};
    KeyText secret_key{};
    if (::zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
        throw std::runtime_error("the ZeroMQ library here has no CURVE");
    }
    return {{public_key.data(), key_chars}, {secret_key.data(), key_chars}};
}

CurveKeys read_curve_keys(ConfigSource& source) {
    const std::string secret_key = source.secret("bus.curve.secret_key");
    if (secret_key.empty()) return {};
    KeyText public_key{};
    if (!is_curve_key(secret_key) ||
        ::zmq_curve_public(public_key.data(), secret_key.c_str()) != 0) {
        source.problem("bus.curve.secret_key_file",
                       "holds no key: make one with --generate-bus-keys");
        return {};
    }
    return {{public_key.data(), key_chars}, secret_key};
}

std::string write_curve_keys(const std::string& folder) {
    const std::string secret_path = folder + "/bus.key";
    const std::string public_path = folder + "/bus.pub";
    for (const std::string& path : {secret_path, public_path}) {
        struct stat status {};
        if (::lstat(path.c_str(), &status) == 0) {
            throw std::runtime_error(path + " is there already and is not overwritten");
        }
    }
    const CurveKeys keys = make_curve_keys();
    write_new_file(secret_path, keys.secret_key + "\n", 0600);
    try {
        write_new_file(public_path, keys.public_key + "\n", 0644);
    } catch (...) {
        ::unlink(secret_path.c_str());
        throw;
    }
    return keys.public_key;
}

int run_generate_bus_keys(const std::string& folder) {
    try {
        std::cout << write_curve_keys(folder) << '\n';
        return 0;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}

}  // namespace ccproxy
