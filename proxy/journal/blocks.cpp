#include "proxy/journal/blocks.hpp"

#include <algorithm>

namespace ccproxy::journal {

Block& BlockPool::take(std::size_t at_least_bytes) {
    const auto is_free = [](const std::unique_ptr<Block>& block) { return !block->is_lent(); };
    std::erase_if(blocks_, [&](const std::unique_ptr<Block>& block) {
        return block->size() > block_bytes_ && is_free(block);
    });
    if (at_least_bytes <= block_bytes_) {
        const auto free = std::find_if(blocks_.begin(), blocks_.end(), is_free);
        if (free != blocks_.end()) return **free;
    }
    blocks_.push_back(std::make_unique<Block>(std::max(at_least_bytes, block_bytes_)));
    return *blocks_.back();
}

std::size_t BlockPool::lent_bytes() const {
    std::size_t bytes = 0;
    for (const std::unique_ptr<Block>& block : blocks_) {
        if (block->is_lent()) bytes += block->size();
    }
    return bytes;
}

}  // namespace ccproxy::journal
