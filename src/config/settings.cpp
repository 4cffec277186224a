#include "config/settings.hpp"

#include <algorithm>
#include <cctype>

#include "base/nearest.hpp"
#include "config/environment.hpp"
#include "config/secrets.hpp"
#include "forebay/error.hpp"

namespace forebay {
namespace {

std::string upper(std::string_view s) {
  std::string out(s);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

bool has_prefix(std::string_view name, std::initializer_list<std::string_view> prefixes) {
  const std::string folded = upper(name);
  return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view p) { return folded.starts_with(p); });
}

std::vector<std::string_view> setting_names() {
  std::vector<std::string_view> names;
  for (const Setting& setting : all_settings()) names.push_back(setting.name);
  return names;
}

/// A value in a message: not a secret pasted into the wrong line, not a page of text, nothing that moves a cursor.
std::string quoted(const Setting& setting, std::string_view text) {
  if (setting.type == SettingType::url || may_hold_secret(text)) return "";
  constexpr std::size_t kShownBytesMax = 40;
  std::string out;
  for (const char c : text.substr(0, kShownBytesMax)) out += (c >= ' ' && c <= '~') ? c : '?';
  if (text.size() > kShownBytesMax) out += "…";
  return " is \"" + out + "\"; it";
}

/// What a name may leave empty: text, paths and URLs are then as if unset.
bool may_be_empty(const Setting& setting) {
  return setting.type == SettingType::text || setting.type == SettingType::path || setting.type == SettingType::url;
}

bool is_empty_folder(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) && std::filesystem::is_empty(path, error) && !error;
}

}  // namespace

Settings Settings::load(const SettingsInput& input) {
  Settings s;
  s.environment_ = input.environment;
  s.values_.reserve(all_settings().size());
  for (const Setting& setting : all_settings()) {
    SettingValue& v = s.values_.emplace_back();
    v.setting = &setting;
    v.text = setting.default_text;
    if (!v.text.empty()) v.value = std::get<ParsedValue>(parse_value(setting, v.text));
  }

  std::optional<EnvFile> file;
  if (!input.env_file.empty()) {
    file = read_env_file(input.env_file);
  } else if (const auto found = default_env_file(input.working_directory)) {
    file = read_env_file(*found);
    file->file = ".env";
  } else if (const auto folder = input.working_directory / ".env"; is_empty_folder(folder)) {
    s.warnings_.push_back(
        ".env is an empty folder: a container engine makes one in place of a file that it cannot find; no settings are "
        "read from it");
  }
  if (file) s.file_ = file->file;

  s.take_options(input.options);
  s.take_environment();
  if (file) s.take_file(*file);
  s.judge_misspelt();
  s.judge_elsewhere();
  s.warn_about_relations();
  return s;
}

void Settings::take_options(const std::vector<GivenOption>& options) {
  for (const GivenOption& given : options) {
    const Setting* setting = find_setting(given.setting);
    if (setting == nullptr) throw Error(ErrorCode::usage, given.option + " names no setting: " + given.setting);
    if (given.value.empty()) {
      problems_.push_back(given.option + ": must be " + allowed_values(*setting) + ", not empty");
      only_not_built_ = false;
      continue;
    }
    take(*setting, {given.value, {SourceKind::option, given.option}, false});
  }
}

void Settings::take_environment() {
  const Source source{SourceKind::environment, "environment"};
  for (const auto& [name, value] : Environment(environment_)) {
    const Setting* setting = find_setting(name);
    if (setting == nullptr) {
      check_name(name, source);
    } else if (!value.empty()) {  // shells and compose files pass empty ones for "not set"
      take(*setting, {value, source, false});
    }
  }
}

void Settings::take_file(const EnvFile& file) {
  warn_about_file(file);
  std::vector<const EnvEntry*> last;  // of each name: what counts, as in a shell
  for (const EnvEntry& entry : file.entries) {
    const auto before =
        std::find_if(last.begin(), last.end(), [&](const EnvEntry* e) { return e->name == entry.name; });
    if (before == last.end()) {
      last.push_back(&entry);
      continue;
    }

    if (find_setting(entry.name) != nullptr || is_libpq_variable(entry.name)) {
      warnings_.push_back(file.file + ":" + std::to_string(entry.line) + ": " + entry.name + " is set on line " +
                          std::to_string((*before)->line) + " too; line " + std::to_string(entry.line) + " counts");
    }
    *before = &entry;
  }

  for (const EnvEntry* entry : last) {
    const Source source{SourceKind::file, file.file + ":" + std::to_string(entry->line)};
    const Setting* setting = find_setting(entry->name);
    if (setting == nullptr) {
      if (is_libpq_variable(entry->name)) {
        if (environment_.try_emplace(entry->name, entry->value).second) {
          file_variables_.push_back({entry->name, entry->value, source});
        }
      } else {
        check_name(entry->name, source);
      }
    } else if (entry->has_reference) {
      problems_.push_back(
          source.place + ": " + entry->name +
          " holds ${…}, which forebay does not expand; write the value itself, or put a literal ${ into "
          "single quotes");
      only_not_built_ = false;
    } else if (!entry->value.empty() || !may_be_empty(*setting)) {
      if (entry->has_blank_before_value && setting->type == SettingType::path) {
        warnings_.push_back(source.place + ": " + entry->name +
                            " has a blank after the '='; it is left out here, but a shell and docker --env-file read "
                            "this line otherwise");
      }
      take(*setting, {entry->value, source, !entry->has_bare_dollar});
    }
  }
}

