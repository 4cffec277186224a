#pragma once

#include <cassert>
#include <cstdint>
#include <limits>
#include <string_view>

#include "forebay/export.hpp"

namespace forebay {

/// The types of a stream's columns. docs/destination-schema.md lists what each is at the destination.
enum class ColumnType : std::uint8_t {
  integer = 1,  ///< 64 bits, signed
  real,         ///< IEEE 754, 64 bits
  text,         ///< UTF-8 without NUL
  boolean,
  timestamp,  ///< microseconds since 1970-01-01 00:00 UTC
  json,       ///< UTF-8, one JSON value
  bytes
};
[[nodiscard]] FOREBAY_EXPORT std::string_view to_string(ColumnType type) noexcept;

/// One column's value, or null; default-constructed it is null. Small, and cheap to copy. A Value of text, json or
/// bytes does not own its characters: they must live until the call that takes the Value returns. (Writer::add() copies
/// them.)
class Value {
 public:
  constexpr Value() noexcept = default;

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
  /// These three: at most 4 GiB each.
  static constexpr Value text(std::string_view v) noexcept { return chars(ColumnType::text, v); }
  static constexpr Value json(std::string_view v) noexcept { return chars(ColumnType::json, v); }
  static constexpr Value bytes(std::string_view v) noexcept { return chars(ColumnType::bytes, v); }

  constexpr bool is_null() const noexcept { return type_ == 0; }
  /// The value must not be null.
  constexpr ColumnType type() const noexcept { return static_cast<ColumnType>(type_); }
  constexpr bool is(ColumnType t) const noexcept { return type_ == static_cast<std::uint8_t>(t); }
  /// Of a value of type integer, boolean (0 or 1) or timestamp. The type is not checked, here and in the next two.
  constexpr std::int64_t as_integer() const noexcept { return data_.integer; }
  constexpr double as_real() const noexcept { return data_.real; }
  /// Of a value of type text, json or bytes.
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
