#include "config/path_value.hpp"

#include <cctype>

#include "base/destination_url.hpp"
#include "base/path.hpp"
#include "config/secrets.hpp"
#include "config/setting_table.hpp"

namespace forebay {
namespace {

constexpr std::size_t kPathBytesMax = 4095;  // PATH_MAX, without its NUL

/// A setting that begins in the midst of the value: the end of its line was lost.
std::string_view other_setting(std::string_view text) {
  for (const Setting& setting : all_settings()) {
    const std::size_t at = text.find(std::string(setting.name) + "=");
    if (at != std::string_view::npos && at > 0 && std::isspace(static_cast<unsigned char>(text[at - 1])) != 0) {
      return setting.name;
    }
  }
  return {};
}

bool of_windows(std::string_view text) {
  return text.starts_with("\\\\") || (text.size() > 2 && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
                                      text[1] == ':' && (text[2] == '\\' || text[2] == '/'));
}

}  // namespace

std::optional<std::string> path_problem(std::string_view text, bool dollar_is_meant) {
  if (const std::string_view other = other_setting(text); !other.empty()) {
    return "holds " + std::string(other) + "= as well; write each setting on a line of its own";
  }
  if (may_hold_secret(text)) return "must be a path, not a URL or a password";
  for (const std::string& scheme : {catalog_name(""), std::string("file:")}) {
    if (text.starts_with(scheme)) return "must be a path, without " + scheme;
  }
  if (auto unexpanded = unexpanded_problem(text, dollar_is_meant)) {
    if (unexpanded->starts_with("holds $")) *unexpanded += ", or one with a $ of its own into a .env in single quotes";
    return unexpanded;
  }
  if (of_windows(text)) return "must be a path of this system, with / and without a drive";
  if (auto stray = stray_character_problem(text)) return stray;
  if (text.size() > kPathBytesMax) return "is longer than the " + std::to_string(kPathBytesMax) + " bytes of a path";
  return std::nullopt;
}

}  // namespace forebay
