#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "forebay/options.hpp"

namespace forebay {

enum class SettingType : std::uint8_t { text, path, url, boolean, number, choice };

/// What a setting's text means: `number` holds numbers and booleans (0, 1), `text` the rest.
struct ParsedValue {
  std::string text;
  std::int64_t number = 0;
};

/// One setting, once: parsing, `forebay config`, .env.example and the test of docs/settings.md all read this.
struct Setting {
  std::string_view name = {};
  SettingType type = SettingType::text;
  std::string_view default_text = {};  // as a .env would hold it; empty: none
  std::string_view default_note = {};  // in words, where there is no fixed one
  std::int64_t min = 0;                // numbers only
  std::int64_t max = 0;
  std::string_view unit = {};
  std::string_view choices = {};  // "wait|fail"
  std::string_view help = {};     // one line, no full stop
  std::string_view example = {};
  /// Sizing profiles: strong, ordinary, small servers; empty where sizing does not matter.
  std::string_view strong = {}, ordinary = {}, small = {};
  bool not_built = false;  // refused when set
  /// Where in Options it goes; null: not the library's (the command reads it by name).
  void (*apply)(Options&, const ParsedValue&) = nullptr;
};

/// All settings, in the order in which documentation and `config show` list them.
std::span<const Setting> all_settings();
/// Null for a name that is none.
const Setting* find_setting(std::string_view name);

/// The meaning of a value, or what is wrong with it as the end of a sentence ("must be a whole number from 1 to 64").
/// `dollar_is_meant`: see path_problem().
std::variant<ParsedValue, std::string> parse_value(const Setting& setting, std::string_view text,
                                                   bool dollar_is_meant = false);
/// What may stand there, as the end of "must be …": "a whole number from 1 to 64", "wait or fail".
std::string allowed_values(const Setting& setting);

}  // namespace forebay