void Settings::check_name(std::string_view name, const Source& source) {
  // Who puts the prefix of others before a name that has none means that name.
  constexpr std::string_view kPrefix = "FOREBAY_";
  const bool prefixed = name.starts_with(kPrefix) && find_setting(name.substr(kPrefix.size())) != nullptr;
  const auto near = prefixed ? std::optional(name.substr(kPrefix.size())) : nearest(name, setting_names());
  const std::string hint = near ? "; did you mean " + std::string(*near) + "?" : "";

  if (has_prefix(name, {"MEMORY_DB_", "FOREBAY_"})) {
    problems_.push_back(source.place + ": there is no setting " + std::string(name) +
                        (near ? hint : "; docs/settings.md has them all"));
    only_not_built_ = false;
  } else if (has_prefix(name, {"SCAN_", "SYNC_"})) {
    warnings_.push_back(source.place + ": " + std::string(name) + " is none of forebay's settings and is ignored" +
                        hint);
  } else if (const auto ours = known_elsewhere_as(name)) {
    elsewhere_.push_back({std::string(name), std::string(*ours), source});
  } else if (const auto meant = nearest(name, {"DATABASE_URL"}, 1)) {
    misspelt_.push_back({std::string(name), std::string(*meant), source});
  } else if (const auto variable = misspelt_libpq_variable(name)) {
    misspelt_.push_back({std::string(name), std::string(*variable), source});
  } else if (source.kind == SourceKind::file && near && (*near == "DATABASE_URL" || *near == "USE_MEMORY_DB")) {
    warnings_.push_back(source.place + ": " + std::string(name) + " is not a name that forebay reads" + hint);
  }
}

/// Other programs have names like these, which are theirs as long as the destination is named all the same. Where it is
/// not, rows would go elsewhere without a word.
void Settings::judge_misspelt() {
  const bool named = get("DATABASE_URL").source.kind != SourceKind::built_in;
  for (const Misspelt& m : misspelt_) {
    const std::string line =
        m.source.place + ": " + m.name + " is not a name that forebay reads; did you mean " + m.meant + "?";
    if (!named && variable(environment_, m.meant).empty()) {
      problems_.push_back(line + " If it is another program's: name the destination by DATABASE_URL or --to");
      only_not_built_ = false;
    } else if (m.source.kind == SourceKind::file) {
      warnings_.push_back(line);
    }
  }
}

/// Names that another program may have in the same environment, and so only warned of there. A .env is read because
/// forebay was started beside it, or was told to.
void Settings::judge_elsewhere() {
  if (get("DATABASE_URL").source.kind != SourceKind::built_in) return;
  for (const Misspelt& m : elsewhere_) {
    if (m.meant == "DATABASE_URL" ? server_variable(environment_).has_value()
                                  : !variable(environment_, m.meant).empty())
      continue;

    const std::string line = m.source.place + ": " + m.name + " is not a name that forebay reads; " + m.meant + " is.";
    if (m.source.kind == SourceKind::file) {
      problems_.push_back(line + " If it is another program's: name the destination by DATABASE_URL or --to");
      only_not_built_ = false;
    } else {
      warnings_.push_back(line + " Where it names what is meant, set that");
    }
  }
}

void Settings::take(const Setting& setting, const Given& given) {
  SettingValue& v = *std::find_if(values_.begin(), values_.end(),
                                  [&](const SettingValue& candidate) { return candidate.setting == &setting; });
  const bool overridden = v.source.kind != SourceKind::built_in;
  ParsedValue value;
  if (const auto problem = problem_of(setting, given, value)) {
    if (overridden) {
      warnings_.push_back(*problem + " (without effect: " + v.source.place + " sets it too)");
    } else {
      problems_.push_back(*problem);
    }
  }

  if (overridden) return;
  v.text = given.text;
  v.value = std::move(value);
  v.source = given.source;
}

std::optional<std::string> Settings::problem_of(const Setting& setting, const Given& given, ParsedValue& value) {
  const std::string name = given.source.place + ": " + std::string(setting.name);
  auto parsed = parse_value(setting, given.text, given.dollar_is_meant);
  if (const auto* wrong = std::get_if<std::string>(&parsed)) {
    only_not_built_ = false;
    return name + quoted(setting, given.text) + " " + *wrong;
  }

  value = std::get<ParsedValue>(std::move(parsed));
  if (!setting.not_built) return std::nullopt;
  return name + " needs a part that is not built yet in this release; remove it";
}

