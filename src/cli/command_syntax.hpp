#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// CLI11's own, which only parser.cpp includes: its headers take longer to compile than most commands.
namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace forebay::cli {

class CommandContext;

/// Runs the command and returns its exit status. Errors are thrown: main() writes their line and finds the status.
using CommandAction = std::function<int(CommandContext&)>;

/// What commands declare besides what CLI11 keeps (parser.cpp).
struct Declared;

/// What may be said of an option or an argument after it was declared. A handle: the parser owns what it names.
class OptionSyntax {
 public:
  OptionSyntax(CLI::Option& option, Declared& declared) : option_(&option), declared_(&declared) {}

  /// What --help shows for its value: "FILE".
  OptionSyntax& shown_as(const std::string& placeholder);
  OptionSyntax& required();
  /// One value each time it is given, as often as one likes.
  OptionSyntax& repeatable();
  OptionSyntax& one_of(const std::vector<std::string>& values);
  OptionSyntax& between(int low, int high);
  /// Refuses "": "--to: must name a destination, not be empty" for `what` = "a destination".
  OptionSyntax& not_empty(const std::string& what);

 private:
  CLI::Option* option_;
  Declared* declared_;
};

/// A command that declares itself: what it takes, what it is for and what it does. A handle: the parser owns what it
/// names. The variables that options are bound to must live as long as the action, which usually captures a shared_ptr
/// to them.
class CommandSyntax {
 public:
  CommandSyntax(CLI::App& app, Declared& declared) : app_(&app), declared_(&declared) {}

  /// `summary` is its line in the --help of this one.
  CommandSyntax subcommand(const std::string& name, const std::string& summary);

  /// `names`: "--exclude", or "DIR" for an argument without a name.
  OptionSyntax option(const std::string& names, std::string& value, const std::string& help);
  OptionSyntax option(const std::string& names, std::optional<std::string>& value, const std::string& help);
  OptionSyntax option(const std::string& names, std::vector<std::string>& values, const std::string& help);
  OptionSyntax option(const std::string& names, int& value, const std::string& help);
  OptionSyntax option(const std::string& names, std::optional<std::int64_t>& value, const std::string& help);
  /// True when it is given.
  void flag(const std::string& names, bool& value, const std::string& help);

  /// Command lines that --help ends with.
  void examples(const std::vector<std::string>& lines);
  /// After those: what its exit status says, where that is not just 0 or an error.
  void exit_statuses(const std::string& line);

  void action(CommandAction action) const;

 private:
  CLI::App* app_;
  Declared* declared_;
};

}  // namespace forebay::cli
