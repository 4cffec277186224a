#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/env_file.hpp"
#include "config/environment.hpp"
#include "config/locations.hpp"
#include "config/setting_table.hpp"
#include "forebay/options.hpp"

namespace forebay {

/// Where a value came from; the lower wins.
enum class SourceKind : std::uint8_t { option, environment, file, built_in };

struct Source {
  SourceKind kind = SourceKind::built_in;
  std::string place = "default";  // "--to", "environment", ".env:12", "default"
};

/// A setting given as an option of the command line.
struct GivenOption {
  std::string setting;  // "DATABASE_URL"
  std::string option;   // "--to"
  std::string value;
};

struct SettingsInput {
  std::filesystem::path env_file;           // of --env: must exist; empty: ./.env where there is one
  std::filesystem::path working_directory;  // where ./.env is looked for; empty: the process's
  Environment environment;
  std::vector<GivenOption> options;
};

struct SettingValue {
  const Setting* setting = nullptr;
  std::string text;  // as given, or the default; empty: none
  ParsedValue value;
  Source source;
};

/// A libpq variable (PGHOST …) that the .env file sets and the environment does not.
struct FileVariable {
  std::string name;
  std::string value;
  Source source;
};

/// The settings of one run, each with its value and where it came from.
class Settings {
 public:
  /// Reads command line, environment, .env and defaults, in this order. Throws Error(usage) for a file that cannot be
  /// read or holds a malformed line; what is wrong with single settings is collected in problems().
  static Settings load(const SettingsInput& input);

  const std::vector<SettingValue>& values() const { return values_; }
  const SettingValue& get(std::string_view name) const;
  std::int64_t number(std::string_view name) const { return get(name).value.number; }
  const std::string& text(std::string_view name) const { return get(name).value.text; }

  /// One line each: what cannot be meant (place, name, what is allowed, nearest name), and what is odd but works.
  const std::vector<std::string>& problems() const { return problems_; }
  std::vector<std::string> warnings() const;
  /// Without what is odd of settings together, which matters to who takes rows or sends them.
  const std::vector<std::string>& warnings_of_each() const { return warnings_; }
  /// Throws Error(usage), or Error(not_built_yet) if that is all that is wrong, with the first problem and the number
  /// of others.
  void check() const;

  /// The .env file that was read, if any.
  const std::optional<std::string>& file() const { return file_; }
  const std::vector<FileVariable>& file_variables() const { return file_variables_; }
  /// The environment with file_variables() below it: what libpq should see.
  const Environment& environment() const { return environment_; }

  /// FOREBAY_STATE_DIR as an absolute path, or the default.
  std::filesystem::path state_directory() const;

  /// Where rows go, and why: "--to", "DATABASE_URL from .env:3", "PGHOST is set". Throws Error(usage) where a server is
  /// required (FOREBAY_REQUIRE_SERVER) and none is named.
  ChosenDestination destination() const;

  /// Settings as the library takes them. Call check() first. Throws as destination() does.
  Options to_options() const;

 private:
  struct Given {
    std::string text;
    Source source;
    bool dollar_is_meant = false;
  };

  void take_options(const std::vector<GivenOption>& options);
  void take_environment();
  void take_file(const EnvFile& file);
  void check_name(std::string_view name, const Source& source);
  void judge_misspelt();
  void judge_elsewhere();
  void take(const Setting& setting, const Given& given);
  [[nodiscard]] std::optional<std::string> problem_of(const Setting& setting, const Given& given, ParsedValue& value);
  void warn_about_file(const EnvFile& file);
  void warn_about_relations();

  std::vector<SettingValue> values_;
  std::vector<std::string> problems_;
  std::vector<std::string> warnings_;
  std::vector<std::string> relation_warnings_;
  bool only_not_built_ = true;
  struct Misspelt {
    std::string name, meant;
    Source source;
  };
  std::vector<Misspelt> misspelt_;   // of what names the destination
  std::vector<Misspelt> elsewhere_;  // the same as other programs call it
  std::optional<std::string> file_;
  std::vector<FileVariable> file_variables_;
  Environment environment_;
};

}  // namespace forebay
