#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace forebay {

/// What is left on a path's file system, or on that of its nearest parent that is there.
struct DiskRoom {
  std::uint64_t free_bytes = 0;  // for this user
  bool no_bytes = false;
  bool no_inodes = false;  // so that no file can be made, however many bytes are free
};
DiskRoom disk_room(const std::filesystem::path& path);

/// What to do when a file cannot be made or written, as the end of a message: "; make room, …". Empty where the error
/// says it all. ENOSPC is told apart: bytes and inodes run out each by itself. `setting` names the one that moves the
/// file elsewhere.
std::string disk_advice(int error, const std::filesystem::path& path, std::string_view setting);

}  // namespace forebay
