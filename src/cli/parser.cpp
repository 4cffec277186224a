#include "cli/parser.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <map>

#include "base/nearest.hpp"
#include "cli/command.hpp"
#include "cli/command_tree.hpp"
#include "forebay/error.hpp"
#include "forebay/options.hpp"
#include "forebay/version.hpp"

namespace forebay::cli {

/// What a --help ends with.
struct Notes {
  std::vector<std::string> examples;
  std::string exit_statuses;
};

struct Declared {
  std::vector<std::pair<const CLI::App*, CommandAction>> actions;  // of `config show`, not of `config`
  std::map<const CLI::Option*, std::vector<std::string>> values;   // of options that take one of a list
  std::map<CLI::App*, Notes> notes;
};

namespace {

// Documented for later releases; telling them from typing errors is worth the list.
constexpr std::array<std::string_view, 7> kNotBuilt = {"ingest", "serve",     "pause", "resume",
                                                       "export", "normalize", "verify"};

// For the whole; some commands have their own.
constexpr const char* kExitStatuses =
    "0 all is at the destination · 1 done, but rows are in quarantine or paths were unreadable ·\n2 wrong usage or "
    "settings · 3 rows remain in the buffer · 4 local failure · 130 interrupted";
std::vector<std::string> examples_of_whole() {
  return {"forebay scan /srv/data", "forebay scan --to postgresql://backup@db.example/backups /srv/data",
          "forebay --env /etc/forebay/.env config check", "forebay scan --help"};
}

std::string examples_text(const std::vector<std::string>& lines) {
  std::string text = "Examples:";
  for (const std::string& line : lines) text += "\n  " + line;
  return text + "\n";
}

std::string epilogue() {
  std::string later;
  for (const std::string_view name : kNotBuilt) {
    later += (later.empty() ? "" : ", ") + std::string(name);
  }
  return examples_text(examples_of_whole()) + "\nExit status: " + kExitStatuses +
         "\nNot in this release yet: " + later + "\n";
}

/// All options of the chosen commands and of the whole, as they are typed.
std::vector<std::string> option_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
  }
  return names;
}

std::string suggestion(const std::string& typed, const std::vector<std::string>& names) {
  const auto near = nearest(typed, {names.begin(), names.end()});
  return near ? "; did you mean " + std::string(*near) + "?" : "";
}

std::vector<std::string> subcommand_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app->get_subcommands({})) {
    if (!sub->get_group().empty()) names.push_back(sub->get_name());
  }
  return names;
}

const CLI::App* innermost(const CLI::App* app) {
  for (auto chosen = app->get_subcommands(); !chosen.empty(); chosen = app->get_subcommands()) app = chosen.front();
  return app;
}

/// "forebay config show"
std::string command_of(const CLI::App* app) {
  return app->get_parent() == nullptr ? app->get_name() : command_of(app->get_parent()) + " " + app->get_name();
}

[[noreturn]] void refuse_extra(const CLI::App& app, const std::string& extra) {
  const CLI::App* at = innermost(&app);
  const std::string help = "; see `" + command_of(at) + " --help`";
  if (extra.size() > 1 && extra.front() == '-') {
    const std::string name = extra.substr(0, extra.find('='));  // a value may be a secret
    const std::string near = suggestion(name, option_names(at));
    throw Error(ErrorCode::usage, command_of(at) + " has no option " + name + (near.empty() ? help : near));
  }

  const auto commands = subcommand_names(at);
  if (!commands.empty()) {
    const std::string near = suggestion(extra, commands);
    throw Error(ErrorCode::usage, "there is no command " + command_of(at) + " " + extra + (near.empty() ? help : near));
  }

  throw Error(ErrorCode::usage, command_of(at) + " does not take the argument " + extra + help);
}

/// Options may stand before or after the command; what nobody takes is judged once, in the end.
void set_manners(CLI::App* app) {
  app->allow_extras();
  for (CLI::App* sub : app->get_subcommands({})) {
    sub->fallthrough();
    set_manners(sub);
  }
}

