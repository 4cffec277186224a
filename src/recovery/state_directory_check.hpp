#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace forebay {

/// The name of the network file system that holds the path ("NFS"), or nothing for a local one. For a path that does
/// not exist yet: that of its nearest parent. Journals want locks and flushes that mean what they say.
std::optional<std::string> network_file_system(const std::filesystem::path& path);

struct StateDirectoryReport {
  std::optional<std::string> problem;  // what is wrong and what to do; nothing: usable
  bool full = false;  // its file system has no room: nothing new can be kept, but what is there can be sent
  bool exists = false;
  std::uint64_t free_bytes = 0;  // where it is or will be
};

/// Looks, and changes nothing.
StateDirectoryReport check_state_directory(const std::filesystem::path& directory);

}  // namespace forebay
