#include "proxy/auth/token_registry.hpp"

#include <spdlog/spdlog.h>

#include <cstring>

#include "proxy/journal/file.hpp"

namespace ccproxy::auth {

std::size_t TokenRegistry::HashOfHash::operator()(const Sha256& digest) const {
    std::size_t head = 0;
    std::memcpy(&head, digest.data(), sizeof head);
    return head;
}

TokenRegistry::TokenRegistry(std::string file) : file_(std::move(file)) {
    const std::string content = journal::read_file(file_);
    if (content.empty()) return;
    const Result<RegistrySnapshot> snapshot = decode_registry(content);
    if (!snapshot) {
        load_problem_ = file_ + ": " + snapshot.error().message;
        return;
    }
    auto next = std::make_shared<Table>();
    next->version = snapshot->version;
    for (const TokenEntry& token : snapshot->tokens) next->by_key[token.key_sha256] = token;
    table_.store(std::move(next));
}

std::string TokenRegistry::version() const {
    const auto at = table();
    return at ? at->version : "";
}

std::size_t TokenRegistry::size() const {
    const auto at = table();
    return at ? at->by_key.size() : 0;
}

std::shared_ptr<const TokenEntry> TokenRegistry::find(std::string_view key) const {
    // Keys are compared by their digests: what a look-up's time could tell is of the digest, not of
    // the key.
    return find(sha256(key));
}

std::shared_ptr<const TokenEntry> TokenRegistry::find(const Sha256& key_sha256) const {
    const auto at = table();
    if (!at) return nullptr;
    const auto found = at->by_key.find(key_sha256);
    if (found == at->by_key.end()) return nullptr;
    return {at, &found->second};
}

void TokenRegistry::replace(const RegistrySnapshot& snapshot) {
    auto next = std::make_shared<Table>();
    next->version = snapshot.version;
    for (const TokenEntry& token : snapshot.tokens) next->by_key[token.key_sha256] = token;
    publish(std::move(next));
}

bool TokenRegistry::apply(const RegistryChange& change) {
    const auto at = table();
    if (!at || at->version != change.from_version) return false;
    auto next = std::make_shared<Table>(*at);
    next->version = change.version;
    for (const TokenEntry& token : change.tokens) next->by_key[token.key_sha256] = token;
    publish(std::move(next));
    return true;
}

void TokenRegistry::publish(std::shared_ptr<const Table> next) {
    RegistrySnapshot snapshot;
    snapshot.version = next->version;
    for (const auto& [key, token] : next->by_key) snapshot.tokens.push_back(token);
    table_.store(std::move(next));
    try {
        journal::replace_file(file_, encode_registry(snapshot));
    } catch (const std::exception& error) {
        spdlog::error("token registry: {}; it acts, but will not survive a restart", error.what());
    }
}

}  // namespace ccproxy::auth
