#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace forebay::cli {

/// What `checkpoint create` came to for one buffer.
struct CreatedCheckpoint {
  std::string buffer;
  bool live = false;  // its process lives and wrote it
  std::string file;   // empty: none, see `problem`
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string problem;         // why there is none, or what is missing in it, one line; empty: all is well
  std::optional<int> process;  // of a live one
};

/// Has each process that holds a buffer under the state directory write a checkpoint of it (`buffer`: only that one;
/// empty: all). Buffers that no process holds are left out. Does not throw for what a process answers.
std::vector<CreatedCheckpoint> create_of_live(const std::filesystem::path& state_directory, const std::string& buffer);

}  // namespace forebay::cli
