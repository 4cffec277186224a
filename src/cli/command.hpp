#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/command_syntax.hpp"
#include "config/settings.hpp"
#include "forebay/options.hpp"

namespace forebay::cli {

// A command is one file: it defines an `add` function and a static CommandRegistration, and main.cpp finds it. Nothing
// else names the commands, so a build without a file is a build without its command.

/// Exit statuses (docs/settings.md and `forebay --help` state them to users).
enum ExitStatus : int {
  kDone = 0,
  kDoneWithLosses = 1,  // rows in quarantine, or paths that could not be read
  kUsage = 2,
  kRowsRemain = 3,
  kLocalFailure = 4,
  kInterrupted = 130
};

/// Options that every command takes, before or after its name.
struct GlobalOptions {
  std::string env_file;
  std::string log_level;
  std::string log_format = "text";
};

/// What a command's action gets when it runs.
class CommandContext {
 public:
  explicit CommandContext(const GlobalOptions& global) : global_(global) {}

  const GlobalOptions& global() const { return global_; }

  /// Reads the settings without judging them (for `config`); `given` are settings that came as options of the command.
  Settings read_settings(std::vector<GivenOption> given = {}) const;

  /// What most commands begin with: reads and checks the settings, starts logging, warns about what is odd, and hands
  /// PG* lines of the .env on to libpq. Throws Error(usage | not_built_yet). Call it before starting threads.
  Settings start(std::vector<GivenOption> given = {}) const;
  /// The same for a command that takes rows or sends them: warns as well of settings that do not go together.
  Settings start_to_send(std::vector<GivenOption> given = {}) const;

  /// start()'s second half, for settings that are checked.
  void start_with(const Settings& settings) const;

  /// Puts PG* lines of the .env into this process's environment, where they are not set already. Before starting
  /// threads.
  static void hand_on_libpq_variables(const Settings& settings);

 private:
  const GlobalOptions& global_;
};

/// Declares a command as a subcommand of the whole.
using AddCommand = void (*)(CommandSyntax& app);

/// `position` orders the commands in --help.
struct CommandRegistration {
  CommandRegistration(int position, AddCommand add);
};

struct RegisteredCommand {
  int position;
  AddCommand add;
};

/// Filled while statics are set up, in no particular order; read by main().
std::vector<RegisteredCommand>& registered_commands();

/// What an option was given. Throws Error(usage) that names it when that is no whole number of seconds from 0 to `max`.
std::chrono::seconds parse_seconds(const std::string& option, const std::string& text, std::chrono::seconds max);

/// Ends the program's last doubt: true when everything written to stdout has arrived.
bool stdout_is_whole();

}  // namespace forebay::cli
