#include "base/utf8.hpp"

#include <array>
#include <cstdint>
#include <cstring>

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

}  // namespace forebay
