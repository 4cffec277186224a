#include "cli/commands/restore_summary.hpp"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/json_output.hpp"
#include "cli/output.hpp"
#include "cli/run_summary.hpp"
#include "control/status_json.hpp"
#include "forebay/stream.hpp"

namespace forebay::cli {
namespace {

using nlohmann::ordered_json;

bool is_counted(const std::string& stream) { return stream != backup_sets_stream().name; }

ordered_json comparison_json(const StreamComparison& s) {
  return {{"rows", s.rows},
          {"new", s.found.absent},
          {"older_there", s.found.older},
          {"equal_there", s.found.equal},
          {"newer_there", s.found.newer},
          {"newer_in_files", s.newer_in_files}};
}

}  // namespace

Counts counts_of_rows(const SyncStatus& status) {
  Counts all;
  for (const auto& [stream, c] : status.streams) {
    if (is_counted(stream)) all += c;
  }
  return all;
}

std::uint64_t count_of_rows(const std::map<std::string, std::uint64_t>& rows) {
  std::uint64_t all = 0;
  for (const auto& [stream, n] : rows) all += is_counted(stream) ? n : 0;
  return all;
}

std::string restore_json(const RestoreSummary& s) {
  ordered_json j = {{"files", s.files},
                    {"destination", s.status.destination},
                    {"destination_state", std::string(to_string(s.status.destination_state))},
                    {"rows", count_of_rows(s.rows)}};
  const Counts counts = counts_of_rows(s.status);
  j.update(control::counts_json(counts));
  j["lost_dropped"] = counts.dropped;
  j["lost_failover"] = s.status.missing_rows;
  j["lost_unsaved"] = s.unsaved_rows;
  j["outcome"] = to_string(s.status.outcome());
  j["elapsed_seconds"] = s.elapsed_s;
  j["sync_seconds"] = s.status.sync_time_s;
  j["peak_memory_bytes"] = peak_memory_bytes();

  j["streams"] = ordered_json::object();
  for (const auto& [stream, rows] : s.rows) {
    j["streams"][stream] = {{"rows", rows}};
    j["streams"][stream].update(control::counts_json(s.status.of(stream)));
  }
  j["failure"] = s.failure;
  j["last_error"] = s.status.last_error;
  return json_text(j);
}

void print_restore(const RestoreSummary& s, std::ostream& out) {
  // Rows of backup sets are counted only when nothing else was asked for.
  const bool only_sets = s.rows.size() == 1 && !is_counted(s.rows.begin()->first);
  const Counts c = only_sets ? s.status.of(s.rows.begin()->first) : counts_of_rows(s.status);
  const std::uint64_t of_all = only_sets ? s.rows.begin()->second : count_of_rows(s.rows);
  const double rate = s.elapsed_s > 0 ? static_cast<double>(c.accepted) / s.elapsed_s : 0;

  out << "read        " << human_count(c.accepted) << " of " << human_count(of_all) << " rows from "
      << counted(s.files, "file", "files") << ", in " << human_duration(Seconds(s.elapsed_s)) << " ("
      << human_rate(rate) << ")\n";
  out << "synced      " << human_count(c.synced) << " rows to " << safe_line(s.status.destination)
      << ", or there already\n";
  if (c.superseded > 0) out << "superseded  " << human_count(c.superseded) << " by newer versions\n";
  if (c.pending > 0) out << "pending     " << human_count(c.pending) << " not at the destination yet\n";
  if (c.quarantined > 0) out << "quarantined " << human_count(c.quarantined) << '\n';
  if (c.lost > 0) out << "lost        " << human_count(c.lost) << '\n';
  out << "outcome     " << outcome_text(s.status.outcome()) << '\n';

  for (const auto& [stream, rows] : s.rows) {
    const Counts of = s.status.of(stream);
    out << "stream      " << safe_line(stream) << ": " << human_count(of.synced) << " synced, "
        << human_count(of.superseded) << " superseded\n";
  }
}

std::string dry_run_json(const DryRunSummary& s) {
  StreamComparison all;
  ordered_json streams = ordered_json::object();
  for (const StreamComparison& c : s.streams) {
    streams[c.stream] = comparison_json(c);
    streams[c.stream]["table"] = c.table;
    if (!is_counted(c.stream)) continue;
    all.rows += c.rows;
    all.found.absent += c.found.absent;
    all.found.older += c.found.older;
    all.found.equal += c.found.equal;
    all.found.newer += c.found.newer;
    all.newer_in_files += c.newer_in_files;
  }

  ordered_json j = {{"dry_run", true}, {"files", s.files}, {"destination", s.destination}};
  j.update(comparison_json(all));
  j["elapsed_seconds"] = s.elapsed_s;
  j["peak_memory_bytes"] = peak_memory_bytes();
  j["streams"] = streams;
  return json_text(j);
}

void print_dry_run(const DryRunSummary& s, std::ostream& out) {
  out << "dry run: nothing was sent; rows of " << counted(s.files, "file", "files") << " compared with "
      << safe_line(s.destination) << '\n';
  Table table({2, 3, 4, 5, 6, 7});
  table.add({{"stream", Style::bold},
             {"table", Style::bold},
             {"rows", Style::bold},
             {"new", Style::bold},
             {"older there", Style::bold},
             {"equal there", Style::bold},
             {"newer there", Style::bold},
             {"newer in files", Style::bold}});
  for (const StreamComparison& c : s.streams) {
    table.add({c.stream, c.table, human_count(c.rows), human_count(c.found.absent), human_count(c.found.older),
               human_count(c.found.equal), human_count(c.found.newer), human_count(c.newer_in_files)});
  }
  table.print(out, colours_belong(STDOUT_FILENO));
}

}  // namespace forebay::cli