void add_not_built(CLI::App& app) {
  for (const std::string_view name : kNotBuilt) {
    CLI::App* sub = app.add_subcommand(std::string(name))->group("");
    sub->set_help_flag();
    sub->prefix_command();
  }
}

void refuse_not_built(const CLI::App* command) {
  // The group tells `status` from `migrate status`.
  if (!command->get_group().empty() || command->get_parent() == nullptr) return;
  throw Error(ErrorCode::not_built_yet,
              command_of(command) + " is not built yet in this release (" + FOREBAY_VERSION + ")");
}

void declare_global_options(CLI::App& app, GlobalOptions& global, Declared& declared) {
  const auto option = [&](const char* name, std::string& value, const char* help, const char* placeholder) {
    CLI::Option* added = app.add_option(name, value, help)->option_text(placeholder);
    return OptionSyntax(*added, declared);
  };
  app.set_version_flag("--version", std::string("forebay ") + FOREBAY_VERSION, "Print the version and exit");
  app.set_help_flag("-h,--help", "Print this help and exit");
  option("--env", global.env_file, "Settings file (default: ./.env where there is one)", "FILE");
  option("--log-level", global.log_level, "debug, info, warning or error (wins over FOREBAY_LOG_LEVEL)", "LEVEL");
  option("--log-format", global.log_format, "text or json", "FORMAT").one_of({"text", "json"});

  // Not refused here: a wrong one is told like a wrong FOREBAY_LOG_LEVEL.
  std::vector<std::string>& levels = declared.values[app.get_option("--log-level")];
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    levels.emplace_back(to_string(level));
  }
}

/// All there is, with the help of each.
void declare_commands(CLI::App& app, GlobalOptions& global, Declared& declared) {
  app.get_formatter()->column_width(38);
  declare_global_options(app, global, declared);
  app.footer(epilogue());

  std::vector<RegisteredCommand> commands = registered_commands();
  std::sort(commands.begin(), commands.end(), [](const auto& a, const auto& b) { return a.position < b.position; });
  CommandSyntax whole(app, declared);
  for (const RegisteredCommand& command : commands) command.add(whole);
  for (const auto& [command, notes] : declared.notes) {
    std::string footer = examples_text(notes.examples);
    if (!notes.exit_statuses.empty()) {
      footer += "\nExit status: " + notes.exit_statuses +
                "\nSettings come from the environment and ./.env: forebay config show; what every command takes (--env "
                "FILE …): forebay --help\n";
    }
    command->footer(footer);
  }

  add_not_built(app);
  set_manners(&app);
}

OptionInfo info_of(const CLI::Option& option, const Declared& declared) {
  OptionInfo info;
  const bool named = !option.get_lnames().empty();
  if (named) info.long_name = "--" + option.get_lnames().front();
  if (!option.get_snames().empty()) info.short_name = "-" + option.get_snames().front();
  if (!named) {
    info.placeholder = option.get_name();
  } else if (option.get_items_expected_max() > 0) {
    info.placeholder = option.get_option_text().empty() ? option.get_type_name() : option.get_option_text();
  }

  info.help = option.get_description();
  if (const auto found = declared.values.find(&option); found != declared.values.end()) info.values = found->second;
  info.required = option.get_required();
  info.repeatable =
      option.get_expected_max() > 1 || option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return info;
}

CommandInfo info_of(CLI::App* app, const std::string& name, const Declared& declared) {
  CommandInfo info;
  info.name = name;
  info.summary = app->get_description();

  for (const CLI::Option* option : app->get_options()) {
    (option->get_positional() ? info.arguments : info.options).push_back(info_of(*option, declared));
  }
  if (const auto notes = declared.notes.find(app); notes != declared.notes.end()) {
    info.examples = notes->second.examples;
    info.exit_statuses = notes->second.exit_statuses;
  }

  for (CLI::App* sub : app->get_subcommands({})) {
    if (sub->get_group().empty()) continue;
    info.subcommands.push_back(info_of(sub, name.empty() ? sub->get_name() : name + " " + sub->get_name(), declared));
  }
  return info;
}

constexpr const char* kSummary =
    "A write-ahead buffer in front of PostgreSQL or SQLite: rows arrive at memory speed and reach the\n"
    "destination in batches, exactly once in effect.";

}  // namespace

