// Memory for the frames of coroutines, which come and go with every step of a request.
#pragma once

#include <cstddef>

namespace ccproxy::net {

/// A block of at least `bytes`; throws std::bad_alloc. Each thread keeps some freed blocks of each
/// size to give them out again.
void* take_frame(std::size_t bytes);
/// Gives back what take_frame(bytes) gave, on the same thread.
void give_back_frame(void* frame, std::size_t bytes) noexcept;

}  // namespace ccproxy::net
