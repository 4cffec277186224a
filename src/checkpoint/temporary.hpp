#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/io.hpp"

namespace forebay {

/// The file that a checkpoint is written to before it has its name: `.checkpoint-BUFFER-NUMBER.tmp`, made with O_EXCL,
/// mode 0600, locked (flock) while its writer lives. Taking the name draws the number. Removed by the destructor,
/// unless it was published; what a killed writer left is removed by the next one in that folder.
class CheckpointTemporary {
 public:
  /// Makes the folder, too. `buffer_folder`: of that buffer, where the number is noted, so that none is drawn twice
  /// also where the files are moved away; one that is not there (any more) takes no note. Throws Error(usage) for a
  /// folder that cannot serve, Error(local).
  CheckpointTemporary(const std::filesystem::path& directory, std::string_view buffer,
                      const std::filesystem::path& buffer_folder = {});
  CheckpointTemporary(const CheckpointTemporary&) = delete;
  CheckpointTemporary& operator=(const CheckpointTemporary&) = delete;
  ~CheckpointTemporary();

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t number() const { return number_; }

  /// Flushes the file.
  void sync() const;
  /// Renames it to `name` in its folder, never over another file, and flushes the folder.
  void publish(const std::string& name);

 private:
  bool take_name(std::uint64_t number);

  std::filesystem::path directory_;
  std::string buffer_;
  UniqueFd folder_;
  std::filesystem::path path_;
  UniqueFd file_;
  std::uint64_t number_ = 0;
  bool published_ = false;
};

}  // namespace forebay
