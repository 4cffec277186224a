#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "adoption/buffer_listing.hpp"
#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/buffer_view.hpp"
#include "cli/command.hpp"
#include "cli/destination.hpp"
#include "cli/interrupt.hpp"
#include "cli/json_output.hpp"
#include "cli/logging.hpp"
#include "cli/run_summary.hpp"
#include "control/status_json.hpp"
#include "forebay/recover.hpp"
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

nlohmann::ordered_json errors_json(const SyncStatus& status) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const SyncStatus::RecoveredError& e : status.recovered_errors) {
    all.push_back({{"buffer", e.buffer}, {"last_error", e.message}, {"last_error_at", rfc3339_utc(e.at_us)}});
  }
  return all;
}

nlohmann::ordered_json to_json(const RecoverResult& result) {
  const SyncStatus& status = result.status;
  nlohmann::ordered_json j = {{"destination", status.destination},
                              {"state_directory", status.state_directory},
                              {"outcome", to_string(result.outcome())}};
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

void print(const RecoverArguments& a, const RecoverResult& result, bool state_is_there) {
  const SyncStatus& status = result.status;
  const Counts& rows = status.recovered;
  if (a.json) {
    std::cout << json_text(to_json(result)) << '\n';
  } else if (!state_is_there) {
    std::cout << "nothing to recover: state directory " << safe_line(status.state_directory) << " is not there\n";
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
}

void check_buffer(const std::filesystem::path& state, const std::string& name) {
  if (name.empty()) return;
  std::error_code ignored;
  const bool is_name = name.front() != '.' && name.find('/') == std::string::npos;
  if (is_name && std::filesystem::exists(state / "buffers" / name, ignored)) return;
  throw Error(ErrorCode::usage, "--buffer: there is no buffer " + printable(name) + " in " + state.string() +
                                    "; forebay status lists them");
}

int run_recover(const RecoverArguments& a, CommandContext& context) {
  sqlite_memory_statistics_off();
  std::vector<GivenOption> given;
  if (!a.to.empty()) given.push_back({"DATABASE_URL", "--to", a.to});
  const Settings settings = context.start_to_send(std::move(given));

  RecoverOptions what;
  what.options = settings.to_options();
  what.options.state_directory = settings.state_directory();
  what.options.log = log_callback();
  what.any_destination = !a.to.empty();
  what.host = a.host;
  what.buffer = a.buffer;
  if (a.shift_versions_s) what.shift_versions = std::chrono::seconds(*a.shift_versions_s);

  const std::filesystem::path& state = what.options.state_directory;
  check_buffer(state, a.buffer);
  check_host(state, a.host);
  std::error_code ignored;
  const bool state_is_there = std::filesystem::exists(state, ignored);

  const Interrupt interrupt([] { log_line(LogLevel::warning, "interrupted: giving up the batches under way"); },
                            [] { report_failure("interrupted twice: what has not landed stays where it was"); });
  what.give_up = [&] { return interrupt.requested().load(); };
  const RecoverResult result = recover(what);
  print(a, result, state_is_there);

  const SyncStatus& status = result.status;
  const std::string remaining = remaining_line(status, result.sync, !a.to.empty(), /*recovering=*/true);
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

  if (result.sync.pending_rows + status.buffers_in_doubt + status.buffers_of_other_hosts > 0) return kRowsRemain;
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
