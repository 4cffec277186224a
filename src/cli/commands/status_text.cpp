#include "cli/commands/status_text.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/clock.hpp"
#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/finished_totals.hpp"
#include "cli/output.hpp"
#include "cli/view_fields.hpp"
#include "state/manifest.hpp"

namespace forebay::cli {
using control::Json;

namespace {

std::string percent(double p) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", p);
  return text;
}

/// Nobody's, and with nothing left but rows in quarantine.
bool is_finished(const BufferView& b) { return text_field(b.fields, "state") == "finished"; }

std::string whose(const BufferView& b) {
  const pid_t pid = static_cast<pid_t>(real_field(b.fields, "pid").value_or(0));
  switch (hands_of(b.listed)) {
    case Hands::maker:
      return "live, process " + pid_text(pid);
    case Hands::adopter:
      return "live, adopted by process " + pid_text(pid);
    case Hands::nobody:
      break;
  }
  return (is_finished(b) ? "finished, process " : "orphaned, process ") + pid_text(pid) + " has ended";
}

/// "120,000 accepted: 100,000 synced, 0 superseded, 20,000 pending (83.3 %)"
std::string rows_of_live(const Json& f) {
  const std::uint64_t quarantined = number_field(f, "quarantined").value_or(0);
  const std::uint64_t lost = number_field(f, "lost").value_or(0);
  return human_count(number_field(f, "accepted").value_or(0)) +
         " accepted: " + human_count(number_field(f, "synced").value_or(0)) + " synced, " +
         human_count(number_field(f, "superseded").value_or(0)) + " superseded, " +
         human_count(number_field(f, "pending").value_or(0)) + " pending" +
         (quarantined > 0 ? ", " + human_count(quarantined) + " quarantined" : "") +
         (lost > 0 ? ", " + human_count(lost) + " lost" : "") + " (" +
         percent(real_field(f, "progress_percent").value_or(0)) + ")";
}

Style style_of(const std::string& destination_state) {
  if (destination_state == "ok") return Style::good;
  if (destination_state == "degraded" || destination_state == "down") return Style::warning;
  return destination_state == "misconfigured" ? Style::bad : Style::plain;
}

void add_live_rows(const Json& f, Table& table) {
  table.add({"  rows", rows_of_live(f)});
  const auto recovered = f.find("recovered");
  if (recovered != f.end() && recovered->is_object() && number_field(*recovered, "accepted").value_or(0) > 0) {
    table.add({"  recovered", human_count(number_field(*recovered, "pending").value_or(0)) + " of " +
                                  counted(*number_field(*recovered, "accepted"), "row", "rows") +
                                  " that earlier processes left are pending"});
  }
  const double oldest = real_field(f, "oldest_pending_seconds").value_or(0);
  if (oldest > 0) table.add({"  waiting", "the oldest row for " + human_duration(Seconds(oldest))});
  std::uint64_t batches = 0;
  if (const auto by_reason = f.find("batches"); by_reason != f.end() && by_reason->is_object()) {
    for (const auto& [reason, n] : by_reason->items()) batches += n.is_number_unsigned() ? n.get<std::uint64_t>() : 0;
  }
  const std::string last = time_field(f, "last_sync_at");
  table.add({"  syncing", std::string(truth_field(f, "syncing") ? "now" : "not now") + "; " +
                              counted(batches, "batch", "batches") + " in " +
                              human_duration(Seconds(real_field(f, "elapsed_seconds").value_or(0))) +
                              (last.empty() ? "" : ", last " + last)});
  const std::string checkpoint = time_field(f, "last_checkpoint_at");
  table.add({"  held", human_bytes(number_field(f, "memory_bytes").value_or(0)) + " in memory, " +
                           human_bytes(number_field(f, "disk_bytes").value_or(0)) + " on disk; durability " +
                           text_field(f, "durability") +
                           (checkpoint.empty() ? "" : ", last checkpoint " + checkpoint)});
}

/// `last_error` is said anyway.
void add_held_streams(const Json& f, const std::string& last_error, Table& table) {
  const auto streams = f.find("held_streams");
  if (streams == f.end() || !streams->is_array()) return;
  for (const Json& stream : *streams) {
    const std::string since = time_field(stream, "since_at");
    const std::string error = text_field(stream, "error");
    table.add({"  stream",
               {text_field(stream, "stream") + " is held" + (since.empty() ? "" : " since " + since) +
                    ", as its table is at fault" + (error == last_error ? "" : ": " + error),
                Style::warning}});
  }
}

void add_left_rows(const BufferView& b, Table& table) {
  std::uint64_t rows = 0;
  if (const auto streams = b.fields.find("streams"); streams != b.fields.end() && streams->is_object()) {
    for (const auto& [name, counts] : streams->items()) rows += number_field(counts, "pending").value_or(0);
  }

  const bool orphaned = hands_of(b.listed) == Hands::nobody;
  std::string said =
      human_count(rows) + " pending, " + human_bytes(number_field(b.fields, "disk_bytes").value_or(0)) + " of journals";
  const std::string recover = recover_command(b.listed);
  const std::uint64_t unreadable = number_field(b.fields, "unreadable_journals").value_or(0);
  const std::uint64_t quarantined = number_field(b.fields, "quarantined").value_or(0);
  if (quarantined > 0) {
    table.add(
        {"  quarantine",
         {counted(quarantined, "row", "rows") + "; forebay errors shows why, forebay retry-errors sends them again",
          Style::warning}});
  }

  if (is_finished(b)) return;
  if (rows > 0) {
    said += orphaned ? "; to send them: " + recover : "; they are being sent";
  } else if (unreadable > 0) {
    said += "; " + counted(unreadable, "journal", "journals") + " cannot be sent, see below";
  } else if (orphaned) {
    said += "; " + recover + " clears it away";
  }
  table.add({"  rows", said});
}

void print_block(const BufferView& b, std::ostream& out, bool colours) {
  const bool orphaned = hands_of(b.listed) == Hands::nobody && !is_finished(b);
  out << '\n'
      << styled(Style::bold, safe_line(b.listed.id), colours) << "  "
      << styled(orphaned ? Style::warning : Style::good, safe_line(whose(b)), colours) << '\n';

  Table table;
  const std::string state = text_field(b.fields, "destination_state");
  const std::string destination = text_field(b.fields, "destination");
  if (!destination.empty()) {
    const std::string since = time_field(b.fields, "destination_since_at");
    const std::string said = b.answers ? ", " + state + (since.empty() ? "" : " since " + since) : "";
    table.add({"  destination", {destination + said, b.answers ? style_of(state) : Style::plain}});
  }
  if (const std::string server = text_field(b.fields, "destination_server"); !server.empty())
    table.add({"  server", server});

  if (b.answers) add_live_rows(b.fields, table);
  if (hands_of(b.listed) != Hands::maker) add_left_rows(b, table);

  const std::string error = text_field(b.fields, "last_error");
  add_held_streams(b.fields, error, table);
  const std::string error_at = time_field(b.fields, "last_error_at");
  if (!error.empty())
    table.add({"  last error", {error + (error_at.empty() ? "" : " (" + error_at + ")"), Style::warning}});
  for (const Json& problem : b.fields.at("problems")) {
    table.add({"  problem", {problem.is_string() ? problem.get<std::string>() : "?", Style::warning}});
  }
  table.print(out, colours);
}

std::string headline(const std::filesystem::path& state_directory, const std::vector<BufferView>& buffers) {
  std::string line = "state directory " + safe_line(state_directory.string());
  std::error_code error;
  if (!std::filesystem::exists(state_directory, error)) line += ", which is not there";
  if (buffers.empty()) return line + ": no buffers";

  const auto orphaned = std::count_if(buffers.begin(), buffers.end(), [](const BufferView& b) {
    return hands_of(b.listed) == Hands::nobody && !is_finished(b);
  });
  const auto finished = std::count_if(buffers.begin(), buffers.end(), is_finished);
  return line + ": " + std::to_string(static_cast<std::ptrdiff_t>(buffers.size()) - orphaned - finished) + " live, " +
         std::to_string(orphaned) + " orphaned" +
         (finished > 0 ? ", " + std::to_string(finished) + " finished with rows in quarantine" : "");
}

}  // namespace

