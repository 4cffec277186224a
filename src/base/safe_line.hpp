#pragma once

#include <string>
#include <string_view>

namespace forebay {

/// printable() for whole messages: the same, but a backslash stays as it is, because what a message quotes (a path, a
/// server's words) was made printable before and must not be escaped twice. For reading, not for parsing back.
std::string safe_line(std::string_view text);

}  // namespace forebay
