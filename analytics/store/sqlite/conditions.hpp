// The WHERE of a query that is put together from the filters that are set.
#pragma once

#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ccproxy::analytics {

/// Conditions joined by AND, and the values of their parameters in order.
class Conditions {
  public:
    using Value = std::variant<std::int64_t, std::string>;

    void add(const std::string& condition, std::vector<Value> values = {}) {
        sql_ += (sql_.empty() ? " WHERE (" : " AND (") + condition + ")";
        for (Value& value : values) values_.push_back(std::move(value));
    }
    /// All those of `other`.
    void add(const Conditions& other) {
        if (other.empty()) return;
        sql_ += (sql_.empty() ? " WHERE " : " AND ") + other.expression();
        values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    }
    template <class T>
    void add_optional(const std::string& condition, const std::optional<T>& value) {
        if (value) add(condition, {Value(*value)});
    }

    [[nodiscard]] const std::string& sql() const { return sql_; }
    /// Without the WHERE, as a value of 0, 1 or NULL.
    [[nodiscard]] std::string expression() const {
        return empty() ? "1" : sql_.substr(std::string_view(" WHERE ").size());
    }
    [[nodiscard]] bool empty() const { return sql_.empty(); }
    /// Binds from parameter `next` on; gives the number of the one behind.
    int bind(SQLite::Statement& statement, int next = 1) const {
        for (const Value& value : values_) {
            std::visit([&](const auto& v) { statement.bind(next++, v); }, value);
        }
        return next;
    }

  private:
    std::string sql_;
    std::vector<Value> values_;
};

}  // namespace ccproxy::analytics
