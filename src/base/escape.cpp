#include "base/escape.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/utf8.hpp"

namespace forebay {
namespace {

struct CodePoints {
  std::uint32_t first, last;
};
// Unicode's format characters (Cf) that show nothing themselves, the line separators, and the tag block. Cf's visible
// Arabic and Kaithi signs are letters to their readers and stay.
constexpr CodePoints kInvisible[] = {{0x80, 0x9F},      {0xAD, 0xAD},       {0x61C, 0x61C},     {0x180E, 0x180E},
                                     {0x200B, 0x200F},  {0x2028, 0x202E},   {0x2060, 0x206F},   {0xFEFF, 0xFEFF},
                                     {0xFFF9, 0xFFFB},  {0x13430, 0x1345F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
                                     {0xE0000, 0xE0FFF}};

bool is_invisible(std::uint32_t code_point) {
  for (const CodePoints& range : kInvisible) {
    if (code_point >= range.first && code_point <= range.last) return true;
  }
  return false;
}

void append_byte(std::string& to, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  switch (byte) {
    case '\n':
      to += "\\n";
      return;
    case '\t':
      to += "\\t";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\\':
      to += "\\\\";
      return;
    default:
      to += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
  }
}

void append_code_point(std::string& to, std::uint32_t code_point) {
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), code_point, 16).ptr;
  to += "\\u{";
  for (const char* d = digits.data(); d != end; ++d) to += *d >= 'a' ? static_cast<char>(*d - 'a' + 'A') : *d;
  to += '}';
}

}  // namespace

bool append_printable(std::string& to, std::string_view bytes) {
  if (is_plain_ascii(bytes)) {
    to += bytes;
    return false;
  }
  const std::size_t before = to.size();
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at < end) {
    const std::size_t size = utf8_sequence(at, end);
    const auto byte = static_cast<unsigned char>(*at);
    if (size == 0 || (size == 1 && (byte < 0x20 || byte == 0x7F || byte == '\\'))) {
      append_byte(to, byte);
      ++at;
      continue;
    }
    const std::uint32_t code_point = utf8_code_point(at, size);
    if (is_invisible(code_point)) {
      append_code_point(to, code_point);
    } else {
      to.append(at, size);
    }
    at += size;
  }
  // Every escape is longer than what it stands for.
  return to.size() - before != bytes.size();
}

std::string printable(std::string_view bytes) {
  std::string to;
  append_printable(to, bytes);
  return to;
}

std::string printable_json(std::string_view json) {
  std::string to;
  const auto append_unit = [&to](std::uint32_t unit) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    to += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) to += kDigits[unit >> shift & 15U];
  };
  const char* const end = json.data() + json.size();
  for (const char* at = json.data(); at < end;) {
    const std::size_t size = std::max<std::size_t>(utf8_sequence(at, end), 1);
    const std::uint32_t code_point = utf8_code_point(at, size);
    if (code_point != 0x7F && !is_invisible(code_point)) {
      to.append(at, size);
    } else if (code_point < 0x10000) {
      append_unit(code_point);
    } else {
      append_unit(0xD800 + ((code_point - 0x10000) >> 10));
      append_unit(0xDC00 + ((code_point - 0x10000) & 0x3FFU));
    }
    at += size;
  }
  return to;
}

}  // namespace forebay
