#pragma once

#include <vector>

#include "cli/command.hpp"

namespace forebay::cli {

struct RegisteredCommand {
  int position;
  AddCommand add;
};

/// Filled while statics are set up, in no particular order; read by main().
std::vector<RegisteredCommand>& registered_commands();

}  // namespace forebay::cli
