#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "adoption/buffer_listing.hpp"
#include "base/escape.hpp"
#include "base/human.hpp"
#include "base/safe_line.hpp"
#include "cli/buffer_view.hpp"
#include "cli/command.hpp"
#include "cli/destination.hpp"
#include "cli/interrupt.hpp"
#include "cli/json_output.hpp"
#include "cli/logging.hpp"
#include "cli/run_summary.hpp"
#include "control/status_json.hpp"
#include "engine/destination.hpp"
#include "forebay/buffer.hpp"
#include "sqlite/process.hpp"

namespace forebay::cli {
namespace {

struct RecoverArguments {
  std::string to;
  std::optional<std::int64_t> shift_versions_s;
  std::string buffer;
  std::string host;
  bool json = false;
};

SyncOutcome outcome_of_all(const SyncStatus& status) {
  const std::uint64_t left = status.recovered.pending + status.buffers_in_doubt + status.buffers_of_other_hosts;
  return outcome_of(left == 0, quarantined_rows(status) + status.quarantined_left + status.missing_rows);
}

nlohmann::ordered_json errors_json(const SyncStatus& status) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const SyncStatus::RecoveredError& e : status.recovered_errors) {
    all.push_back({{"buffer", e.buffer}, {"last_error", e.message}, {"last_error_at", rfc3339_utc(e.at_us)}});
  }
  return all;
}

nlohmann::ordered_json to_json(const SyncStatus& status) {
  nlohmann::ordered_json j = {{"destination", status.destination},
                              {"state_directory", status.state_directory},
                              {"outcome", to_string(outcome_of_all(status))}};
  j.update(control::counts_json(status.recovered));
  j.update({{"lost_failover", status.missing_rows},
            {"quarantined_before", status.quarantined_before + status.quarantined_left},
            {"damaged_journals", status.damaged_journals},
            {"damaged_checkpoints", status.damaged_checkpoints},
            {"buffers_in_use", status.buffers_in_use},
            {"buffers_in_doubt", status.buffers_in_doubt},
            {"buffers_unreadable", status.buffers_unreadable},
            {"buffers_of_other_hosts", status.buffers_of_other_hosts},
            {"last_errors_before", errors_json(status)},
            {"last_error", status.last_error}});
  return j;
}

void print_json(const SyncStatus& status) { std::cout << json_text(to_json(status)) << '\n'; }

/// A state directory that is not there, perhaps for a slip in its name, is not made for this.
int nothing_there(const RecoverArguments& a, const Options& options) {
  SyncStatus status;
  status.state_directory = options.state_directory.string();
  const DestinationUrl url = choose_destination(options.destination, options.state_directory).url;
  status.destination = make_destination(url, destination_options(options))->description();
  if (a.json) {
    print_json(status);
  } else {
    std::cout << "nothing to recover: state directory " << safe_line(status.state_directory) << " is not there\n";
  }
  return kDone;
}

