#include "cli/run_summary.hpp"

#include <cstdlib>
#include <fstream>

#include "base/clock.hpp"
#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/json_output.hpp"
#include "control/status_json.hpp"

namespace forebay::cli {
namespace {

/// After a scan, `recover --to` would send there what was meant for other destinations, too.
std::string recover_again(bool to_given) {
  return to_given ? "DATABASE_URL=URL forebay recover (URL: as given to --to)" : "forebay recover";
}

}  // namespace

std::string outcome_text(SyncOutcome outcome) {
  switch (outcome) {
    case SyncOutcome::complete:
      return "complete: every row is at the destination";
    case SyncOutcome::incomplete:
      return "incomplete: nothing is pending, but not every row is at the destination";
    case SyncOutcome::unsettled:
      break;
  }
  return "unsettled: rows are not at the destination yet";
}

std::uint64_t peak_memory_bytes() {
  // Not getrusage(): its figure begins with what the process that started this one held.
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

namespace {

struct Cause {
  std::string_view reason;
  ExitStatus status;
};

/// Gravest first.
std::vector<Cause> causes(const RunSummary& s) {
  std::vector<Cause> all;
  const auto add = [&](bool applies, std::string_view reason, ExitStatus status) {
    if (applies) all.push_back({reason, status});
  };
  add(s.interrupted, "interrupted", kInterrupted);
  add(!s.failure.empty(), "stopped", kLocalFailure);
  if (!s.dry_run) {
    add(s.unsaved_rows + s.status.missing_rows > 0, "lost", kLocalFailure);
    add(s.pending_rows > 0, "pending", kRowsRemain);
    add(s.status.buffers_of_other_hosts > 0, "other_host", kRowsRemain);
    add(quarantined_rows(s.status) > 0, "quarantined", kDoneWithLosses);
  }
  add(s.unreadable > (s.unreadable_ok ? s.vanished + s.denied : 0), "unreadable", kDoneWithLosses);
  return all;
}

}  // namespace

std::vector<std::string_view> reasons(const RunSummary& s) {
  std::vector<std::string_view> all;
  for (const Cause& cause : causes(s)) all.push_back(cause.reason);
  return all;
}

int exit_status(const RunSummary& s) {
  const std::vector<Cause> all = causes(s);
  return all.empty() ? kDone : all.front().status;
}

std::string summary_json(const RunSummary& s) {
  const Counts files = s.status.of("backup_files");
  control::Json j = {{"backup_set_id", s.backup_set_id},
                     {"backup_set", s.backup_set},
                     {"destination", s.status.destination},
                     {"destination_state", std::string(to_string(s.status.destination_state))},
                     {"durability", s.status.state_directory.empty() ? "none" : to_string(s.status.durability)},
                     {"scanned", s.scanned},
                     {"unreadable", s.unreadable},
                     {"vanished", s.vanished},
                     {"denied", s.denied}};
  j.update(control::counts_json(files));
  j.update({{"lost_dropped", files.dropped},
            {"lost_failover", s.status.missing_rows},
            {"lost_unsaved", s.unsaved_rows},
            {"streams", control::streams_json(s.status.streams)},
            {"recovered", control::counts_json(s.status.recovered)},
            {"total_bytes", s.total_bytes},
            {"times_left_out", s.times_left_out},
            {"elapsed_seconds", s.elapsed_s},
            {"scan_seconds", s.scan_s},
            {"sync_seconds", s.status.sync_time_s},
            {"entries_per_second", s.elapsed_s > 0 ? static_cast<double>(s.scanned) / s.elapsed_s : 0.0},
            {"peak_memory_bytes", peak_memory_bytes()},
            {"buffers_of_other_hosts", s.status.buffers_of_other_hosts},
            {"batches", control::batches_json(s.status.batches)},
            {"whole", s.whole},
            {"failure", s.failure},
            {"outcome", s.dry_run ? control::Json(nullptr) : control::Json(to_string(s.status.outcome()))},
            {"exit_status", exit_status(s)},
            {"reasons", reasons(s)},
            {"last_error", s.status.last_error}});
  return json_text(j);
}

void print_summary(const RunSummary& s, std::ostream& out) {
  const Counts files = s.status.of("backup_files");
  const double rate = s.elapsed_s > 0 ? static_cast<double>(s.scanned) / s.elapsed_s : 0;
  out << "scanned     " << human_count(s.scanned) << " files, " << human_bytes(s.total_bytes) << ", in "
      << human_duration(Seconds(s.elapsed_s)) << " (" << human_rate(rate) << ")\n";

  if (!s.whole) out << "cut short   " << (s.failure.empty() ? "interrupted" : safe_line(s.failure)) << '\n';
  if (s.unreadable > 0) {
    const std::uint64_t others = s.unreadable - s.vanished - s.denied;
    out << "unreadable  " << counted(s.unreadable, "path", "paths") << ": " << human_count(s.vanished) << " vanished, "
        << human_count(s.denied) << " not permitted, " << human_count(others) << " for other reasons\n";
  }
  if (s.times_left_out > 0) {
    out << "times       of " << counted(s.times_left_out, "entry is", "entries are")
        << " beyond what a destination can hold, and NULL\n";
  }

  if (s.dry_run) {
    out << "dry run     nothing was sent, nothing is left\n";
    return;
  }

  out << "synced      " << human_count(files.synced) << " files to " << safe_line(s.status.destination) << '\n';
  if (files.superseded > 0) out << "superseded  " << human_count(files.superseded) << " by newer versions\n";
  if (files.pending > 0) out << "pending     " << human_count(files.pending) << " not at the destination yet\n";
  if (quarantined_rows(s.status) > 0) {
    out << "quarantined " << human_count(quarantined_rows(s.status))
        << " that the destination refuses; forebay errors shows why, forebay retry-errors sends them again\n";
  }
  if (s.status.missing_rows > 0) out << "lost        " << control::lost_rows_line(s.status.missing_rows) << '\n';
  if (s.unsaved_rows > 0) out << "lost        " << human_count(s.unsaved_rows) << " that the disk did not take\n";
  if (files.dropped > 0) out << "lost        " << human_count(files.dropped) << " dropped by forebay errors --drop\n";
  if (s.status.recovered.accepted > 0) {
    out << "recovered   " << human_count(s.status.recovered.synced + s.status.recovered.superseded) << " of "
        << human_count(s.status.recovered.accepted) << " rows of earlier runs\n";
  }

  const bool all_of_a_part = !s.whole && s.status.outcome() == SyncOutcome::complete;
  out << "outcome     "
      << (all_of_a_part
              ? "not finished: every row that was seen is at the destination, but not all of the tree was seen"
              : outcome_text(s.status.outcome()))
      << '\n';
  out << "backup set  " << printable(s.backup_set) << " (id " << s.backup_set_id << ")\n";

  out << "batches    ";
  bool any = false;
  for (std::size_t i = 0; i < kReasons; ++i) {
    if (s.status.batches[i] == 0) continue;
    out << (any ? ", " : " ") << human_count(s.status.batches[i]) << ' ' << to_string(static_cast<Reason>(i));
    any = true;
  }
  out << (any ? "\n" : " none\n");
}

std::uint64_t quarantined_rows(const SyncStatus& status) {
  return status.total().quarantined + status.quarantined_before;
}

std::string left_of_other_hosts_line(const SyncStatus& status) {
  if (status.buffers_of_other_hosts == 0) return {};
  return "rows remain in " + counted(status.buffers_of_other_hosts, "buffer", "buffers") + " in " +
         status.state_directory +
         ", written on another host (see above): forebay recover --host NAME sends them from here";
}

std::string left_at_once(const SyncStatus& status, bool journaled, bool to_given) {
  std::string line =
      "interrupted twice: left with " + human_count(status.total().pending) + " rows not at the destination; ";
  if (status.state_directory.empty()) return line + "without a buffer they are not kept";
  if (journaled) {
    line += "what was acknowledged of them is kept in " + status.state_directory;
  } else {
    line += human_count(status.journaled_rows) + " are kept in journals in " + status.state_directory;
    if (status.last_checkpoint_us) {
      line += "; the last checkpoint, of " + rfc3339_local(*status.last_checkpoint_us) + ", holds " +
              human_count(status.last_checkpoint_rows) + " rows";
    }
    line += std::string("; what only memory held") +
            (status.last_checkpoint_us ? " and no checkpoint has" : ", as there was no checkpoint,") + " is lost";
  }
  return line + ". To send what is kept: " + recover_again(to_given);
}

std::string remaining_line(const SyncStatus& status, const SyncResult& result, bool to_given, bool recovering) {
  if (result.pending_rows == 0) return {};
  std::string line = counted(result.pending_rows, "row remains", "rows remain");
  line += status.last_error.empty() ? " to be sent to " + status.destination : ": " + status.last_error;
  if (status.state_directory.empty()) {
    return line + "; without a buffer (USE_MEMORY_DB=False) they are not kept: scan again when the destination is well";
  }
  line += "; kept in " + status.state_directory;
  if (result.unsaved_rows > 0) line += ", but for " + human_count(result.unsaved_rows) + " that the disk did not take";

  if (to_given && recovering)
    return line + ". When the destination is well: forebay recover --to URL (as it was given now)";
  return line + ". When the destination is well: " + recover_again(to_given);
}

}  // namespace forebay::cli
