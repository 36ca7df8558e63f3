// The memory that events of a journal are unpacked into, lent to those who send them.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

namespace ccproxy::journal {

/// Bytes that stay as they are for as long as anyone borrows them.
class Block {
  public:
    /// The bytes are not cleared: filling them with zeros, 256 KiB for a single event, would cost
    /// more than reading does.
    explicit Block(std::size_t bytes)
        : bytes_(std::make_unique_for_overwrite<char[]>(bytes)), size_(bytes) {}

    [[nodiscard]] char* data() { return bytes_.get(); }
    [[nodiscard]] std::size_t size() const { return size_; }

    void lend() { borrowers_.fetch_add(1, std::memory_order_relaxed); }
    /// By any thread, once for each lend().
    void give_back() { borrowers_.fetch_sub(1, std::memory_order_release); }
    [[nodiscard]] bool is_lent() const { return borrowers_.load(std::memory_order_acquire) != 0; }

  private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
    std::atomic<std::size_t> borrowers_{0};
};

/// Blocks of one size, used in turn. For one thread; outlives all borrowers.
class BlockPool {
  public:
    explicit BlockPool(std::size_t block_bytes) : block_bytes_(block_bytes) {}

    /// A block of at least this size that is not lent. One that had to be larger than usual is not
    /// kept for the next time.
    Block& take(std::size_t at_least_bytes);

    /// What the blocks hold that are lent.
    [[nodiscard]] std::size_t lent_bytes() const;

  private:
    std::size_t block_bytes_;
    std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace ccproxy::journal
