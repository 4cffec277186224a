#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace forebay::cli {

/// `checkpoint list`, `inspect` and `verify`; their exit statuses.
int list_checkpoint_folder(const std::filesystem::path& directory, bool verify, bool json);
int inspect_checkpoint(const std::filesystem::path& file, bool json);
int verify_checkpoints(const std::vector<std::string>& files, bool json);

}  // namespace forebay::cli
