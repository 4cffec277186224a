#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "base/io.hpp"

namespace forebay {

/// A descriptor with an exclusive flock on it, held for life: by this process alone, whatever pids say. It can also
/// show who holds it, so that whoever only looks (buffer_listing.hpp) takes no lock that an adopter could run into.
class FileLock {
 public:
  enum class Outcome : std::uint8_t {
    taken,
    held,  ///< by another descriptor: its process lives, or another adopter has it
    gone   ///< there is no such file, or it was removed or replaced while we took it
  };
  struct Attempt;

  /// Locks what is there. Throws Error(local) for anything but the three outcomes, and for what is no file of ours.
  static Attempt try_lock(const std::filesystem::path& path);
  /// The same for a file that must not be there yet.
  static Attempt create(const std::filesystem::path& path);

  enum class Holder : std::uint8_t { maker, adopter };
  /// Writes the process into the file, and takes an OFD lock, which can be asked about without being taken.
  void show(Holder holder) const noexcept;

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
  static Attempt lock(const std::filesystem::path& path, UniqueFd fd);
  UniqueFd fd_;
};

struct FileLock::Attempt {
  Outcome outcome = Outcome::gone;
  std::optional<FileLock> lock;  ///< when taken
};

}  // namespace forebay
