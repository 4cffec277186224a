#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/io.hpp"

namespace forebay {

/// The name of the network file system that holds the path ("NFS"), or nothing for a local one. For a path that does
/// not exist yet: that of its nearest parent. Journals want locks and flushes that mean what they say.
std::optional<std::string> network_file_system(const std::filesystem::path& path);

struct StateDirectoryReport {
  std::optional<std::string> problem;  // what is wrong and what to do; nothing: usable
  bool exists = false;
  DiskRoom room;  // where it is or will be; without any, nothing new can be kept, but what is there can be sent
};

/// Looks, and changes nothing.
StateDirectoryReport check_state_directory(const std::filesystem::path& directory);

}  // namespace forebay
