#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/version_clock.hpp"

namespace forebay {

/// The file `version-reserve` of a state directory: what its processes may have handed out as versions, so that none
/// goes back when the wall clock did, across restarts. Shared by all processes, each time under a lock of a moment.
///
/// As long as the machine is not rebooted and the wall clock is not stepped, versions can't go back anyway; only then
/// does the reserve move a new process ahead. Else a hundred quick starts would push versions minutes into the future.
class VersionReserve {
 public:
  /// `durable`: what is reserved is on the disk before a version of it is handed out (level `power`). Power that goes
  /// may take the wall clock along, and then nothing else keeps versions from going back.
  explicit VersionReserve(std::filesystem::path file, bool durable = false);

  /// Where a new process has to start (microseconds since 2020), 0 for no floor. Throws Error(local).
  std::int64_t floor_us(const VersionClock::Sources& sources) const;
  /// No later process starts below `until_us`. Throws Error(local).
  void extend(std::int64_t until_us, const VersionClock::Sources& sources) const;
  /// Takes the reserve back to `until_us`, if it is above and `nobody_lives` says under the lock that no process has
  /// versions from it. True when it did. For a reserve that a clock left behind which was ahead and is mended. Throws
  /// Error(local).
  bool lower(std::int64_t until_us, const VersionClock::Sources& sources,
             const std::function<bool()>& nobody_lives) const;

 private:
  std::filesystem::path file_;
  bool durable_;
};

}  // namespace forebay
