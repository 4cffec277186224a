#pragma once

#include <string>
#include <vector>

namespace forebay::cli {

// The command line as data: what manual pages and the shells' completions are made from (src/cli/pages/).

/// An option, or an argument without a name.
struct OptionInfo {
  std::string long_name;            ///< "--exclude"; empty for an argument
  std::string short_name;           ///< "-x", where there is one
  std::string placeholder;          ///< "GLOB"; empty: it takes no value
  std::string help;                 ///< one line
  std::vector<std::string> values;  ///< all that it takes, where that is a list
  bool required = false;
  bool repeatable = false;
};

struct CommandInfo {
  std::string name;     ///< "config show"; empty for the whole
  std::string summary;  ///< one line
  std::vector<OptionInfo> options;
  std::vector<OptionInfo> arguments;
  std::vector<std::string> examples;
  std::string exit_statuses;  ///< "0 done · 2 wrong usage"; empty: those of the whole
  std::vector<CommandInfo> subcommands;
};

/// Options of the whole may stand before and after each command.
CommandInfo describe_commands();

}  // namespace forebay::cli
