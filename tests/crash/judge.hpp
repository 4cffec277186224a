#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crash/shared_log.hpp"

namespace forebay::crash {

/// What one writer of one process did, from its log.
struct WriterEvidence {
  std::string space;
  bool hot = false;
  std::vector<Attempt> attempts;
  std::uint64_t acknowledged = 0;  // the first so many attempts
  std::uint64_t checkpointed = 0;
};

std::vector<WriterEvidence> evidence_of(const SharedLog& log);

/// A row as the destination has it; `hash` is of the payload that is there.
struct LandedRow {
  bool hot = false;
  std::string space;
  std::int64_t number = 0;
  std::int64_t stamp = 0;
  std::int64_t version = 0;
  std::uint64_t hash = 0;
};

/// What the destination's own trigger saw of an update.
struct UpdateSeen {
  bool hot = false;
  std::string space;
  std::int64_t number = 0;
  std::int64_t old_stamp = 0;
  std::int64_t new_stamp = 0;
};

struct LedgerRow {
  std::string buffer;
  std::int64_t segment = 0;
  std::int64_t first_row = 0;
  std::int64_t last_row = 0;
  std::int64_t rows = 0;
  std::int64_t synced = 0;
  std::int64_t superseded = 0;
  std::int64_t quarantined = 0;
};

struct DestinationSeen {
  std::vector<LandedRow> rows;
  std::vector<UpdateSeen> updates;
  std::vector<LedgerRow> ledger;
};

/// Counts that a process told at its end.
struct Report {
  std::string who;
  bool settled = false;
  std::uint64_t accepted = 0, synced = 0, superseded = 0, pending = 0, quarantined = 0;
  std::uint64_t damaged_journals = 0;
  std::uint64_t lost = 0;
};

/// A row that lay in the state directory before the last process adopted it.
struct LeftRow {
  bool hot = false;
  std::string space;
  std::int64_t number = 0;
  std::int64_t version = 0;
};

struct Evidence {
  std::string level;
  std::vector<WriterEvidence> writers;
  DestinationSeen destination;
  std::vector<Report> reports;   // of every process that came to its end
  std::vector<LeftRow> left;     // what the last process adopted; empty: not looked at
  std::size_t buffers_left = 0;  // folders in the state directory at the end
  std::uint64_t unknown_points = 0;
};

struct Verdict {
  std::vector<std::string> violations;  // each begins with its rule, "O1: …"
  std::uint64_t acknowledged = 0;
  std::uint64_t lost = 0;            // acknowledged, and not to be lost
  std::uint64_t lost_in_window = 0;  // level memory: acknowledged after the last checkpoint
};

/// Holds the end of a round to rules O1–O6 and O9 of the fault list (docs/crash-testing.md). Pure.
Verdict judge(const Evidence& evidence);

/// Acknowledged rows whose key is not at the destination in their version or a newer one. At level `memory`: of those
/// that a checkpoint holds.
std::uint64_t at_risk(const std::string& level, const std::vector<WriterEvidence>& writers,
                      const std::vector<LandedRow>& rows);

}  // namespace forebay::crash
