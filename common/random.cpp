#include "common/random.hpp"

#include <sys/random.h>

#include <cerrno>
#include <stdexcept>

namespace ccproxy {

void fill_random(unsigned char* data, std::size_t size) {
    while (size > 0) {
        const ssize_t got = ::getrandom(data, size, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            throw std::runtime_error("getrandom failed");
        }
        data += got;
        size -= static_cast<std::size_t>(got);
    }
}

}  // namespace ccproxy
