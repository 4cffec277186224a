#include "base/safe_line.hpp"

#include "base/escape.hpp"

namespace forebay {

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
