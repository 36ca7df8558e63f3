// What a request in web mode needs beside what every request does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proto/event.hpp"
#include "proxy/accounts/account_set.hpp"
#include "proxy/web/answer.hpp"
#include "proxy/web/request.hpp"

namespace ccproxy {

/// A part of an exchange, on its thread.
struct WebState {
    struct Conversation {
        const accounts::Account* account;
        std::string organization;
        std::string uuid;
    };

    web::Request request;  ///< Its body stands in the exchange.
    /// Made at a backend, or perhaps made: one for each account that was tried.
    std::vector<Conversation> conversations;
    std::unique_ptr<web::Answer> answer;  ///< Once a backend has begun to answer.

    /// Sets in the request's record what the tap does not know.
    void complete(Event& event) const;
};

}  // namespace ccproxy
