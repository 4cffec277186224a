#pragma once

#include "cli/command.hpp"

namespace forebay::cli {

/// A parsed command line: an action to run, or (after --help and --version, which are answered while parsing) only a
/// status.
struct ParsedCommand {
  CommandAction action;  // empty: exit with status
  int status = kDone;
};

/// Fills `global`, which must outlive the action; what was read of it stands there also when this throws. Throws
/// Error(usage) for what no command takes, naming what may have been meant, and Error(not_built_yet) for a command that
/// later releases have.
ParsedCommand parse_command_line(int argc, char** argv, GlobalOptions& global);

}  // namespace forebay::cli
