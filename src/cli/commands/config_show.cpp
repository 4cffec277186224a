#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/commands/config_command.hpp"
#include "cli/json_output.hpp"
#include "cli/logging.hpp"
#include "cli/output.hpp"
#include "config/environment.hpp"
#include "config/secrets.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

using nlohmann::ordered_json;

/// Never a password: not in a URL, and not in what was meant to be one.
std::string shown(const SettingValue& v) {
  if (v.text.empty() || (v.setting->type != SettingType::url && !may_hold_secret(v.text))) return v.text;
  return without_secrets(v.text);
}

ordered_json json_value(const SettingValue& v) {
  if (v.text.empty()) return nullptr;
  if (v.value.text.empty()) return shown(v);  // refused: as it stands there
  if (v.setting->type == SettingType::number) return v.value.number;
  if (v.setting->type == SettingType::boolean) return v.value.number != 0;
  return shown(v);
}

std::string source_of(const SettingValue& v) {
  if (v.source.kind != SourceKind::built_in) return v.source.place;
  if (v.setting->not_built) return "not in this release";
  return v.source.place;
}

/// What libpq reads by itself, from the environment or handed on from the .env.
struct LibpqVariable {
  std::string name, value, source;
};

std::vector<LibpqVariable> libpq_variables(const Settings& settings) {
  std::vector<LibpqVariable> result;
  for (const auto& [name, value] : settings.environment()) {
    if (!is_libpq_variable(name) || value.empty()) continue;
    std::string source = "environment";
    for (const FileVariable& v : settings.file_variables()) {
      if (v.name == name) source = v.source.place;
    }
    result.push_back({name, is_secret_variable(name) ? "****" : value, source});
  }
  return result;
}

struct Derived {
  std::string destination, why, state_directory;
};

Derived derive(const Settings& settings) {
  Derived derived;
  try {
    derived.state_directory = settings.state_directory().string();
    const ChosenDestination chosen = settings.destination();
    derived.destination =
        chosen.url.text().empty() ? "PostgreSQL, as libpq's PG* variables say" : without_secrets(chosen.url.text());
    derived.why = chosen.why;
  } catch (const Error& e) {
    derived.why = e.what();
  }
  return derived;
}

void print_json(const Settings& settings, const Derived& derived) {
  ordered_json out;
  out["env_file"] = settings.file() ? ordered_json(*settings.file()) : ordered_json(nullptr);
  out["settings"] = ordered_json::object();
  for (const SettingValue& v : settings.values()) {
    out["settings"][std::string(v.setting->name)] = {{"value", json_value(v)}, {"source", v.source.place}};
  }
  out["libpq"] = ordered_json::object();
  for (const LibpqVariable& v : libpq_variables(settings)) {
    out["libpq"][v.name] = {{"value", v.value}, {"source", v.source}};
  }

  out["destination"] = {{"url", derived.destination}, {"why", derived.why}};
  out["state_directory"] = derived.state_directory;
  out["warnings"] = settings.warnings();
  out["problems"] = settings.problems();
  std::cout << json_text(out, 2) << '\n';
}

void print_table(const Settings& settings, const Derived& derived) {
  const bool colours = colours_belong(STDOUT_FILENO);
  Table table;
  table.add({{"setting", Style::bold}, {"value", Style::bold}, {"source", Style::bold}});
  for (const SettingValue& v : settings.values()) {
    const bool given = v.source.kind != SourceKind::built_in;
    table.add({std::string(v.setting->name),
               v.text.empty() ? std::string("-") : shown(v),
               {source_of(v), given ? Style::plain : Style::dim}});
  }
  for (const LibpqVariable& v : libpq_variables(settings)) table.add({v.name, v.value, v.source});
  table.print(std::cout, colours);

  Table conclusions;
  conclusions.add({"destination", derived.destination, "(" + derived.why + ")"});
  conclusions.add({"state directory", derived.state_directory});
  conclusions.add({"settings file", settings.file().value_or("none")});
  std::cout << '\n';
  conclusions.print(std::cout, colours);
}

}  // namespace

int show_config(CommandContext& context, bool json) {
  const Settings settings = context.read_settings();
  const Derived derived = derive(settings);
  if (json) {
    print_json(settings, derived);
  } else {
    print_table(settings, derived);
    std::cout.flush();
  }

  for (const std::string& warning : settings.warnings_of_each()) log_line(LogLevel::warning, warning);
  for (const std::string& problem : settings.problems()) report_failure(problem);
  return settings.problems().empty() ? kDone : kUsage;
}

}  // namespace forebay::cli
