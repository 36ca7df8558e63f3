#include "proxy/net/name_lookup.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

#include "common/thread.hpp"

namespace ccproxy::net {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

Endpoints look_up(const std::string& host, const std::string& port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    Endpoints endpoints;
    if (::getaddrinfo(host.c_str(), port.c_str(), &wanted, &list) != 0) return endpoints;
    const std::unique_ptr<addrinfo, FreeAddresses> owner(list);
    for (const addrinfo* found = list; found != nullptr; found = found->ai_next) {
        Endpoint endpoint;
        if (found->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), found->ai_addr, found->ai_addrlen);
        endpoint.resize(found->ai_addrlen);
        endpoints.push_back(endpoint);
    }
    return endpoints;
}

}  // namespace

NameLookup::~NameLookup() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    asked_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void NameLookup::ask(std::string host, std::string port, Done done) {
    {
        const std::lock_guard lock(mutex_);
        questions_.push_back({std::move(host), std::move(port), std::move(done)});
    }
    asked_.notify_one();
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void NameLookup::run() {
    name_thread("name-lookup");
    std::unique_lock lock(mutex_);
    for (;;) {
        asked_.wait(lock, [this] { return stopping_ || !questions_.empty(); });
        if (stopping_) return;
        Question question = std::move(questions_.front());
        questions_.pop_front();
        lock.unlock();
        loop_.post([done = std::move(question.done),
                    endpoints = look_up(question.host, question.port)] { done(endpoints); });
        lock.lock();
    }
}

}  // namespace ccproxy::net
