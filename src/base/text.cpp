#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

namespace forebay {

namespace {

constexpr std::uint64_t repeated(std::uint8_t byte) { return 0x0101010101010101ULL * byte; }
constexpr std::uint64_t kHighBits = repeated(0x80);

std::uint64_t load(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Exact for words without high bits; with some, it may also name the byte above a match, so only "none" can be relied
// on.
std::uint64_t has_zero(std::uint64_t word) { return (word - repeated(1)) & ~word & kHighBits; }

bool is_continuation(unsigned char c) { return (c & 0xC0) == 0x80; }

}  // namespace

std::size_t utf8_sequence(const char* at, const char* end) noexcept {
  const auto byte = [&](int i) { return static_cast<unsigned char>(at[i]); };
  const auto room = end - at;
  const unsigned char first = byte(0);

  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;  // a continuation byte, or an overlong form of ASCII
  if (first < 0xE0) return room >= 2 && is_continuation(byte(1)) ? 2 : 0;
  if (first < 0xF0) {
    if (room < 3 || !is_continuation(byte(1)) || !is_continuation(byte(2))) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && byte(1) > 0x9F) return 0;  // surrogates
    return 3;
  }

  if (first > 0xF4) return 0;
  if (room < 4 || !is_continuation(byte(1)) || !is_continuation(byte(2)) || !is_continuation(byte(3))) return 0;
  if (first == 0xF0 && byte(1) < 0x90) return 0;  // overlong
  if (first == 0xF4 && byte(1) > 0x8F) return 0;  // above U+10FFFF
  return 4;
}

std::uint32_t utf8_code_point(const char* at, std::size_t size) noexcept {
  constexpr std::array<std::uint32_t, 5> kFirstByteBits = {0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t code_point = static_cast<unsigned char>(at[0]) & kFirstByteBits[size];
  for (std::size_t i = 1; i < size; ++i) code_point = code_point << 6 | (static_cast<unsigned char>(at[i]) & 0x3FU);
  return code_point;
}

bool is_utf8_text(std::string_view s) noexcept {
  const char* at = s.data();
  const char* const end = at + s.size();
  while (at < end) {
    if (end - at >= 8) {
      const std::uint64_t word = load(at);
      if (((word | has_zero(word)) & kHighBits) == 0) {
        at += 8;
        continue;
      }
    }

    const std::size_t n = *at == '\0' ? 0 : utf8_sequence(at, end);
    if (n == 0) return false;
    at += n;
  }
  return true;
}

bool is_plain_ascii(std::string_view s) noexcept {
  const char* at = s.data();
  const char* const end = at + s.size();

  for (; end - at >= 8; at += 8) {
    const std::uint64_t word = load(at);
    // Per byte, given no high bits: below 0x20 borrows into the high bit, 0x7F + 1 carries into it.
    const std::uint64_t odd = word | (word - repeated(0x20)) | (word + repeated(1)) | has_zero(word ^ repeated('\\'));
    if ((odd & kHighBits) != 0) return false;
  }

  for (; at < end; ++at) {
    if (*at < 0x20 || *at > 0x7E || *at == '\\') return false;
  }
  return true;
}

std::string_view utf8_prefix(std::string_view s, std::size_t bytes_max) noexcept {
  if (s.size() <= bytes_max) return s;
  std::size_t size = bytes_max;
  while (size > 0 && is_continuation(static_cast<unsigned char>(s[size]))) --size;
  return s.substr(0, size);
}

namespace {

struct CodePoints {
  char32_t first, last;
};
// Unicode's format characters (Cf) that show nothing themselves, the line separators, and the tag block. Cf's visible
// Arabic and Kaithi signs are letters to their readers and stay.
constexpr CodePoints kInvisible[] = {{0x80, 0x9F},      {0xAD, 0xAD},       {0x61C, 0x61C},     {0x180E, 0x180E},
                                     {0x200B, 0x200F},  {0x2028, 0x202E},   {0x2060, 0x206F},   {0xFEFF, 0xFEFF},
                                     {0xFFF9, 0xFFFB},  {0x13430, 0x1345F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
                                     {0xE0000, 0xE0FFF}};

}  // namespace

bool is_invisible(char32_t code_point) noexcept {
  return std::any_of(std::begin(kInvisible), std::end(kInvisible),
                     [&](const CodePoints& range) { return code_point >= range.first && code_point <= range.last; });
}

namespace {

void append_byte(std::string& to, char byte) {
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
      append_hex(to += "\\x", byte, kUpperHexDigits);
  }
}

void append_code_point(std::string& to, std::uint32_t code_point) {
  to += "\\u{";
  int shift = 20;
  while (shift > 0 && code_point >> shift == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) to += kUpperHexDigits[code_point >> shift & 15U];
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
      append_byte(to, *at);
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
    to += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) to += kUpperHexDigits[unit >> shift & 15U];
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

std::string ascii_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ascii_lower(c);
  return lower;
}

std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string quoted_identifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) text.append(text.empty() ? "" : between).append(part);
  return text;
}

std::string enumerated(std::vector<std::string> parts, std::string_view last) {
  if (parts.size() < 2) return joined(parts, "");
  const std::string end = std::move(parts.back());
  parts.pop_back();
  return joined(parts, ", ").append(last).append(end);
}

std::string safe_line(std::string_view text) {
  std::string line;
  for (;;) {
    const std::size_t backslash = text.find('\\');
    append_printable(line, text.substr(0, backslash));
    if (backslash == std::string_view::npos) return line;
    line += '\\';
    text.remove_prefix(backslash + 1);
  }
}

}  // namespace forebay
