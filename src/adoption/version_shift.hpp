#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/version_clock.hpp"
#include "state/manifest.hpp"

namespace forebay {

// Rows that were stamped by a clock that was wrong: how an adopter knows, and how they are moved.

/// The versions of a buffer's rows, and what is known of the clock that gave them.
struct StampedRows {
  std::int64_t version_min = 0;
  std::int64_t version_max = 0;
  std::string boot_id;
  std::int64_t wall_minus_boot_us = 0;  ///< of the process that gave them; 0: not known
  /// A destination refused that process because its clock was so much ahead (below 0: behind), and it ended so.
  std::optional<std::int64_t> refused_ahead_us;
};

/// The clocks of the adopter.
struct ClocksNow {
  std::int64_t wall_us = 0;  ///< since 1970
  std::int64_t boot_us = 0;
  std::string boot_id;
};
ClocksNow clocks_now(const VersionClock::Sources& sources);

struct VersionDoubt {
  std::int64_t shift_s = 0;  ///< what would mend it, as far as can be told
  std::string why;
};

/// Whether the rows should not be sent as they are: their newest version lies further in the future than `tolerance`,
/// or a destination said that the clock was wrong. A pure decision.
std::optional<VersionDoubt> doubt_versions(const StampedRows& rows, const ClocksNow& now,
                                           std::chrono::seconds tolerance);

/// What is added to a version to move its time; its low bits and the order of versions stay.
constexpr std::int64_t version_shift(std::chrono::seconds by) {
  return static_cast<std::int64_t>(by.count()) * 1'000'000 * (std::int64_t{1} << kVersionSaltBits);
}
/// Why these rows cannot be moved by so much; empty: they can.
std::string shift_problem(const StampedRows& rows, std::chrono::seconds by, const ClocksNow& now,
                          std::chrono::seconds tolerance);

/// The shift that an adopter began with is kept in the buffer's folder, so that whoever goes on after a kill moves the
/// rest by as much. Journals never change: each row is moved when it is read. Throw Error(local); the first also
/// Error(damaged).
std::optional<std::chrono::seconds> read_shift(const std::filesystem::path& folder);
void write_shift(const std::filesystem::path& folder, std::chrono::seconds by, bool flush);

/// What a destination said of this process's clock, kept in its buffer's folder for the adopter: how much it is ahead
/// in microseconds (below 0: behind), or nothing when the two agree. Throw as above.
std::optional<std::int64_t> read_clock_apart(const std::filesystem::path& folder);
void write_clock_apart(const std::filesystem::path& folder, std::optional<std::int64_t> ahead_us, bool flush);

/// "2026-01-01T00:00:00Z", of microseconds since 1970, and of a version.
std::string unix_time(std::int64_t us);
std::string version_time(std::int64_t version);

}  // namespace forebay
