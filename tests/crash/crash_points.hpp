#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace forebay::crash {

/// What a thread of the process under test is at.
enum class Phase : std::uint8_t {
  idle,
  start,
  adoption,
  add,
  group_commit,
  flush,
  seal,
  evict,
  copy,
  commit,
  removal,
  checkpoint
};
inline constexpr std::size_t kPhases = 12;
constexpr std::string_view to_string(Phase p) {
  constexpr std::array<std::string_view, kPhases> kNames = {"idle",         "start",  "adoption", "add",
                                                            "group commit", "flush",  "seal",     "evict",
                                                            "COPY",         "COMMIT", "removal",  "checkpoint"};
  return kNames[static_cast<std::size_t>(p)];
}

/// Which run passes a point.
enum class Reached : std::uint8_t {
  producing,
  journalling,
  flushing,
  evicting,
  checkpointing,
  adopting,
  restoring,
  finishing,
  ending,
  after_a_fault,
  refusing
};

struct CrashPoint {
  std::string_view name;
  Phase phase;  // of a thread that has passed it, until it passes another
  Reached reached;
};

/// Every crash_point() in src/, by its name. A run that passes one that is not here fails.
inline constexpr std::array kCrashPoints = {
    CrashPoint{"a buffer's folder is made, without a lock", Phase::start, Reached::producing},
    CrashPoint{"a buffer's folder is locked, without its name", Phase::start, Reached::producing},
    CrashPoint{"a buffer's folder has its name", Phase::start, Reached::producing},
    CrashPoint{"a record is in its segment", Phase::add, Reached::producing},
    CrashPoint{"before a group commit", Phase::group_commit, Reached::producing},
    CrashPoint{"SQLite has committed, the journal has not", Phase::group_commit, Reached::producing},
    CrashPoint{"after a group commit", Phase::add, Reached::producing},
    CrashPoint{"a journal is replaced", Phase::group_commit, Reached::after_a_fault},
    CrashPoint{"a sealed segment's journal is replaced", Phase::seal, Reached::after_a_fault},
    CrashPoint{"a spare journal is made", Phase::idle, Reached::journalling},
    CrashPoint{"before a flush", Phase::flush, Reached::flushing},
    CrashPoint{"after a flush", Phase::group_commit, Reached::flushing},
    CrashPoint{"before the trailer", Phase::seal, Reached::producing},
    CrashPoint{"after the trailer", Phase::seal, Reached::producing},
    CrashPoint{"after a seal", Phase::add, Reached::producing},
    CrashPoint{"an evicted segment has its journal", Phase::evict, Reached::evicting},
    CrashPoint{"before the rows are sent", Phase::copy, Reached::producing},
    CrashPoint{"rows are being sent", Phase::copy, Reached::producing},
    CrashPoint{"before COMMIT", Phase::commit, Reached::producing},
    CrashPoint{"after COMMIT", Phase::removal, Reached::producing},
    CrashPoint{"after COMMIT, before the journal goes", Phase::removal, Reached::producing},
    CrashPoint{"the journal is gone", Phase::idle, Reached::producing},
    CrashPoint{"an orphan is locked", Phase::adoption, Reached::adopting},
    CrashPoint{"an orphan's journals are read", Phase::adoption, Reached::adopting},
    CrashPoint{"a journal from a checkpoint has not its name yet", Phase::adoption, Reached::restoring},
    CrashPoint{"journals from a checkpoint are not marked as complete yet", Phase::adoption, Reached::restoring},
    CrashPoint{"a checkpoint is flushed, and not verified yet", Phase::checkpoint, Reached::checkpointing},
    CrashPoint{"a checkpoint is whole, and has not its name yet", Phase::checkpoint, Reached::checkpointing},
    CrashPoint{"a checkpoint has its name, and its folder is not flushed", Phase::checkpoint, Reached::checkpointing},
    CrashPoint{"journals are sealed at the end, and not marked as such", Phase::seal, Reached::ending},
    CrashPoint{"journals are sealed at the end, and marked as such", Phase::seal, Reached::ending},
    CrashPoint{"refused rows are being kept", Phase::commit, Reached::refusing},
    CrashPoint{"refused rows are kept, before COMMIT", Phase::commit, Reached::refusing},
    CrashPoint{"a batch with refused rows has landed", Phase::removal, Reached::refusing},
    CrashPoint{"retries are noted, and not sent", Phase::copy, Reached::refusing},
    CrashPoint{"a retry has landed, before its rows go", Phase::removal, Reached::refusing},
    CrashPoint{"the rows of a retry are gone", Phase::idle, Reached::refusing},
    CrashPoint{"before an empty quarantine goes", Phase::adoption, Reached::refusing},
    CrashPoint{"before a buffer's manifest goes", Phase::adoption, Reached::finishing},
    CrashPoint{"before a buffer's lock goes", Phase::adoption, Reached::finishing},
    CrashPoint{"before a buffer's folder goes", Phase::adoption, Reached::finishing},
};

/// -1 for a name that is not in the list.
constexpr int index_of_point(std::string_view name) {
  for (std::size_t i = 0; i < kCrashPoints.size(); ++i) {
    if (kCrashPoints[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace forebay::crash
