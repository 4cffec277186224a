#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "forebay/options.hpp"
#include "state/file_lock.hpp"
#include "state/manifest.hpp"

namespace forebay {

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
  enum class Cause : std::uint8_t {
    other_destination,
    other_host,
    versions,   ///< stamped by a clock that was wrong, it seems
    unreadable  ///< something of it cannot be read, or is not what it should be
  };
  std::filesystem::path path;
  Cause cause;
  std::string why;  ///< for a person, with the cure; the same words for the same reason
};

/// What lock_orphans() found.
struct FoundOrphans {
  std::vector<BufferFolder> locked;  ///< ours now, the oldest first
  std::vector<LeftAlone> left_alone;
  std::uint64_t in_use = 0;                 ///< folders that other descriptors hold the lock of
  std::vector<std::filesystem::path> free;  ///< all others, wanted or not
};

/// Everything that outlives a process: buffers/, version-reserve, totals, the default catalog. Layout:
/// docs/architecture.md.
class StateDirectory {
 public:
  /// Makes it (mode 0700) or checks it: a directory, ours, not open to others, not on a network file system.
  /// Throws Error(local), or Error(usage) for a place that can't serve.
  explicit StateDirectory(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }

  /// START-PID-RANDOM: sorts by time, and never comes twice.
  static std::string new_buffer_id();

  /// A new folder under buffers/, with lock and manifest; it appears with its lock already held. At level `power` it is
  /// flushed with its parents.
  BufferFolder create_buffer(Durability durability, const std::string& destination,
                             const std::filesystem::path& checkpoint_directory = {}) const;

  /// What a caller of lock_orphans() wants.
  struct Wanted {
    std::string destination;        ///< as manifests name it
    bool any_destination = false;   ///< and from any host, and without a manifest that can be read
    std::string buffer;             ///< only this one; empty: all
    bool only_quarantined = false;  ///< only those with a quarantine
    std::string host{};             ///< those of this host as well
  };
  /// Locks the folders of dead processes. Whoever locks one has it alone. Half-made and emptied folders that a kill
  /// left are removed on the way. Throws Error(local) when buffers/ cannot be read.
  FoundOrphans lock_orphans(const Wanted& wanted) const;

  /// Whether all buffers that are there now are among those found free: no process has one. One that is being made is
  /// no buffer yet.
  bool all_free(const FoundOrphans& found) const;

  /// Removes a folder that this process has locked; what is unknown in it keeps it there. False then.
  static bool remove_buffer(const BufferFolder& folder);

 private:
  std::vector<std::filesystem::path> folders() const;
  static void look_at(const std::filesystem::path& path, const Wanted& wanted, FoundOrphans& found);
  std::filesystem::path path_;
};

}  // namespace forebay
