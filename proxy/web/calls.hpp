// The calls of a chat backend: what is sent, and what is read of the answers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ccproxy::web {

/// Whether a text may stand in a path as an id: letters, digits and dashes.
bool is_id(std::string_view text);

/// `/api/organizations`, beside which all other paths stand.
inline constexpr std::string_view organizations_path = "/api/organizations";
/// Where conversations are made.
std::string conversations_path(std::string_view organization);
/// Of one conversation.
std::string conversation_path(std::string_view organization, std::string_view uuid);
/// Where its completions are asked for.
std::string completion_path(std::string_view organization, std::string_view uuid);

/// `{"uuid":…,"name":""}`
std::string creation_body(std::string_view uuid);

/// The head of a request. `header_lines` are the account's: host and credential. Nothing of the
/// client's is in it.
std::string request_head(std::string_view method, std::string_view path,
                         std::string_view header_lines, std::string_view accept,
                         std::size_t body_bytes);

/// The uuid of the first organization that can chat, in the list that the backend gives; nothing
/// when there is none.
std::optional<std::string> find_organization(std::string_view json);

}  // namespace ccproxy::web
