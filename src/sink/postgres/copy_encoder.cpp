#include "sink/postgres/copy_encoder.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace forebay {
namespace {

constexpr std::int64_t kMicrosecondsTo2000 = 946'684'800'000'000;

/// In network order.
template <typename Unsigned>
void put(char* at, Unsigned v) {
  for (std::size_t i = 0; i < sizeof v; ++i) at[i] = static_cast<char>(v >> (8 * (sizeof v - 1 - i)));
}

}  // namespace

template <typename Unsigned>
void CopyEncoder::number(Unsigned v) {
  char bytes[sizeof v];
  put(bytes, v);
  to_.append(bytes, sizeof v);
}

template <typename Unsigned>
void CopyEncoder::sized_number(Unsigned v) {
  char bytes[sizeof(std::uint32_t) + sizeof v];
  put(bytes, static_cast<std::uint32_t>(sizeof v));
  put(bytes + sizeof(std::uint32_t), v);
  to_.append(bytes, sizeof bytes);  // at once: there are a dozen to a row
}

template void CopyEncoder::number(std::uint16_t);
template void CopyEncoder::sized_number(std::uint32_t);
template void CopyEncoder::sized_number(std::uint64_t);

void CopyEncoder::header() {
  to_.append("PGCOPY\n\377\r\n\0", 11);
  number<std::uint32_t>(0);  // flags
  number<std::uint32_t>(0);  // header extension
}

void CopyEncoder::field(const Value& value, WireForm form) {
  if (value.is_null()) return number<std::uint32_t>(0xffffffff);
  switch (form) {
    case WireForm::int8:
      return int8_field(value.as_integer());
    case WireForm::timestamp:
      return int8_field(postgres_timestamp(value.as_integer()));
    case WireForm::float8:
      return sized_number(std::bit_cast<std::uint64_t>(value.as_real()));
    case WireForm::boolean:
      number<std::uint32_t>(1);
      to_ += value.as_integer() != 0 ? '\1' : '\0';
      return;
    case WireForm::chars:
      number(static_cast<std::uint32_t>(value.as_chars().size()));
      to_ += value.as_chars();
      return;
    case WireForm::jsonb:
      number(static_cast<std::uint32_t>(value.as_chars().size() + 1));
      to_ += '\1';  // version of jsonb's binary form
      to_ += value.as_chars();
      return;
  }
}

std::int64_t postgres_timestamp(std::int64_t us_since_1970) noexcept {
  constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min() + 1;
  return us_since_1970 < kLeast + kMicrosecondsTo2000 ? kLeast : us_since_1970 - kMicrosecondsTo2000;
}

void ArrayText::add(std::int64_t v) {
  separate();
  char digits[24];
  text_.append(digits, std::to_chars(digits, digits + sizeof digits, v).ptr);
}

void ArrayText::add(std::string_view text) {
  separate();
  text_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += c;
  }
  text_ += '"';
}

void ArrayText::add(const Value& value) {
  if (value.is_null()) {
    separate();
    text_ += "NULL";
    return;
  }

  switch (value.type()) {
    case ColumnType::integer:
    case ColumnType::timestamp:
      return add(value.as_integer());
    case ColumnType::boolean:
      separate();
      text_ += value.as_integer() != 0 ? 't' : 'f';
      return;
    case ColumnType::real: {
      const double v = value.as_real();
      if (std::isnan(v)) return add(std::string_view("NaN"));
      if (std::isinf(v)) return add(std::string_view(v > 0 ? "Infinity" : "-Infinity"));
      separate();
      char digits[40];
      text_.append(digits, std::to_chars(digits, digits + sizeof digits, v).ptr);
      return;
    }
    case ColumnType::text:
    case ColumnType::json:
      return add(value.as_chars());
    case ColumnType::bytes: {
      separate();
      text_ += "\"\\\\x";
      for (const char c : value.as_chars()) append_hex(text_, c);
      text_ += '"';
      return;
    }
  }
}

std::string ArrayText::take() {
  if (text_.empty()) text_ = "{";
  return std::exchange(text_, {}) + "}";
}

}  // namespace forebay
