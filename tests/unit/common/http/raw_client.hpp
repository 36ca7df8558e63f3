// A client that sends exactly the bytes it is given, and reads answers one by one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.hpp"

namespace ccproxy::http::test {

struct Answer {
    int status = 0;
    std::vector<Field> headers;
    std::string body;

    /// The value of a header; empty when it is absent.
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// Throws std::runtime_error where the server leaves it waiting for more than ten seconds.
class RawClient {
  public:
    explicit RawClient(std::uint16_t port);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// Ignores that the server may have closed already: the answer tells.
    void send(std::string_view bytes);
    /// One answer, the next of the connection. `has_body` is false after a HEAD.
    Answer read_answer(bool has_body = true);
    /// The next chunk of an answer whose head was read; empty when it is the last. Throws when the
    /// server closes instead.
    std::string read_chunk();
    /// What comes until the server closes.
    std::string read_to_end();
    /// Whether the server closes without another byte.
    bool is_closed() { return read_to_end().empty(); }

  private:
    friend bool first_with_answer(const RawClient& first, const RawClient& second);
    bool read_more();
    std::string read_bytes(std::size_t size);

    int socket_ = -1;
    std::string buffer_;
};

/// Waits until one of the two has something to read; true when the first has.
bool first_with_answer(const RawClient& first, const RawClient& second);

/// `METHOD target` with a Host, and a Content-Length where there is a body.
std::string request_text(std::string_view method, std::string_view target,
                         const std::vector<Field>& headers = {}, std::string_view body = "");

/// One request on a connection of its own.
Answer exchange(std::uint16_t port, std::string_view method, std::string_view target,
                const std::vector<Field>& headers = {}, std::string_view body = "");

}  // namespace ccproxy::http::test