void Settings::warn_about_file(const EnvFile& file) {
  if (file.owned_by_another) {
    warnings_.push_back(file.file + " belongs to another user, who can change these settings");
  }

  if (!file.readable_by_others) return;
  for (const EnvEntry& entry : file.entries) {
    if ((entry.name == "DATABASE_URL" && holds_secret(entry.value)) ||
        (is_secret_variable(entry.name) && !entry.value.empty())) {
      warnings_.push_back(file.file + ":" + std::to_string(entry.line) + ": " + entry.name +
                          " holds a password and others may read the file; chmod 600 it");
      return;
    }
  }
}

std::vector<std::string> Settings::warnings() const {
  std::vector<std::string> all = warnings_;
  all.insert(all.end(), relation_warnings_.begin(), relation_warnings_.end());
  return all;
}

void Settings::warn_about_relations() {
  const auto both = [&](std::string_view a, std::string_view b) {
    const auto shown = [&](std::string_view name) {
      const SettingValue& v = get(name);
      return std::string(name) + "=" + v.value.text + " (" + v.source.place + ")";
    };
    return shown(a) + " is above " + shown(b) + ": ";
  };

  if (number("MEMORY_DB_SYNC_BATCH_SIZE") > number("MEMORY_DB_MAX_FILES")) {
    relation_warnings_.push_back(both("MEMORY_DB_SYNC_BATCH_SIZE", "MEMORY_DB_MAX_FILES") +
                                 "batches are cut by the memory limit, never by their size");
  }
  if (number("MEMORY_DB_MAX_MB") > number("MEMORY_DB_DISK_MAX_MB")) {
    relation_warnings_.push_back(both("MEMORY_DB_MAX_MB", "MEMORY_DB_DISK_MAX_MB") +
                                 "the disk limit stops producers before memory is used up");
  }
  if (number("SYNC_CONNECT_TIMEOUT") > number("SYNC_DRAIN_TIMEOUT")) {
    relation_warnings_.push_back(both("SYNC_CONNECT_TIMEOUT", "SYNC_DRAIN_TIMEOUT") +
                                 "the end of a scan may give up before one attempt to connect is over");
  }
  if (number("USE_MEMORY_DB") == 0 && get("MEMORY_DB_DURABILITY").source.kind != SourceKind::built_in) {
    relation_warnings_.push_back(
        get("MEMORY_DB_DURABILITY").source.place +
        ": MEMORY_DB_DURABILITY is without effect while USE_MEMORY_DB is False: nothing is buffered");
  }
}

const SettingValue& Settings::get(std::string_view name) const {
  const auto found =
      std::find_if(values_.begin(), values_.end(), [&](const SettingValue& v) { return v.setting->name == name; });
  if (found == values_.end()) throw Error(ErrorCode::usage, "there is no setting " + std::string(name));
  return *found;
}

void Settings::check() const {
  if (problems_.empty()) return;
  std::string message = problems_.front();
  if (problems_.size() > 1) {
    message += " (and " + std::to_string(problems_.size() - 1) + " more: `forebay config check` lists them)";
  }
  throw Error(only_not_built_ ? ErrorCode::not_built_yet : ErrorCode::usage, message);
}

std::filesystem::path Settings::state_directory() const {
  const std::string& given = text("FOREBAY_STATE_DIR");
  return given.empty() ? default_state_directory() : std::filesystem::absolute(given).lexically_normal();
}

ChosenDestination Settings::destination() const {
  const SettingValue& url = get("DATABASE_URL");
  ChosenDestination chosen = choose_destination(url.text, state_directory(), environment_);
  if (url.source.kind == SourceKind::option) chosen.why = url.source.place;
  if (url.source.kind == SourceKind::environment || url.source.kind == SourceKind::file) {
    chosen.why += " from " + url.source.place;
  }

  if (number("FOREBAY_REQUIRE_SERVER") != 0 && chosen.url.is_catalog()) {
    throw Error(ErrorCode::usage,
                get("FOREBAY_REQUIRE_SERVER").source.place + ": FOREBAY_REQUIRE_SERVER is True, and " +
                    (chosen.embedded_by_default ? "no server is named (" : "a file is named, and no server (") +
                    chosen.why + "): set DATABASE_URL to postgresql://…, or take FOREBAY_REQUIRE_SERVER away");
  }

  return chosen;
}

Options Settings::to_options() const {
  Options options;
  for (const SettingValue& v : values_) {
    if (v.setting->apply != nullptr && !v.value.text.empty()) v.setting->apply(options, v.value);
  }
  if (!options.state_directory.empty()) options.state_directory = state_directory();
  if (number("FOREBAY_REQUIRE_SERVER") != 0) destination();
  return options;
}

}  // namespace forebay
