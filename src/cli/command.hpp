#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>
#include <vector>

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

/// Runs the command and returns its exit status. Errors are thrown: main() writes their line and finds the status.
using CommandAction = std::function<int(CommandContext&)>;

/// Called by the parser for the command that was chosen (a leaf: `config show`, not `config`).
using ChooseAction = std::function<void(CLI::App& leaf, CommandAction action)>;

/// Adds the command's subcommand to `app` and calls `choose` once for each leaf. Options are bound to variables that
/// live as long as the action, usually a shared_ptr captured by it.
using AddCommand = void (*)(CLI::App& app, const ChooseAction& choose);

/// `position` orders the commands in --help.
struct CommandRegistration {
  CommandRegistration(int position, AddCommand add);
};

/// "Examples:" with these lines, as a command's footer.
std::string examples(const std::vector<std::string>& lines);

/// Ends the program's last doubt: true when everything written to stdout has arrived.
bool stdout_is_whole();

}  // namespace forebay::cli
