// The fields that the proxy acts on, told apart once, when a head is read, instead of by their
// names each time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace ccproxy::http1 {

/// In the order of known_field_names.
enum class KnownField : std::uint8_t {
    none,  ///< Any other field.
    accept_encoding,
    alt_svc,
    anthropic_version,
    authorization,
    connection,
    content_encoding,
    content_length,
    content_type,
    cookie,
    expect,
    forwarded,
    host,
    http2_settings,
    keep_alive,
    proxy_authenticate,
    proxy_authorization,
    proxy_connection,
    request_id,
    retry_after,
    retry_after_ms,
    set_cookie,
    strict_transport_security,
    te,
    trailer,
    transfer_encoding,
    upgrade,
    via,
    x_api_key,
    x_ccproxy_request_id,
    x_claude_code_agent_id,
    x_claude_code_session_id,
    x_forwarded_for,
    x_forwarded_host,
    x_forwarded_port,
    x_forwarded_proto,
    x_proxy_mode,
    x_real_ip,
    x_should_retry
};

inline constexpr std::array<std::string_view, 39> known_field_names{"",
                                                                    "accept-encoding",
                                                                    "alt-svc",
                                                                    "anthropic-version",
                                                                    "authorization",
                                                                    "connection",
                                                                    "content-encoding",
                                                                    "content-length",
                                                                    "content-type",
                                                                    "cookie",
                                                                    "expect",
                                                                    "forwarded",
                                                                    "host",
                                                                    "http2-settings",
                                                                    "keep-alive",
                                                                    "proxy-authenticate",
                                                                    "proxy-authorization",
                                                                    "proxy-connection",
                                                                    "request-id",
                                                                    "retry-after",
                                                                    "retry-after-ms",
                                                                    "set-cookie",
                                                                    "strict-transport-security",
                                                                    "te",
                                                                    "trailer",
                                                                    "transfer-encoding",
                                                                    "upgrade",
                                                                    "via",
                                                                    "x-api-key",
                                                                    "x-ccproxy-request-id",
                                                                    "x-claude-code-agent-id",
                                                                    "x-claude-code-session-id",
                                                                    "x-forwarded-for",
                                                                    "x-forwarded-host",
                                                                    "x-forwarded-port",
                                                                    "x-forwarded-proto",
                                                                    "x-proxy-mode",
                                                                    "x-real-ip",
                                                                    "x-should-retry"};
static_assert(known_field_names[std::size_t(KnownField::x_should_retry)] == "x-should-retry");

namespace detail {

/// A perfect hash: no two of the names share a slot. Whoever adds a name that does is told by the
/// compiler, and looks for other factors.
constexpr std::size_t field_slots = 128;
constexpr std::size_t field_slot(std::string_view name) {
    const auto first = static_cast<unsigned char>(name.front());
    const auto last_but_one = static_cast<unsigned char>(name[name.size() - 2]);
    return (name.size() + first * 16U + last_but_one * 30U) % field_slots;
}

inline constexpr std::array<KnownField, field_slots> fields_by_slot = [] {
    std::array<KnownField, field_slots> slots{};
    for (std::size_t i = 1; i < known_field_names.size(); ++i) {
        KnownField& slot = slots[field_slot(known_field_names[i])];
        if (slot != KnownField::none) throw "two names share a slot";
        slot = static_cast<KnownField>(i);
    }
    return slots;
}();

}  // namespace detail

/// By a name in lower case.
constexpr KnownField known_field(std::string_view name) {
    if (name.size() < 2) return KnownField::none;
    const KnownField found = detail::fields_by_slot[detail::field_slot(name)];
    return known_field_names[static_cast<std::size_t>(found)] == name ? found : KnownField::none;
}

/// Some of the known fields.
class FieldSet {
  public:
    constexpr FieldSet() = default;
    constexpr FieldSet(std::initializer_list<KnownField> fields) {
        for (const KnownField field : fields) add(field);
    }
    constexpr void add(KnownField field) { bits_ |= bit(field); }
    [[nodiscard]] constexpr bool has(KnownField field) const { return (bits_ & bit(field)) != 0; }
    constexpr FieldSet operator|(FieldSet other) const {
        other.bits_ |= bits_;
        return other;
    }

  private:
    static_assert(known_field_names.size() <= 64);
    static constexpr std::uint64_t bit(KnownField field) {
        return std::uint64_t{1} << static_cast<unsigned>(field);
    }
    std::uint64_t bits_ = 0;
};

}  // namespace ccproxy::http1
