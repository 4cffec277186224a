#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

/// Bytes of the UTF-8 sequence that starts at `at`, 0 when none does. As strict as PostgreSQL: no overlong forms, no
/// surrogates, nothing above U+10FFFF. Needs at < end.
std::size_t utf8_sequence(const char* at, const char* end) noexcept;

/// What a sequence of so many bytes stands for.
std::uint32_t utf8_code_point(const char* at, std::size_t size) noexcept;

/// What PostgreSQL takes as text in a UTF8 database: valid UTF-8 without NUL.
bool is_utf8_text(std::string_view s) noexcept;

/// Only U+0020 … U+007E and no backslash: valid UTF-8 that looks as it is stored. The usual case, so it is the cheap
/// test.
bool is_plain_ascii(std::string_view s) noexcept;

/// The longest prefix of UTF-8 text `s` that has at most `bytes_max` bytes and ends between characters.
std::string_view utf8_prefix(std::string_view s, std::size_t bytes_max) noexcept;

/// What no terminal shows by itself and nobody types: C1 controls, Unicode's format characters, line separators, tags.
bool is_invisible(char32_t code_point) noexcept;

/// Bytes from elsewhere (names, paths, a server's message) as one line that a terminal or a log shows and cannot be
/// steered by: control characters, bytes that are not UTF-8 and invisible format characters (bidirectional overrides,
/// zero-width, line separators) become \n \t \r, \xE9 (a byte) or \u{202E} (a code point); a backslash becomes \\,
/// so that every result has one origin. Everything else stays.
std::string printable(std::string_view bytes);

/// The same, appended; true when it differs from `bytes`.
bool append_printable(std::string& to, std::string_view bytes);

/// A JSON text that shows its strings' invisible code points as \uXXXX: the same JSON to who parses it, and harmless on
/// a terminal. It must be UTF-8, with the control characters below U+0020 escaped already.
std::string printable_json(std::string_view json);

/// ASCII letters made small, whatever the locale; other bytes stay.
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string ascii_lower(std::string_view text);

/// The whole text as a decimal number; nothing where it is none, or too large.
std::optional<std::int64_t> whole_number(std::string_view text) noexcept;

inline constexpr std::string_view kHexDigits = "0123456789abcdef";
inline constexpr std::string_view kUpperHexDigits = "0123456789ABCDEF";
/// Two digits.
inline void append_hex(std::string& to, char byte, std::string_view digits = kHexDigits) {
  const auto bits = static_cast<unsigned char>(byte);
  to += digits[bits >> 4U];
  to += digits[bits & 15U];
}

/// "name", with quotes in it doubled: the one way an identifier gets into SQL text.
std::string quoted_identifier(std::string_view name);

std::string joined(const std::vector<std::string>& parts, std::string_view between);
/// "a, b and c"; `last`: " and ".
std::string enumerated(std::vector<std::string> parts, std::string_view last);

/// printable() for whole messages: the same, but a backslash stays as it is, because what a message quotes (a path, a
/// server's words) was made printable before and must not be escaped twice. For reading, not for parsing back.
std::string safe_line(std::string_view text);

}  // namespace forebay
