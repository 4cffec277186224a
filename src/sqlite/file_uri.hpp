#pragma once

#include <string>
#include <string_view>

namespace forebay {

/// A file's name as a URI for SQLITE_OPEN_URI: whatever characters it has, they stand for themselves. `parameters`:
/// "nolock=1".
inline std::string file_uri(std::string_view path, std::string_view parameters) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = path.starts_with('/') ? "file://" : "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      uri += '%';
      uri += kDigits[static_cast<unsigned char>(c) >> 4];
      uri += kDigits[static_cast<unsigned char>(c) & 15];
    } else {
      uri += c;
    }
  }
  return (uri += '?') += parameters;
}

}  // namespace forebay
