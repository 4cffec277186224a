#include "scan/glob.hpp"

#include <locale.h>

#include <algorithm>

#include "base/text.hpp"

namespace forebay {
namespace {

/// Bytes that are no part of a UTF-8 sequence count as characters beyond Unicode.
constexpr std::uint32_t kBeyondUnicode = 0x110000;

/// What classes such as [:alpha:] are asked of. Where C.UTF-8 is not installed they hold for ASCII only.
locale_t class_locale() {
  static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  static const locale_t plain = ::newlocale(LC_CTYPE_MASK, "C", nullptr);
  return utf8 != nullptr ? utf8 : plain;
}

/// The character at `at`, which moves behind it.
std::uint32_t next_character(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = byte(at);
  if (first < 0x80) return ++at, first;
  const std::size_t bytes = utf8_sequence(text.data() + at, text.data() + text.size());
  if (bytes == 0) return ++at, kBeyondUnicode + first;

  std::uint32_t character = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) character = character << 6 | (byte(at + i) & 0x3FU);
  at += bytes;
  return character;
}

}  // namespace

/// Reads what stands between '[' and ']'.
class Glob::Parser {
 public:
  Parser(std::string_view pattern, std::size_t at) : pattern_(pattern), at_(at) {}

  enum class End : std::uint8_t { closed, unterminated, malformed };

  /// From behind '['. `closed`: at() is behind the ']'.
  End read(Set& set) {
    set.negated = !done() && (pattern_[at_] == '!' || pattern_[at_] == '^');
    if (set.negated) ++at_;
    for (bool first = true; !done(); first = false) {
      if (pattern_[at_] == ']' && !first) return ++at_, End::closed;
      if (const auto name = class_name()) {
        const wctype_t type = ::wctype_l(name->c_str(), class_locale());
        if (type == 0) return End::malformed;
        set.classes.push_back(type);
        continue;
      }

      const auto from = one_character();
      if (!from) return End::malformed;
      Range range{*from, *from};
      if (!done() && pattern_[at_] == '-' && !pattern_.substr(at_ + 1).starts_with(']')) {
        if (++at_ >= pattern_.size()) return End::malformed;
        const auto to = one_character();
        if (!to) return End::malformed;
        range.last = *to;
      }
      set.ranges.push_back(range);
    }
    return End::unterminated;
  }

  std::size_t at() const { return at_; }

 private:
  bool done() const { return at_ >= pattern_.size(); }

  /// Of "[:alpha:]"; none, and nothing read, where no such thing stands.
  std::optional<std::string> class_name() {
    if (!pattern_.substr(at_).starts_with("[:")) return std::nullopt;
    const std::size_t end = pattern_.find(":]", at_ + 2);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view name = pattern_.substr(at_ + 2, end - at_ - 2);
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; })) return std::nullopt;
    at_ = end + 2;
    return std::string(name);
  }

  /// A character, escaped or not, or as "[.x.]" or "[=x=]". None: the pattern matches nothing.
  std::optional<std::uint32_t> one_character() {
    for (const char mark : {'.', '='}) {
      if (pattern_.size() - at_ < 2 || pattern_[at_] != '[' || pattern_[at_ + 1] != mark) continue;
      std::size_t at = at_ + 2;
      if (at >= pattern_.size()) return std::nullopt;
      const std::uint32_t character = next_character(pattern_, at);
      if (pattern_.size() - at < 2 || pattern_[at] != mark || pattern_[at + 1] != ']') return std::nullopt;
      at_ = at + 2;
      return character;
    }

    if (pattern_[at_] == '\\' && ++at_ >= pattern_.size()) return std::nullopt;
    return next_character(pattern_, at_);
  }

  std::string_view pattern_;
  std::size_t at_;
};

bool Glob::Set::has(std::uint32_t character) const {
  const bool in = std::any_of(ranges.begin(), ranges.end(),
                              [&](const Range& r) { return r.first <= character && character <= r.last; }) ||
                  (character < kBeyondUnicode && std::any_of(classes.begin(), classes.end(), [&](wctype_t type) {
                     return ::iswctype_l(character, type, class_locale()) != 0;
                   }));
  return in != negated;
}

Glob::Glob(std::string_view pattern) {
  const auto add_text = [this](std::string_view text) {
    if (parts_.empty() || parts_.back().kind != Kind::text) parts_.push_back({Kind::text, {}, {}});
    parts_.back().text += text;
  };

  for (std::size_t at = 0; at < pattern.size() && !never_;) {
    const char c = pattern[at++];
    if (c == '*') {
      if (parts_.empty() || parts_.back().kind != Kind::many) parts_.push_back({Kind::many, {}, {}});
    } else if (c == '?') {
      parts_.push_back({Kind::one, {}, {}});
    } else if (c == '\\') {
      never_ = at >= pattern.size();
      if (!never_) add_text(pattern.substr(at++, 1));
    } else if (c == '[') {
      Set set;
      Parser parser(pattern, at);
      const Parser::End end = parser.read(set);
      never_ = end == Parser::End::malformed;
      if (end == Parser::End::closed) {
        at = parser.at();
        parts_.push_back({Kind::set, {}, std::move(set)});
      } else {
        add_text("[");
      }
    } else {
      add_text(pattern.substr(at - 1, 1));
    }
  }
}

bool Glob::takes(const Part& part, std::string_view text, std::size_t& at) {
  if (part.kind == Kind::text) {
    if (text.substr(at, part.text.size()) != part.text) return false;
    at += part.text.size();
    return true;
  }
  if (at >= text.size()) return false;
  const std::uint32_t character = next_character(text, at);
  return part.kind == Kind::one || part.set.has(character);
}

bool Glob::matches(std::string_view text) const {
  if (never_) return false;
  std::size_t part = 0;
  std::size_t at = 0;
  // Where the last '*' stands, and up to where it reaches so far. Earlier ones need not be tried again.
  std::size_t star = parts_.size();
  std::size_t reach = 0;

  while (part < parts_.size() || at < text.size()) {
    if (part < parts_.size() && parts_[part].kind == Kind::many) {
      star = part++;
      reach = at;
      continue;
    }
    if (part < parts_.size() && takes(parts_[part], text, at)) {
      ++part;
      continue;
    }
    if (star == parts_.size() || reach >= text.size()) return false;
    next_character(text, reach);
    at = reach;
    part = star + 1;
  }
  return true;
}

std::optional<std::string> Glob::literal() const {
  if (never_ || parts_.size() != 1 || parts_.front().kind != Kind::text) return std::nullopt;
  return parts_.front().text;
}

}  // namespace forebay
