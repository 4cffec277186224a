#include "cli/command.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "base/enum_names.hpp"
#include "base/text.hpp"
#include "cli/logging.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {

std::vector<RegisteredCommand>& registered_commands() {
  static std::vector<RegisteredCommand> commands;
  return commands;
}

CommandRegistration::CommandRegistration(int position, AddCommand add) {
  registered_commands().push_back({position, add});
}

Settings CommandContext::read_settings(std::vector<GivenOption> given) const {
  SettingsInput input;
  input.env_file = global_.env_file;
  input.environment = process_environment();
  input.options = std::move(given);
  if (!global_.log_level.empty()) input.options.push_back({"FOREBAY_LOG_LEVEL", "--log-level", global_.log_level});
  if (waits_for_writer(input.env_file)) log_line(LogLevel::info, waiting_line(input.env_file));
  return Settings::load(input);
}

Settings CommandContext::start(std::vector<GivenOption> given) const {
  Settings settings = read_settings(std::move(given));
  settings.check();
  start_with(settings);
  return settings;
}

Settings CommandContext::start_to_send(std::vector<GivenOption> given) const {
  Settings settings = start(std::move(given));
  const std::vector<std::string> all = settings.warnings();
  for (std::size_t i = settings.warnings_of_each().size(); i < all.size(); ++i) log_line(LogLevel::warning, all[i]);
  return settings;
}

void CommandContext::start_with(const Settings& settings) const {
  LogOptions log;
  log.level = log_level_of(settings.text("FOREBAY_LOG_LEVEL")).value_or(LogLevel::info);
  log.format = global_.log_format == "json" ? LogFormat::json : LogFormat::text;
  log.file = settings.text("FOREBAY_LOG_FILE");

  start_logging(log);
  for (const std::string& warning : settings.warnings_of_each()) log_line(LogLevel::warning, warning);
  hand_on_libpq_variables(settings);
}

void CommandContext::hand_on_libpq_variables(const Settings& settings) {
  for (const FileVariable& v : settings.file_variables()) ::setenv(v.name.c_str(), v.value.c_str(), 0);
}

std::chrono::seconds parse_seconds(const std::string& option, const std::string& text, std::chrono::seconds max) {
  const auto seconds = whole_number(text);
  if (!seconds || *seconds < 0 || *seconds > max.count()) {
    throw Error(ErrorCode::usage,
                option + " must be a whole number of seconds from 0 to " + std::to_string(max.count()));
  }
  return std::chrono::seconds(*seconds);
}

bool stdout_is_whole() {
  std::cout.flush();
  return std::cout.good() && std::fflush(stdout) == 0;
}

}  // namespace forebay::cli
