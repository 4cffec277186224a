#pragma once

#include "cli/command.hpp"

namespace forebay::cli {

/// `config show`: every setting with its value and source, and what follows from them.
int show_config(CommandContext& context, bool json);

/// `config check`: settings, state directory and destination, each ok, warning or problem. Changes nothing anywhere.
int check_config(CommandContext& context, bool json);

}  // namespace forebay::cli
