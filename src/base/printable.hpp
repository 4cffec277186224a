#pragma once

#include <string>
#include <string_view>

namespace forebay {

/// Text that cannot move a cursor, colour a terminal, begin a log line of its own or turn the reading direction:
/// control characters (C0, DEL, C1), bidirectional marks and bytes that are not UTF-8 become \n, \t, \xHH or \u{HHHH}.
/// File names and servers' messages hold such things. The backslash itself stays: this is for reading, not for parsing
/// back.
std::string printable(std::string_view text);

/// The number of columns of printable UTF-8 text, one a character. (East Asian wide characters count one.)
std::size_t width(std::string_view text);

}  // namespace forebay
