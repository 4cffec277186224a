#pragma once

#include <wctype.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forebay {

/// A pattern as a shell reads it in a UTF-8 locale, whatever the locale of this process: '*', '?', '[…]' and '\'.
/// A character is a UTF-8 sequence; a byte that belongs to none is one by itself. '*' and '?' match '/' and a leading
/// dot, too.
/// Not fnmatch(): where characters do not match, glibc's tries the bytes, so "??" would leave out "é" as well
/// (`find -name` does so).
class Glob {
 public:
  explicit Glob(std::string_view pattern);

  bool matches(std::string_view text) const;
  /// Malformed, as fnmatch() judges it: a class that there is not, a backslash at the end.
  bool matches_nothing() const noexcept { return never_; }
  /// The one text that it matches, when it has nothing in it that could match several.
  std::optional<std::string> literal() const;

 private:
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  struct Set {
    bool negated = false;
    std::vector<Range> ranges;
    std::vector<wctype_t> classes;
    bool has(std::uint32_t character) const;
  };
  enum class Kind : std::uint8_t { text, one, many, set };
  struct Part {
    Kind kind;
    std::string text;
    Set set;
  };
  class Parser;

  /// Whether the part matches at `at`; then `at` is behind what it took. Not for `many`.
  static bool takes(const Part& part, std::string_view text, std::size_t& at);

  std::vector<Part> parts_;
  bool never_ = false;
};

}  // namespace forebay