int run_recover(const RecoverArguments& a, CommandContext& context) {
  sqlite_memory_statistics_off();
  std::vector<GivenOption> given;
  if (!a.to.empty()) given.push_back({"DATABASE_URL", "--to", a.to});
  const Settings settings = context.start_to_send(std::move(given));
  Options options = settings.to_options();
  options.state_directory = settings.state_directory();
  options.buffered = true;
  options.recover = true;
  options.only_recover = true;
  options.recover_any_destination = !a.to.empty();
  std::error_code ignored;
  if (!a.buffer.empty() && (a.buffer.front() == '.' || a.buffer.find('/') != std::string::npos ||
                            !std::filesystem::exists(options.state_directory / "buffers" / a.buffer, ignored))) {
    throw Error(ErrorCode::usage, "--buffer: there is no buffer " + printable(a.buffer) + " in " +
                                      options.state_directory.string() + "; forebay status lists them");
  }
  options.recover_buffer = a.buffer;
  options.recover_host = a.host;
  check_host(options.state_directory, a.host);
  if (!std::filesystem::exists(options.state_directory, ignored)) {
    return nothing_there(a, options);
  }
  if (a.shift_versions_s) options.recover_shift = std::chrono::seconds(*a.shift_versions_s);
  options.log = log_callback();

  Buffer buffer(options);
  const Interrupt interrupt([] { log_line(LogLevel::warning, "interrupted: giving up the batches under way"); },
                            [] { report_failure("interrupted twice: what has not landed stays where it was"); });
  const SyncResult result = buffer.stop(options.drain_timeout, [&] { return interrupt.requested().load(); });
  const SyncStatus status = buffer.get_sync_status();
  const Counts& rows = status.recovered;
  if (a.json) {
    print_json(status);
  } else if (rows.accepted == 0) {
    const bool left = status.buffers_in_doubt + status.buffers_unreadable + status.buffers_of_other_hosts > 0;
    std::cout << (left ? "nothing was recovered from " : "nothing to recover in ") << safe_line(status.state_directory)
              << " for " << safe_line(status.destination);
    if (status.buffers_in_use > 0) {
      std::cout << "; " << counted(status.buffers_in_use, "buffer", "buffers")
                << (status.buffers_in_use == 1 ? " there is in the hands of a process that lives"
                                               : " there are in the hands of processes that live");
    }
    std::cout << '\n';
  } else {
    std::cout << "recovered " << human_count(rows.accepted - rows.pending - rows.lost) << " of "
              << human_count(rows.accepted) << " rows into " << safe_line(status.destination) << ": "
              << human_count(rows.synced) << " synced, " << human_count(rows.superseded) << " superseded";
    if (rows.quarantined > 0) std::cout << ", " << human_count(rows.quarantined) << " quarantined";
    if (rows.lost > 0) std::cout << ", " << human_count(rows.lost) << " lost";
    std::cout << '\n';
  }
  const std::string remaining = remaining_line(status, result, !a.to.empty(), /*recovering=*/true);
  if (!remaining.empty()) report_failure(remaining);
  if (const std::string lost = control::lost_rows_line(status.missing_rows); !lost.empty()) report_failure(lost);
  if (interrupt.requested()) return kInterrupted;
  if (status.buffers_in_doubt > 0) {
    report_failure("rows remain in " + counted(status.buffers_in_doubt, "buffer", "buffers") + " in " +
                   status.state_directory +
                   ": the clock was wrong when they were accepted (--shift-versions, see above)");
  }
  if (const std::string left = left_of_other_hosts_line(status); !left.empty()) report_failure(left);
  if (status.buffers_unreadable > 0) {
    report_failure(counted(status.buffers_unreadable, "buffer", "buffers") + " in " + status.state_directory +
                   (status.buffers_unreadable == 1 ? " holds" : " hold") +
                   " what cannot be read or was set aside (see above)");
  }
  if (status.damaged_journals > 0) {
    const bool one = status.damaged_journals == 1;
    report_failure(std::to_string(status.damaged_journals) + (one ? " journal was" : " journals were") +
                   " damaged (see above); " + (one ? "it is" : "they are") + " kept as *.damaged in " +
                   status.state_directory);
  }
  if (result.pending_rows + status.buffers_in_doubt + status.buffers_of_other_hosts > 0) return kRowsRemain;
  if (status.damaged_journals + status.damaged_checkpoints + status.buffers_unreadable + status.missing_rows > 0)
    return kLocalFailure;
  const std::uint64_t quarantined = quarantined_rows(status) + status.quarantined_left;
  if (quarantined == 0) return kDone;
  report_failure(counted(quarantined, "row is", "rows are") +
                 " in quarantine: forebay errors shows why, forebay retry-errors sends them again");
  return kDoneWithLosses;
}

void add_recover_command(CommandSyntax& app) {
  CommandSyntax c = app.subcommand("recover", "Send what earlier runs left in the state directory");
  auto a = std::make_shared<RecoverArguments>();
  add_destination_option(c, a->to, "Send it here, whatever destination it was meant for");
  c.option("--shift-versions", a->shift_versions_s,
           "Move the versions of what is adopted by so much: for rows accepted while the clock was wrong (a clock that "
           "was ahead: below 0)")
      .shown_as("SECONDS");
  c.option("--buffer", a->buffer, "Only the buffer of this name").shown_as("ID");
  add_host_option(c, a->host);
  c.flag("--json", a->json, "Print one JSON object");
  c.examples({"forebay recover", "forebay recover --to postgresql://backup@other-host/catalog",
              "forebay recover --shift-versions -3600"});
  c.exit_statuses(
      "0 nothing is left, or all is at the destination · 1 rows are in quarantine · 2 wrong usage · 3 rows remain · 4 "
      "damage, lost rows, or a local failure · 130 interrupted");
  c.action([a](CommandContext& context) { return run_recover(*a, context); });
}

const CommandRegistration kRecover(20, add_recover_command);

}  // namespace
}  // namespace forebay::cli
