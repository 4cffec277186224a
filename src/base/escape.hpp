#pragma once

#include <string>
#include <string_view>

namespace forebay {

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

}  // namespace forebay
