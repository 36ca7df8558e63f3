// Random bytes from the kernel, fit for keys.
#pragma once

#include <cstddef>

namespace ccproxy {

/// Fills `size` bytes at `data`. Throws std::runtime_error when the kernel gives none. Thread-safe.
void fill_random(unsigned char* data, std::size_t size);

}  // namespace ccproxy
