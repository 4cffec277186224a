#pragma once

#include <cassert>
#include <cstdint>
#include <limits>
#include <string_view>

namespace forebay {

/// The types a stream's columns can have, whatever the destination calls them.
enum class ColumnType : std::uint8_t {
  integer = 1,  ///< 64 bits, signed
  real,         ///< IEEE double
  text,         ///< UTF-8 without NUL
  boolean,
  timestamp,  ///< microseconds since 1970-01-01 UTC
  json,       ///< UTF-8 text of one JSON value
  bytes
};

/// One column's value, or null. Text, json and bytes are borrowed: what they point at must live until the call they are
/// given to returns. Writer::add() copies.
class Value {
 public:
  constexpr Value() noexcept = default;  // null

  static constexpr Value integer(std::int64_t v) noexcept { return number(ColumnType::integer, v); }
  static constexpr Value boolean(bool v) noexcept { return number(ColumnType::boolean, v ? 1 : 0); }
  /// Microseconds since 1970-01-01 UTC.
  static constexpr Value timestamp(std::int64_t us) noexcept { return number(ColumnType::timestamp, us); }
  static constexpr Value real(double v) noexcept {
    Value r;
    r.type_ = static_cast<std::uint8_t>(ColumnType::real);
    r.data_.real = v;
    return r;
  }
  static constexpr Value text(std::string_view v) noexcept { return chars(ColumnType::text, v); }
  static constexpr Value json(std::string_view v) noexcept { return chars(ColumnType::json, v); }
  static constexpr Value bytes(std::string_view v) noexcept { return chars(ColumnType::bytes, v); }

  constexpr bool is_null() const noexcept { return type_ == 0; }
  /// Not for a null.
  constexpr ColumnType type() const noexcept { return static_cast<ColumnType>(type_); }
  constexpr bool is(ColumnType t) const noexcept { return type_ == static_cast<std::uint8_t>(t); }
  /// integer, boolean and timestamp.
  constexpr std::int64_t as_integer() const noexcept { return data_.integer; }
  constexpr double as_real() const noexcept { return data_.real; }
  /// text, json and bytes.
  constexpr std::string_view as_chars() const noexcept { return {data_.chars, size_}; }
  constexpr bool holds_chars() const noexcept {
    return is(ColumnType::text) || is(ColumnType::json) || is(ColumnType::bytes);
  }

 private:
  static constexpr Value number(ColumnType t, std::int64_t v) noexcept {
    Value r;
    r.type_ = static_cast<std::uint8_t>(t);
    r.data_.integer = v;
    return r;
  }
  static constexpr Value chars(ColumnType t, std::string_view v) noexcept {
    assert(v.size() <= std::numeric_limits<std::uint32_t>::max());
    Value r;
    r.type_ = static_cast<std::uint8_t>(t);
    r.size_ = static_cast<std::uint32_t>(v.size());
    r.data_.chars = v.data();
    return r;
  }

  union Data {
    std::int64_t integer = 0;
    double real;
    const char* chars;
  } data_;
  std::uint32_t size_ = 0;
  std::uint8_t type_ = 0;
};

static_assert(sizeof(Value) == 16);

}  // namespace forebay
