#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

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

}  // namespace forebay
