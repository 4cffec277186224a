#include "config/env_template.hpp"

#include <algorithm>
#include <set>

#include "config/env_file.hpp"
#include "forebay/version.hpp"

namespace forebay {
namespace {

constexpr std::string_view kHeader =
    R"(# Settings of forebay. docs/settings.md explains each; `forebay config show` tells what is in force and where it comes
# from, `forebay config check` whether it works. Command line and environment win over this file.
# A line is NAME=value; what follows " #" is a comment. Keep a file that holds a password to yourself: chmod 600 .env
# What is set below is the sizing of one of the profiles strong, ordinary and small (docs/settings.md).
)";

std::string block(const Setting& setting, Profile profile) {
  std::string text = "# " + std::string(setting.help) + "." + "\n# ";
  if (setting.type == SettingType::number || setting.type == SettingType::choice ||
      setting.type == SettingType::boolean) {
    text += "Allowed: " + allowed_values(setting) + ". ";
  }
  text += "Default: " + std::string(setting.default_text.empty() ? setting.default_note : setting.default_text) + ".\n";
  if (setting.not_built) text += "# Not built in this release: refused when set.\n";
  const std::string_view sized = profile_value(setting, profile);
  if (!sized.empty()) return text + std::string(setting.name) + "=" + std::string(sized) + "\n";
  return text + "#" + std::string(setting.name) + "=" +
         std::string(setting.default_text.empty() ? setting.example : setting.default_text) + "\n";
}

/// The name of a setting that a comment holds ("#NAME=…", "# export NAME=…"); empty: none.
std::string_view commented_name(std::string_view line) {
  const auto skip = [&](auto&& wanted) {
    while (!line.empty() && wanted(line.front())) line.remove_prefix(1);
  };
  skip(is_env_blank);
  if (line.empty() || line.front() != '#') return {};
  skip([](char c) { return c == '#' || is_env_blank(c); });
  if (line.starts_with("export ")) line.remove_prefix(7);
  skip(is_env_blank);
  std::string_view name = line.substr(0, line.find('='));
  if (name.size() == line.size()) return {};
  while (!name.empty() && is_env_blank(name.back())) name.remove_suffix(1);
  return name;
}

std::set<std::string, std::less<>> names_in(std::string_view text, const std::string& file) {
  std::set<std::string, std::less<>> names;
  for (const EnvEntry& entry : parse_env_text(text, file)) names.insert(entry.name);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    names.emplace(commented_name(text.substr(0, end)));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return names;
}

std::string with_crlf(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\r\n" : std::string(1, c);
  return out;
}

}  // namespace

std::optional<Profile> profile_of(std::string_view name) {
  for (const Profile profile : {Profile::strong, Profile::ordinary, Profile::small}) {
    if (to_string(profile) == name) return profile;
  }
  return std::nullopt;
}

std::string_view to_string(Profile profile) noexcept {
  switch (profile) {
    case Profile::strong:
      return "strong";
    case Profile::ordinary:
      return "ordinary";
    case Profile::small:
      break;
  }
  return "small";
}

std::string_view profile_value(const Setting& setting, Profile profile) noexcept {
  switch (profile) {
    case Profile::strong:
      return setting.strong;
    case Profile::ordinary:
      return setting.ordinary;
    case Profile::small:
      break;
  }
  return setting.small;
}

std::string env_template(Profile profile) {
  std::string text(kHeader);
  for (const Setting& setting : all_settings()) text += "\n" + block(setting, profile);
  return text;
}

EnvAddition env_addition(std::string_view text, const std::string& file, Profile profile) {
  const auto names = names_in(text, file);
  EnvAddition addition;
  std::string blocks;
  for (const Setting& setting : all_settings()) {
    if (names.contains(setting.name)) continue;
    addition.names.push_back(setting.name);
    blocks += "\n" + block(setting, profile);
  }
  if (addition.names.empty()) return addition;
  const bool crlf = text.find("\r\n") != std::string_view::npos;
  std::string lines = text.empty() || text.ends_with('\n') ? "" : "\n";
  lines += "\n# Added by forebay " FOREBAY_VERSION " (config init): settings that this file did not have.\n" + blocks;
  addition.text = crlf ? with_crlf(lines) : lines;
  return addition;
}

}  // namespace forebay
