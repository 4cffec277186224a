#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace forebay::cli {

struct DropArguments {
  std::vector<std::string> keys;  // as `errors` shows them, or raw
  std::string stream;             // empty: all
  std::string buffer;             // empty: all
  bool yes = false;
  bool show = false;
  bool json = false;
};

/// Drops refused rows for good: says which, asks on a terminal, and drops all of them or, where one key is unknown or
/// one row cannot be dropped now, none. Returns the exit status; throws Error(usage) when nothing was dropped.
int drop_errors(const std::filesystem::path& state_directory, const DropArguments& arguments);

}  // namespace forebay::cli
