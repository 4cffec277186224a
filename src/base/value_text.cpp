#include "base/value_text.hpp"

#include <string_view>

#include "base/escape.hpp"
#include "base/human.hpp"
#include "base/utf8.hpp"

namespace forebay {
namespace {

std::string shown(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return printable(text);
  return printable(utf8_prefix(text, bytes_max)) + "…";
}

std::string shown_bytes(std::string_view bytes, std::size_t bytes_max) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "0x";
  for (const char c : bytes.substr(0, bytes_max / 4)) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return bytes.size() > bytes_max / 4 ? text + "…" : text;
}

}  // namespace

std::string value_text(const Value& value, std::size_t bytes_max) {
  if (value.is_null()) return "null";
  switch (value.type()) {
    case ColumnType::bytes:
      return shown_bytes(value.as_chars(), bytes_max);
    case ColumnType::text:
    case ColumnType::json:
      return shown(value.as_chars(), bytes_max);
    case ColumnType::boolean:
      return value.as_integer() != 0 ? "true" : "false";
    case ColumnType::timestamp:
      return rfc3339_local(value.as_integer());
    case ColumnType::integer:
      return std::to_string(value.as_integer());
    case ColumnType::real:
      return std::to_string(value.as_real());
  }
  return {};
}

std::string key_text(const Stream& stream, std::span<const Value> row, std::size_t bytes_max) {
  std::string text;
  for (const std::size_t column : stream.key_indexes()) {
    if (!text.empty()) text += ", ";
    text += value_text(row[column], bytes_max);
  }
  return text;
}

}  // namespace forebay
