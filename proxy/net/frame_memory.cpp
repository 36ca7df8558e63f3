#include "proxy/net/frame_memory.hpp"

#include <array>
#include <new>

namespace ccproxy::net {
namespace {

constexpr std::size_t step_bytes = 64;
/// Larger frames are not kept.
constexpr std::size_t max_kept_bytes = 4096;
/// Of each size, however many requests end in the same turn.
constexpr std::size_t max_kept_bytes_of_a_size = 128 * 1024;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool keeps = false;  // It could not tell a frame that was freed from one in use.
#else
constexpr bool keeps = true;
#endif

class FrameMemory {
  public:
    ~FrameMemory() {
        for (Size& size : sizes_) {
            while (size.free != nullptr) ::operator delete(pop(size));
        }
    }

    void* take(std::size_t bytes) {
        if (!keeps || bytes > max_kept_bytes) return ::operator new(bytes);
        Size& size = size_of(bytes);
        if (size.free == nullptr) return ::operator new(rounded(bytes));
        size.kept_bytes -= rounded(bytes);
        return pop(size);
    }

    void give_back(void* frame, std::size_t bytes) noexcept {
        if (!keeps || bytes > max_kept_bytes) return ::operator delete(frame);
        Size& size = size_of(bytes);
        if (size.kept_bytes >= max_kept_bytes_of_a_size) return ::operator delete(frame);
        size.free = new (frame) Free{size.free};
        size.kept_bytes += rounded(bytes);
    }

  private:
    struct Free {
        Free* next;
    };
    struct Size {
        Free* free = nullptr;
        std::size_t kept_bytes = 0;
    };

    static std::size_t rounded(std::size_t bytes) {
        return (bytes + step_bytes - 1) / step_bytes * step_bytes;
    }
    Size& size_of(std::size_t bytes) { return sizes_[(bytes + step_bytes - 1) / step_bytes]; }
    static void* pop(Size& size) {
        Free* frame = size.free;
        size.free = frame->next;
        return frame;
    }

    std::array<Size, max_kept_bytes / step_bytes + 1> sizes_{};
};

thread_local FrameMemory memory;

}  // namespace

void* take_frame(std::size_t bytes) {
    return memory.take(bytes);
}

void give_back_frame(void* frame, std::size_t bytes) noexcept {
    memory.give_back(frame, bytes);
}

}  // namespace ccproxy::net
