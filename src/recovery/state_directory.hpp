#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "forebay/options.hpp"
#include "forebay/stream.hpp"

namespace forebay {

/// What a buffer's folder says of itself (file `manifest`, JSON).
struct Manifest {
  std::string buffer;
  std::string host;
  std::string boot_id;
  std::int64_t pid = 0;
  Durability durability = Durability::process;
  std::string destination;  // without secrets
};

/// Of a buffer's folder. Throws Error(local), or Error(damaged) for what is no manifest.
Manifest read_manifest(const std::filesystem::path& path);

/// A descriptor with an exclusive flock on it, held for life. Taken, or not at all. It also shows who holds it (the
/// process in the file, and an OFD lock that can be asked about), so that looking (buffer_listing.hpp) takes no lock
/// that an adopter could run into.
class FileLock {
 public:
  /// Nothing when another process holds it, or the file is not there. Throws Error(local) for anything else.
  static std::optional<FileLock> try_lock(const std::filesystem::path& path);
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  friend class StateDirectory;
  explicit FileLock(int fd) : fd_(fd) {}
  enum class Holder : std::uint8_t { maker, adopter };
  void show(Holder holder) const;
  int fd_;
};

/// File of a buffer's folder that says where its control socket is, when that is not run/ of the state directory.
inline constexpr const char* kSocketPlaceName = "control";

/// One buffer's folder, locked by this process.
struct BufferFolder {
  std::filesystem::path path;
  Manifest manifest;
  FileLock lock;
};

/// An orphan that was left where it is, and why.
struct LeftAlone {
  std::filesystem::path path;
  std::string why;
};

/// Everything that outlives a process: buffers/, version-reserve, the default catalog. Layout: docs/architecture.md.
class StateDirectory {
 public:
  /// Makes it (mode 0700) or checks it: a directory, ours, not open to others, not on a network file system.
  /// Throws Error(local), or Error(usage) for a place that can't serve.
  explicit StateDirectory(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }

  /// START-PID-RANDOM: sorts by time, and never comes twice.
  static std::string new_buffer_id();

  /// A new folder under buffers/, with lock and manifest; it appears with its lock already held.
  BufferFolder create_buffer(Durability durability, const std::string& destination) const;

  /// Locks the folders of dead processes that belong to this host and (unless `any_destination`) to `destination`.
  /// Those that were left alone for a reason worth telling are added to `left_alone`; `in_use` counts the folders that
  /// other descriptors hold the lock of.
  std::vector<BufferFolder> lock_orphans(const std::string& destination, bool any_destination,
                                         std::vector<LeftAlone>& left_alone, std::uint64_t& in_use) const;

  /// Removes a folder that this process has locked; what is unknown in it keeps it there. False then.
  static bool remove_buffer(BufferFolder& folder);

 private:
  std::filesystem::path path_;
};

std::string host_name();

}  // namespace forebay
