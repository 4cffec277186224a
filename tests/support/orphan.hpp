#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/version_clock.hpp"
#include "buffer/segment.hpp"
#include "journal/writer.hpp"
#include "state/state_directory.hpp"
#include "support/streams.hpp"

namespace forebay::test {

/// What a process left that died with rows of measurements() in its journals.
struct Orphan {
  std::string destination;
  int rows = 10;
  std::string sensor = "a";
  std::int64_t taken_us = 0;  ///< since 1970; 0: now
  int rows_per_segment = 100;
  Durability durability = Durability::process;
  std::string durable_name;  ///< of the buffer, once made

  /// Makes it; its lock is free when this returns. Returns its folder.
  std::filesystem::path make(const std::filesystem::path& state_directory) {
    const StateDirectory state(state_directory);
    const BufferFolder folder = state.create_buffer(durability, destination);
    durable_name = folder.manifest.buffer;
    const std::int64_t us = (taken_us != 0 ? taken_us : VersionClock::system_sources().wall_us()) - kVersionEpochUnixUs;
    for (int first = 0, segment = 1; first < rows; first += rows_per_segment, ++segment) {
      const auto number = static_cast<std::uint64_t>(segment);
      JournalWriter journal(create_posix_file, folder.path / journal_name(number),
                            {folder.manifest.buffer, number, measurements(), {}});
      for (int i = first; i < std::min(rows, first + rows_per_segment); ++i) {
        journal.append(version_of(us + i, 7), Measurement(sensor, i));
      }
      journal.commit();
    }
    return folder.path;
  }
};

}  // namespace forebay::test
