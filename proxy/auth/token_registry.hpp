// Who may come: the tokens as analyticsd last told them, shared by all workers.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "proto/control.hpp"

namespace ccproxy::auth {

/// Look-ups from any thread; changes from the publisher's thread alone.
class TokenRegistry {
  public:
    /// The registry survives in `file` (mode 0600). A file that is missing or damaged leaves the
    /// registry empty; `load_problem` says why.
    explicit TokenRegistry(std::string file);

    /// Whether there has ever been a registry: without one, nobody can be let in or refused.
    [[nodiscard]] bool is_loaded() const { return table() != nullptr; }
    /// Empty while there is none.
    [[nodiscard]] std::string version() const;
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] const std::string& load_problem() const { return load_problem_; }

    /// The token of a client's key; revoked and expired ones too. nullptr when there is none. The
    /// entry stays valid while the pointer is held.
    [[nodiscard]] std::shared_ptr<const TokenEntry> find(std::string_view key) const;
    /// The same by the key's digest, for a token as it stands now.
    [[nodiscard]] std::shared_ptr<const TokenEntry> find(const Sha256& key_sha256) const;

    void replace(const RegistrySnapshot& snapshot);
    /// False when the change does not follow from the version at hand: a snapshot is needed.
    bool apply(const RegistryChange& change);

  private:
    struct HashOfHash {
        std::size_t operator()(const Sha256& digest) const;
    };
    struct Table {
        std::string version;
        std::unordered_map<Sha256, TokenEntry, HashOfHash> by_key;
    };

    [[nodiscard]] std::shared_ptr<const Table> table() const { return table_.load(); }
    void publish(std::shared_ptr<const Table> next);

    std::string file_;
    std::string load_problem_;
    std::atomic<std::shared_ptr<const Table>> table_;
};

}  // namespace ccproxy::auth
