#include "base/width.hpp"

#include <clocale>
#include <cwchar>

#include "base/text.hpp"

namespace forebay {
namespace {

/// wcwidth() knows only the characters of the thread's locale, which may be "C".
class Utf8Locale {
 public:
  Utf8Locale() : before_(utf8() == nullptr ? nullptr : ::uselocale(utf8())) {}
  ~Utf8Locale() {
    if (before_ != nullptr) ::uselocale(before_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }

  const locale_t before_;
};

struct Prefix {
  std::size_t bytes = 0;
  std::size_t columns = 0;
};

Prefix prefix_within(std::string_view text, std::size_t columns_max) {
  const Utf8Locale locale;
  const char* const end = text.data() + text.size();
  Prefix prefix;
  for (const char* at = text.data(); at < end;) {
    const std::size_t size = utf8_sequence(at, end);
    // What the C library does not know yet, a terminal shows as something.
    const int known = size == 0 ? -1 : ::wcwidth(static_cast<wchar_t>(utf8_code_point(at, size)));
    const std::size_t columns = known < 0 ? 1 : static_cast<std::size_t>(known);
    if (columns > columns_max - prefix.columns) break;
    at += size == 0 ? 1 : size;
    prefix.bytes = static_cast<std::size_t>(at - text.data());
    prefix.columns += columns;
  }
  return prefix;
}

}  // namespace

std::size_t width(std::string_view text) {
  if (is_plain_ascii(text)) return text.size();
  return prefix_within(text, text.size() * 2).columns;
}

std::string_view within_width(std::string_view text, std::size_t columns_max) {
  return text.substr(0, prefix_within(text, columns_max).bytes);
}

}  // namespace forebay
