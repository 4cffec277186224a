#pragma once

#include <cstdint>
#include <filesystem>

#include "base/io.hpp"

namespace forebay {

/// A file that begins as a checkpoint of a format that this forebay reads, and is as long as it says.
struct CheckpointFileHead {
  UniqueFd file;
  std::uint64_t bytes = 0;
  std::uint64_t format = 0;
};

/// Opens the file for reading and looks at its first 100 bytes. Waits for nothing and changes nothing: what is not a
/// regular file (a symlink, a FIFO, a device) is refused without opening it. Throws Error as CheckpointReader does,
/// with the file's name.
CheckpointFileHead open_checkpoint_file(const std::filesystem::path& path);

}  // namespace forebay