OptionSyntax& OptionSyntax::shown_as(const std::string& placeholder) {
  option_->option_text(placeholder);
  return *this;
}

OptionSyntax& OptionSyntax::required() {
  option_->required();
  return *this;
}

OptionSyntax& OptionSyntax::repeatable() {
  option_->expected(1)->take_all();
  return *this;
}

OptionSyntax& OptionSyntax::one_of(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values).description(""));
  declared_->values[option_] = values;
  return *this;
}

OptionSyntax& OptionSyntax::between(int low, int high) {
  option_->check(CLI::Range(low, high).description(""));
  return *this;
}

OptionSyntax& OptionSyntax::not_empty(const std::string& what) {
  const auto refuse_empty = [what](const std::string& given) {
    return given.empty() ? "must name " + what + ", not be empty" : std::string();
  };
  option_->check(CLI::Validator(refuse_empty, ""));
  return *this;
}

CommandSyntax CommandSyntax::subcommand(const std::string& name, const std::string& summary) {
  app_->require_subcommand(0, 1);
  return {*app_->add_subcommand(name, summary), *declared_};
}

OptionSyntax CommandSyntax::option(const std::string& names, std::string& value, const std::string& help) {
  return {*app_->add_option(names, value, help), *declared_};
}

OptionSyntax CommandSyntax::option(const std::string& names, std::optional<std::string>& value,
                                   const std::string& help) {
  return {*app_->add_option(names, value, help), *declared_};
}

OptionSyntax CommandSyntax::option(const std::string& names, std::vector<std::string>& values,
                                   const std::string& help) {
  return {*app_->add_option(names, values, help), *declared_};
}

OptionSyntax CommandSyntax::option(const std::string& names, int& value, const std::string& help) {
  return {*app_->add_option(names, value, help), *declared_};
}

OptionSyntax CommandSyntax::option(const std::string& names, std::optional<std::int64_t>& value,
                                   const std::string& help) {
  return {*app_->add_option(names, value, help), *declared_};
}

void CommandSyntax::flag(const std::string& names, bool& value, const std::string& help) {
  app_->add_flag(names, value, help);
}

void CommandSyntax::examples(const std::vector<std::string>& lines) { declared_->notes[app_].examples = lines; }

void CommandSyntax::exit_statuses(const std::string& line) { declared_->notes[app_].exit_statuses = line; }

void CommandSyntax::action(CommandAction action) const { declared_->actions.emplace_back(app_, std::move(action)); }

CommandInfo describe_commands() {
  CLI::App app(kSummary, "forebay");
  GlobalOptions global;
  Declared declared;
  declare_commands(app, global, declared);
  CommandInfo info = info_of(&app, "", declared);
  info.examples = examples_of_whole();
  info.exit_statuses = kExitStatuses;
  return info;
}

ParsedCommand parse_command_line(int argc, char** argv, GlobalOptions& global) {
  ParsedCommand result;
  CLI::App app(kSummary, "forebay");
  Declared declared;
  declare_commands(app, global, declared);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForVersion& e) {
    std::cout << e.what() << '\n';
    return result;
  } catch (const CLI::Success& e) {  // --help
    refuse_not_built(innermost(&app));
    app.exit(e, std::cout, std::cerr);
    return result;
  } catch (const CLI::ParseError& e) {
    throw Error(ErrorCode::usage, std::string(e.what()) + "; see `" + command_of(innermost(&app)) + " --help`");
  }

  const CLI::App* chosen = innermost(&app);
  refuse_not_built(chosen);
  if (const auto extras = app.remaining(true); !extras.empty()) refuse_extra(app, extras.front());
  if (!app.get_subcommands().empty() && global.env_file.empty() && app.count("--env") > 0) {
    throw Error(ErrorCode::usage, "--env: must name a file, not be empty");
  }

  for (auto& [leaf, action] : declared.actions) {
    if (leaf == chosen) {
      result.action = std::move(action);
      return result;
    }
  }

  std::cerr << chosen->help();
  result.status = kUsage;
  return result;
}

}  // namespace forebay::cli
