// The fields of one head, kept in one piece of memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.hpp"
#include "proxy/http/known_field.hpp"
#include "proxy/net/frame_memory.hpp"

namespace ccproxy::http1 {

/// Whether two ASCII texts are equal but for case.
bool equals_ignoring_case(std::string_view left, std::string_view right);

/// A letter of ASCII in lower case, anything else as it is.
constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Without the spaces and tabs around it.
constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Name of a field that is asked for, in lower case. Where it is written as a literal, the compiler
/// finds out which known field it is.
class FieldName {
  public:
    consteval FieldName(const char* literal) : FieldName(std::string_view(literal)) {}
    constexpr FieldName(std::string_view text) : text_(text), known_(known_field(text)) {}
    [[nodiscard]] constexpr std::string_view text() const { return text_; }
    [[nodiscard]] constexpr KnownField known() const { return known_; }

  private:
    std::string_view text_;
    KnownField known_;
};

/// Header fields in order, names in lower case, values without surrounding white space.
class Fields {
    struct Place;
    using Places = std::vector<Place, net::FrameAllocator<Place>>;

  public:
    /// Valid until the next add().
    struct Field {
        std::string_view name;
        std::string_view value;
    };

    class Iterator {
      public:
        Iterator(const Fields& fields, Places::const_iterator at) : fields_(&fields), at_(at) {}
        Field operator*() const { return fields_->field(*at_); }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

      private:
        const Fields* fields_;
        Places::const_iterator at_;
    };

    /// Reads the lines of a head that follow its first, with the empty one that ends them. Of
    /// fields that are there before, nothing stays. Fails on obs-fold, control characters, a line
    /// that does not end in CR LF, a name that is no token, a name or value of 64 KiB.
    std::optional<Error> read(std::string_view lines);
    /// Of one head no more than 4 GiB; a name or a value less than 64 KiB.
    void add(std::string_view name, std::string_view value);

    /// Value of the first field of that name; empty when there is none.
    [[nodiscard]] std::string_view get(FieldName name) const {
        const auto place = find(name, places_.begin());
        return place == places_.end() ? std::string_view() : field(*place).value;
    }
    [[nodiscard]] std::size_t count(FieldName name) const;
    /// Whether a field is there, and whether it is there more than once. Not for KnownField::none.
    [[nodiscard]] bool has(KnownField field) const { return present_.has(field); }
    [[nodiscard]] bool repeats(KnownField field) const { return repeated_.has(field); }
    /// Whether `wanted` is true of an item of the comma-separated fields of that name.
    template <class Wanted>
    [[nodiscard]] bool any_item(FieldName name, Wanted wanted) const;
    /// Whether a comma-separated field of that name lists `token`, in any case.
    [[nodiscard]] bool lists(FieldName name, std::string_view token) const {
        return any_item(name,
                        [&](std::string_view item) { return equals_ignoring_case(item, token); });
    }
    [[nodiscard]] Iterator begin() const { return {*this, places_.begin()}; }
    [[nodiscard]] Iterator end() const { return {*this, places_.end()}; }

    /// Appends the fields as lines `name: value` with CR LF, but for those of which
    /// `left_out(KnownField, name)` is true.
    template <class LeftOut>
    void append_lines(std::string& out, LeftOut left_out) const;

  private:
    /// In text_: a line `name: value` with CR LF.
    struct Place {
        std::uint32_t begin;
        std::uint16_t name_bytes;
        std::uint16_t value_bytes;
        KnownField known;
    };
    static constexpr std::size_t separator_bytes = 2;
    static constexpr std::size_t line_end_bytes = 2;

    [[nodiscard]] Field field(const Place& place) const {
        const char* name = text_.data() + place.begin;
        return {{name, place.name_bytes},
                {name + place.name_bytes + separator_bytes, place.value_bytes}};
    }
    /// The first field of that name from the one at `from` on; the end when there is none.
    [[nodiscard]] Places::const_iterator find(FieldName name, Places::const_iterator from) const;
    /// The next of that name behind the one at `place`.
    [[nodiscard]] Places::const_iterator find_next(FieldName name,
                                                   Places::const_iterator place) const {
        const bool is_last = name.known() != KnownField::none && !repeats(name.known());
        return is_last ? places_.end() : find(name, place + 1);
    }
    /// Reads a line, its end not included, that begins at `begin` of text_ and was there before.
    std::optional<Error> read_line(std::size_t begin, std::string_view line);
    /// The line at `begin` of text_ becomes the next field.
    void add_place(std::size_t begin, std::size_t name_bytes, std::size_t value_bytes);

    net::BriefText text_;
    Places places_;
    FieldSet present_;
    FieldSet repeated_;  ///< Of those, what is there more than once.
};

inline void Fields::add_place(std::size_t begin, std::size_t name_bytes, std::size_t value_bytes) {
    const KnownField known = known_field({text_.data() + begin, name_bytes});
    places_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint16_t>(name_bytes),
                       static_cast<std::uint16_t>(value_bytes), known});
    if (present_.has(known)) repeated_.add(known);
    present_.add(known);
}

inline Fields::Places::const_iterator Fields::find(FieldName name,
                                                   Places::const_iterator from) const {
    const KnownField known = name.known();
    if (!present_.has(known)) return places_.end();
    return std::find_if(from, places_.end(), [&](const Place& place) {
        if (place.known != known) return false;
        return known != KnownField::none || field(place).name == name.text();
    });
}

template <class Wanted>
bool Fields::any_item(FieldName name, Wanted wanted) const {
    for (auto place = find(name, places_.begin()); place != places_.end();
         place = find_next(name, place)) {
        std::string_view rest = field(*place).value;
        while (!rest.empty()) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            if (wanted(trim(rest.substr(0, comma)))) return true;
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
    }
    return false;
}

template <class LeftOut>
void Fields::append_lines(std::string& out, LeftOut left_out) const {
    // Lines that stand one behind the other are appended together.
    std::size_t begin = 0;
    std::size_t end = 0;
    for (const Place& place : places_) {
        const char* name = text_.data() + place.begin;
        if (left_out(place.known, std::string_view(name, place.name_bytes))) continue;
        if (place.begin != end) {
            out.append(text_.data() + begin, end - begin);
            begin = place.begin;
        }
        end = place.begin + place.name_bytes + separator_bytes + place.value_bytes + line_end_bytes;
    }
    out.append(text_.data() + begin, end - begin);
}

}  // namespace ccproxy::http1