std::string status_json(const std::filesystem::path& state_directory, const std::vector<BufferView>& buffers) {
  Json all = {{"state_directory", state_directory.string()}, {"buffers", Json::array()}};
  for (const BufferView& b : buffers) all["buffers"].push_back(b.fields);
  all["finished"] = finished_json(state_directory);
  return printable_json(control::to_text(all));
}

void print_status(const std::filesystem::path& state_directory, const std::vector<BufferView>& buffers,
                  std::ostream& out, bool colours) {
  out << headline(state_directory, buffers) << '\n';
  for (const BufferView& b : buffers) print_block(b, out, colours);
  print_finished(state_directory, out);
}

void print_status_lines(const std::filesystem::path& state_directory, const std::vector<BufferView>& buffers,
                        std::ostream& out) {
  const std::string now = rfc3339_local(std::chrono::system_clock::now()) + "  ";
  if (buffers.empty()) out << now << headline(state_directory, buffers) << '\n';
  for (const BufferView& b : buffers) {
    out << now << safe_line(b.listed.id + "  " + whose(b));
    if (b.answers)
      out << "  " << safe_line(rows_of_live(b.fields) + ", destination " + text_field(b.fields, "destination_state"));
    else if (const auto left = number_field(b.fields, "pending"))
      out << "  " << human_count(*left) << " pending";
    for (const Json& problem : b.fields.at("problems")) {
      if (problem.is_string()) out << "; " << safe_line(problem.get<std::string>());
    }
    out << '\n';
  }
}

}  // namespace forebay::cli
