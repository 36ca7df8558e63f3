// The fields of one head, kept in one piece of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ccproxy::http1 {

/// Header fields in order, names in lower case, values without surrounding white space.
class Fields {
  public:
    /// Valid until the next add().
    struct Field {
        std::string_view name;
        std::string_view value;
    };

    class Iterator {
      public:
        Iterator(const Fields& fields, std::size_t at) : fields_(&fields), at_(at) {}
        Field operator*() const { return fields_->at(at_); }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

      private:
        const Fields* fields_;
        std::size_t at_;
    };

    /// Makes room for the fields of a head of that size, so that adding them allocates nothing.
    void reserve(std::size_t head_bytes);
    /// Of one head no more than 4 GiB.
    void add(std::string_view name, std::string_view value);
    /// Value of the first field of that name (lower case); empty when there is none.
    [[nodiscard]] std::string_view get(std::string_view name) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;
    /// Whether a comma-separated field of that name lists `token`, in any case.
    [[nodiscard]] bool lists(std::string_view name, std::string_view token) const;
    [[nodiscard]] Iterator begin() const { return {*this, 0}; }
    [[nodiscard]] Iterator end() const { return {*this, places_.size()}; }

  private:
    /// In text_: the name, then the value.
    struct Place {
        std::uint32_t begin;
        std::uint32_t name_bytes;
        std::uint32_t value_bytes;
    };

    [[nodiscard]] Field at(std::size_t i) const {
        const Place& place = places_[i];
        const char* name = text_.data() + place.begin;
        return {{name, place.name_bytes}, {name + place.name_bytes, place.value_bytes}};
    }

    std::string text_;
    std::vector<Place> places_;
};

/// Whether two ASCII texts are equal but for case.
bool equals_ignoring_case(std::string_view left, std::string_view right);

/// Without the spaces and tabs around it.
std::string_view trim(std::string_view text);

/// A letter of ASCII in lower case, anything else as it is.
constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace ccproxy::http1
