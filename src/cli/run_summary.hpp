#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "forebay/status.hpp"

namespace forebay::cli {

/// What a scan came to: the object that `scan --json` prints, and the text for people.
struct RunSummary {
  std::int64_t backup_set_id = 0;
  std::string backup_set;
  SyncStatus status;  // taken when all was over
  std::uint64_t pending_rows = 0;
  std::uint64_t unsaved_rows = 0;
  std::string failure;  // why the walk stopped short; empty: it did not
  std::uint64_t scanned = 0;
  std::uint64_t unreadable = 0;  // in all; of them:
  std::uint64_t vanished = 0;
  std::uint64_t denied = 0;
  bool unreadable_ok = false;  // those two are no reason for another status than 0
  std::uint64_t total_bytes = 0;
  std::uint64_t times_left_out = 0;  // entries with a time that no destination can hold
  double elapsed_s = 0;
  double scan_s = 0;
  bool whole = false;  // the walk came to its end
  bool dry_run = false;
  bool interrupted = false;
};

/// All that keeps a scan's exit status from 0, the gravest first, as words for scripts: "interrupted", "stopped",
/// "lost", "pending", "other_host", "quarantined", "unreadable".
std::vector<std::string_view> reasons(const RunSummary& s);
/// Decided by the first of these reasons.
int exit_status(const RunSummary& s);

/// "complete: every row is at the destination"
std::string outcome_text(SyncOutcome outcome);

std::string summary_json(const RunSummary& s);
void print_summary(const RunSummary& s, std::ostream& out);

/// The line for rows that did not get there: how many, why, where they are, and how to go on. Empty when none remain.
/// `to_given`: the destination was named by --to, and so has to be named again.
std::string remaining_line(const SyncStatus& status, const SyncResult& result, bool to_given, bool recovering = false);

/// What the host that it is run on may not take along by itself; empty: nothing.
std::string left_of_other_hosts_line(const SyncStatus& status);

/// The line for a second signal: what is left, and where.
std::string left_at_once(const SyncStatus& status, bool journaled, bool to_given);

/// Rows of every stream that this run sent, recovered ones included, and that are in quarantine now.
std::uint64_t quarantined_rows(const SyncStatus& status);

/// The most memory that this process ever held, in bytes.
std::uint64_t peak_memory_bytes();

}  // namespace forebay::cli
