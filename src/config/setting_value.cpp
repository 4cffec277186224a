#include "config/setting_value.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/destination_url.hpp"
#include "base/path.hpp"
#include "base/text.hpp"
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

namespace {

std::vector<std::string_view> split(std::string_view s) {
  std::vector<std::string_view> parts;
  for (std::size_t bar = s.find('|'); bar != std::string_view::npos; bar = s.find('|')) {
    parts.push_back(s.substr(0, bar));
    s.remove_prefix(bar + 1);
  }
  parts.push_back(s);
  return parts;
}

bool in(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::variant<ParsedValue, std::string> parse_path(std::string_view text, bool dollar_is_meant) {
  if (auto problem = path_problem(text, dollar_is_meant)) return std::move(*problem);
  return ParsedValue{std::string(text), 0};
}

std::variant<ParsedValue, std::string> parse_url(std::string_view text, bool dollar_is_meant) {
  if (auto problem = stray_character_problem(text)) return std::move(*problem);
  if (const auto url = DestinationUrl::parse(text)) {
    if (url->is_catalog()) {
      if (const std::string_view why = url->why_no_catalog_file(); !why.empty()) return std::string(why);
      if (const auto problem = path_problem(url->catalog_file(), dollar_is_meant)) {
        return "names a file that " + *problem;
      }
    }
    return ParsedValue{std::string(text), 0};
  }

  // The earlier system's users bring SQLAlchemy's spelling with them.
  if (text.starts_with("postgresql+")) return "names a Python driver after the +; write postgresql://… without it";
  return "must begin with postgresql://, postgres://, opengauss:// or sqlite:";
}

}  // namespace

std::string allowed_values(const Setting& setting) {
  switch (setting.type) {
    case SettingType::number:
      return "a whole number from " + std::to_string(setting.min) + " to " + std::to_string(setting.max) +
             (setting.unit.empty() ? "" : " (" + std::string(setting.unit) + ")");
    case SettingType::boolean:
      return "True or False";
    case SettingType::choice: {
      const auto words = split(setting.choices);
      return enumerated({words.begin(), words.end()}, " or ");
    }
    case SettingType::url:
      return "postgresql://…, opengauss://… or sqlite:FILE";
    case SettingType::path:
      return "a path";
    case SettingType::text:
      break;
  }
  return "text";
}

std::variant<ParsedValue, std::string> parse_value(const Setting& setting, std::string_view text,
                                                   bool dollar_is_meant) {
  const std::string must = "must be " + allowed_values(setting);
  if (text.find('\0') != std::string_view::npos) return "holds a NUL byte";
  if (text.empty()) return must;

  switch (setting.type) {
    case SettingType::number: {
      const auto n = whole_number(text);
      if (!n || *n < setting.min || *n > setting.max) return must;
      return ParsedValue{std::string(text), *n};
    }
    case SettingType::boolean: {
      const std::string word = ascii_lower(text);
      if (in(word, {"true", "1", "yes", "on"})) return ParsedValue{"True", 1};
      if (in(word, {"false", "0", "no", "off"})) return ParsedValue{"False", 0};
      return must;
    }
    case SettingType::choice: {
      const std::string word = ascii_lower(text);
      for (const std::string_view choice : split(setting.choices)) {
        if (choice == word) return ParsedValue{word, 0};
      }
      return must;
    }
    case SettingType::url:
      return parse_url(text, dollar_is_meant);
    case SettingType::path:
      return parse_path(text, dollar_is_meant);
    case SettingType::text:
      break;
  }
  return ParsedValue{std::string(text), 0};
}

}  // namespace forebay
