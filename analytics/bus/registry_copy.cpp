#include "analytics/bus/registry_copy.hpp"

namespace ccproxy::analytics {

RegistryCopy::RegistryCopy(RegistrySnapshot snapshot) : version_(std::move(snapshot.version)) {
    for (TokenEntry& token : snapshot.tokens) {
        std::string id = token.id;
        tokens_.insert_or_assign(std::move(id), std::move(token));
    }
}

void RegistryCopy::apply(const RegistryChange& change) {
    for (const TokenEntry& token : change.tokens) tokens_.insert_or_assign(token.id, token);
    version_ = change.version;
}

RegistrySnapshot RegistryCopy::snapshot() const {
    RegistrySnapshot snapshot;
    snapshot.version = version_;
    snapshot.tokens.reserve(tokens_.size());
    for (const auto& [id, token] : tokens_) snapshot.tokens.push_back(token);
    return snapshot;
}

}  // namespace ccproxy::analytics
