// The stored forms of docs/paths.md.
#include "scan/stored_path.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "forebay/error.hpp"
#include "forebay/file_record.hpp"

namespace forebay {
namespace {

// What an encoded path, or name, starts with. Plain text that starts so is encoded too: then every byte string has a
// stored form of its own, also one that no kernel would give.
constexpr std::string_view kPathMark = "%";
constexpr std::string_view kNameMark = "%/";

constexpr std::string_view kKeySeparator = "//";
constexpr std::size_t kDigestDigits = 64;

bool needs_encoding(std::string_view bytes, std::string_view mark) {
  return bytes.starts_with(mark) || !is_utf8_text(bytes);
}

void append_encoded(std::string& to, std::string_view bytes, std::string_view mark) {
  to += mark;
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at < end) {
    const std::size_t size = *at == '%' || *at == '\0' ? 0 : utf8_sequence(at, end);
    if (size == 0) {
      append_hex(to += '%', *at++, kUpperHexDigits);
    } else {
      to.append(at, size);
      at += size;
    }
  }
}

int digit(char c) {
  const std::size_t value = kUpperHexDigits.find(c);
  return value == std::string_view::npos ? -1 : static_cast<int>(value);
}

[[noreturn]] void refuse(const char* what, const std::string& why) {
  throw Error(ErrorCode::usage, std::string("not a stored ") + what + ": " + why + "; its form: docs/paths.md");
}

std::string decoded(std::string_view stored, std::string_view mark, const char* what) {
  if (!stored.starts_with(mark)) {
    if (!is_utf8_text(stored)) refuse(what, "it is not UTF-8 text");
    return std::string(stored);
  }

  std::string bytes;
  for (std::size_t i = mark.size(); i < stored.size(); ++i) {
    if (stored[i] != '%') {
      bytes += stored[i];
      continue;
    }
    const int high = i + 2 < stored.size() ? digit(stored[i + 1]) : -1;
    const int low = i + 2 < stored.size() ? digit(stored[i + 2]) : -1;
    if (high < 0 || low < 0) {
      refuse(what, "the '%' at byte " + std::to_string(i) + " lacks its two upper-case hexadecimal digits");
    }
    bytes += static_cast<char>(high << 4 | low);
    i += 2;
  }

  // One form for each byte string: a needless escape, or a marked form of what is stored plain, was never made here.
  std::string again;
  append_encoded(again, bytes, mark);
  if (again != stored || !needs_encoding(bytes, mark)) refuse(what, "it escapes what is stored as it is");
  return bytes;
}

bool is_shortened(std::string_view stored) {
  const std::size_t tail = kKeySeparator.size() + kDigestDigits;
  if (stored.size() <= tail || stored.size() > kPathKeyBytesMax) return false;
  const std::string_view end = stored.substr(stored.size() - tail);
  return end.starts_with(kKeySeparator) &&
         end.find_first_not_of(kHexDigits, kKeySeparator.size()) == std::string_view::npos;
}

}  // namespace

bool append_stored_path(std::string& to, std::string_view path) {
  if (!needs_encoding(path, kPathMark)) return false;
  append_encoded(to, path, kPathMark);
  return true;
}

bool append_stored_name(std::string& to, std::string_view name) {
  if (!needs_encoding(name, kNameMark)) return false;
  append_encoded(to, name, kNameMark);
  return true;
}

std::string stored_path(std::string_view path) {
  std::string stored;
  if (!append_stored_path(stored, path)) stored = path;
  return stored;
}

std::string stored_name(std::string_view name) {
  std::string stored;
  if (!append_stored_name(stored, name)) stored = name;
  return stored;
}

std::string path_bytes(std::string_view stored) {
  if (is_shortened(stored)) refuse("path", "it is the key of a longer path, which stands in full_path");
  return decoded(stored, kPathMark, "path");
}

std::string name_bytes(std::string_view stored) { return decoded(stored, kNameMark, "name"); }

std::string path_key(std::string_view stored) {
  if (stored.size() <= kPathKeyBytesMax) return std::string(stored);
  std::string key(utf8_prefix(stored, kPathKeyBytesMax - kKeySeparator.size() - kDigestDigits));
  key += kKeySeparator;
  key += sha256_hex(stored);
  return key;
}

}  // namespace forebay
