// JSON quoting and UTF-8 repair.
#include "tests/support/upstream_sim/json_text.hpp"

#include <cstddef>

#include "tests/support/upstream_sim/json.hpp"

namespace upstream_sim {
namespace {

/// Takes the one string of a document.
struct OneString : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, OneString> {
    std::string value;
    bool String(const char* text, rapidjson::SizeType size, bool) {
        value.assign(text, size);
        return true;
    }
    bool Default() { return false; }
};

/// Bytes of the UTF-8 sequence that starts at `at`, or 0 when there is none (RFC 3629).
std::size_t sequence_bytes(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
    }
    const unsigned second = byte(1);
    if (first == 0xE0 && second < 0xA0) return 0;
    if (first == 0xED && second > 0x9F) return 0;
    if (first == 0xF0 && second < 0x90) return 0;
    if (first == 0xF4 && second > 0x8F) return 0;
    return size;
}

bool valid_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = sequence_bytes(text, at);
        if (size == 0) return false;
        at += size;
    }
    return true;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    std::size_t clean_from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, clean_from, i - clean_from);
        clean_from = i + 1;
        if (c == '"' || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c == '\n') {
            out += "\\n";
        } else {
            out += "\\u00";
            out += kHex[c >> 4U];
            out += kHex[c & 15U];
        }
    }
    out.append(text, clean_from);
    out += '"';
}

std::string quoted(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

std::string joined(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const std::string_view part : parts) out += part;
    return out;
}

std::string to_utf8(std::string_view bytes) {
    if (valid_utf8(bytes)) return std::string(bytes);
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            out += c;
        } else {
            out += static_cast<char>(0xC0U | (byte >> 6U));
            out += static_cast<char>(0x80U | (byte & 0x3FU));
        }
    }
    return out;
}

std::string unescape_json(std::string_view piece) {
    if (piece.find('\\') == std::string_view::npos) return std::string(piece);
    std::string document = "\"";
    document += piece;
    document += '"';
    rapidjson::MemoryStream stream(document.data(), document.size());
    rapidjson::Reader reader;
    OneString handler;
    if (!reader.Parse(stream, handler)) return std::string(piece);
    return handler.value;
}

}  // namespace upstream_sim
