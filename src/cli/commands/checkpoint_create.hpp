#pragma once

#include <string>

#include "cli/command.hpp"

namespace forebay::cli {

/// `checkpoint create`: of live buffers by their processes, of orphans here. Its exit status.
int create_checkpoints(CommandContext& context, const std::string& buffer, bool json);

}  // namespace forebay::cli
