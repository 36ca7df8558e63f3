// The token registry as the proxies should have it: what the bus answers from, without asking the
// database.
#pragma once

#include <map>
#include <string>

#include "proto/control.hpp"

namespace ccproxy::analytics {

/// Used by one thread.
class RegistryCopy {
  public:
    explicit RegistryCopy(RegistrySnapshot snapshot);

    void apply(const RegistryChange& change);
    [[nodiscard]] const std::string& version() const { return version_; }
    [[nodiscard]] RegistrySnapshot snapshot() const;

  private:
    std::string version_;
    std::map<std::string, TokenEntry> tokens_;
};

}  // namespace ccproxy::analytics
