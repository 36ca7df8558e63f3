// Memory for the frames of coroutines, and for other things that come and go with every request.
#pragma once

#include <cstddef>
#include <string>

namespace ccproxy::net {

/// A block of at least `bytes`; throws std::bad_alloc. Each thread keeps some freed blocks of each
/// size to give them out again.
void* take_frame(std::size_t bytes);
/// Gives back what take_frame(bytes) gave, on the same thread.
void give_back_frame(void* frame, std::size_t bytes) noexcept;

/// Lets a container take this memory. A request's larger texts are of sizes for which the general
/// allocator has to search. To be freed on the thread that allocated.
template <class T>
struct FrameAllocator {
    using value_type = T;
    FrameAllocator() = default;
    template <class Other>
    explicit FrameAllocator(const FrameAllocator<Other>&) noexcept {}
    T* allocate(std::size_t count) { return static_cast<T*>(take_frame(count * sizeof(T))); }
    void deallocate(T* memory, std::size_t count) noexcept {
        give_back_frame(memory, count * sizeof(T));
    }
    bool operator==(const FrameAllocator&) const = default;
};

using BriefText = std::basic_string<char, std::char_traits<char>, FrameAllocator<char>>;

}  // namespace ccproxy::net
