#include "base/path.hpp"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <system_error>

#include "base/text.hpp"

namespace forebay {

namespace {

/// The code points of the text; a byte that is no UTF-8 counts as U+FFFD, which is none that is looked for.
std::u32string code_points(std::string_view text) {
  std::u32string points;
  const char* at = text.data();
  for (const char* const end = at + text.size(); at < end;) {
    const std::size_t bytes = utf8_sequence(at, end);
    points += bytes > 0 ? utf8_code_point(at, bytes) : U'\uFFFD';
    at += std::max<std::size_t>(bytes, 1);
  }

  return points;
}

bool is_one_of(char32_t c, std::u32string_view these) { return these.find(c) != std::u32string_view::npos; }

bool is_quote(char32_t c) { return is_one_of(c, U"'\"`\u00AB\u00BB\u2018\u2019\u201A\u201B\u201C\u201D\u201E\u201F"); }

bool is_blank(char32_t c) { return c == U' ' || c == U'\u3000' || (c >= U'\u2000' && c <= U'\u200A'); }

/// Joiners, a vowel separator and variants of ideographs: unseen, and some scripts need them to spell a name.
bool is_needed_to_spell(char32_t c) {
  return is_one_of(c, U"\u180E\u200C\u200D") || (c >= U'\U00013430' && c <= U'\U0001345F') ||
         (c >= U'\U000E0100' && c <= U'\U000E01EF');
}

/// What nobody sees and nobody types into the name of a folder. Blanks that do not break look like any other blank.
bool is_unseen(char32_t c) {
  return is_one_of(c, U"\u00A0\u2007\u202F") || (is_invisible(c) && !is_needed_to_spell(c));
}

bool is_line_break(char32_t c) { return is_one_of(c, U"\n\r\v\f\u0085\u2028\u2029"); }

std::string code_point_name(char32_t c) {
  char name[16];
  std::snprintf(name, sizeof name, "U+%04X", static_cast<unsigned>(c));
  return name;
}

bool name_begins(char c) { return c == '_' || std::isalpha(static_cast<unsigned char>(c)) != 0; }

/// What another program would have put a value in place of; empty: there is nothing of that kind.
std::string placeholder(std::string_view text, bool dollar_is_meant) {
  for (std::size_t at = text.find('$'); at != std::string_view::npos && !dollar_is_meant; at = text.find('$', at + 1)) {
    if (at + 1 == text.size()) break;
    const char next = text[at + 1];
    if (next == '{' || next == '(') return std::string("$") + next + (next == '{' ? "…}" : "…)");
    if (name_begins(next)) return "$NAME";
  }

  if (text.find("{{") != std::string_view::npos) return "{{…}}";
  if (text.size() > 2 && text[0] == '%' && text[2] == '/') return std::string(text.substr(0, 2));
  return {};
}

}  // namespace

std::optional<std::string> stray_character_problem(std::string_view text) {
  const std::u32string points = code_points(text);
  if (std::any_of(points.begin(), points.end(), is_line_break)) return "holds a line break; write it on one line";
  for (const char32_t c : points) {
    if (c < U' ' || c == U'\x7F') return "holds a control character (" + code_point_name(c) + "); remove it";
    if (is_unseen(c)) return "holds a character that is not seen (" + code_point_name(c) + "); write it anew";
  }

  if (points.empty()) return std::nullopt;
  for (const char32_t c : {points.front(), points.back()}) {
    if (is_quote(c)) return "begins or ends with a quote, which would be part of it; write it without";
    if (is_blank(c)) return "begins or ends with a blank, which would be part of it; write it without";
  }
  return std::nullopt;
}

std::optional<std::string> unexpanded_problem(std::string_view text, bool dollar_is_meant) {
  if (text.starts_with('~')) return "begins with ~, which only a shell expands; write the whole path";
  if (const std::string found = placeholder(text, dollar_is_meant); !found.empty()) {
    return "holds " + found + ", which is not expanded here; write the whole path";
  }
  return std::nullopt;
}

namespace {

/// From linux/magic.h: there root may write to every folder, and nobody make a file.
constexpr std::array<std::uint32_t, 6> kNoPlaceForFiles = {0x9fa0,     /* proc */
                                                           0x62656572, /* sysfs */
                                                           0x27e0eb,   /* cgroup */
                                                           0x63677270, /* cgroup2 */
                                                           0x64626720, /* debugfs */
                                                           0x74726163 /* tracefs */};

bool holds_no_files(const std::filesystem::path& folder) {
  struct statfs fs = {};
  return ::statfs(folder.c_str(), &fs) == 0 &&
         std::find(kNoPlaceForFiles.begin(), kNoPlaceForFiles.end(), static_cast<std::uint32_t>(fs.f_type)) !=
             kNoPlaceForFiles.end();
}

}  // namespace

std::filesystem::path nearest_existing(std::filesystem::path path) {
  struct stat st = {};
  while (::lstat(path.c_str(), &st) != 0 && path.has_parent_path() && path != path.parent_path()) {
    path = path.parent_path();
  }
  return path;
}

std::optional<std::string> why_not_to_be_made(const std::filesystem::path& path) {
  const std::filesystem::path parent = nearest_existing(std::filesystem::absolute(path));
  struct stat st = {};
  if (::stat(parent.c_str(), &st) != 0) return parent.string() + " is a symlink to what is not there";

  const std::string cannot = "it does not exist and cannot be made in " + parent.string() + ": ";
  if (!S_ISDIR(st.st_mode)) return cannot + std::generic_category().message(ENOTDIR);
  if (holds_no_files(parent)) return cannot + "the kernel's own file systems take no files";
  if (::access(parent.c_str(), W_OK | X_OK) != 0) return cannot + std::generic_category().message(errno);
  return std::nullopt;
}

}  // namespace forebay
