#include <atomic>
#include <filesystem>
#include <iostream>

#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/buffer_view.hpp"
#include "cli/command.hpp"
#include "cli/destination.hpp"
#include "cli/interrupt.hpp"
#include "cli/json_output.hpp"
#include "cli/known_streams.hpp"
#include "cli/logging.hpp"
#include "control/status_json.hpp"
#include "forebay/recover.hpp"
#include "quarantine/aside.hpp"
#include "quarantine/view.hpp"
#include "sqlite/process.hpp"

namespace forebay::cli {
namespace {

using control::Json;
using control::Outcome;

struct RetryArguments {
  std::string to;
  std::string stream;
  std::string buffer;
  std::string host;
  bool json = false;
};

constexpr std::chrono::seconds kLiveTimeout{300};

/// Of all buffers together.
struct Sum {
  RetryResult rows;                     // that were in quarantine
  Counts journaled;                     // rows that ended processes left in journals, which go along
  std::string why_unsent;               // "destination is down", where that is known
  std::vector<std::string> problems{};  // a line each: buffers that were not reached
  bool interrupted = false;
};

bool has_quarantine(const ListedBuffer& buffer, const std::string& stream) {
  try {
    const auto counts = count_quarantined(buffer.path, {});
    return stream.empty() ? !counts.empty() : counts.contains(stream);
  } catch (const Error&) {
    return true;  // whoever takes it tells what is wrong
  }
}

void ask_live(const ListedBuffer& buffer, const RetryArguments& a, const std::atomic<bool>& interrupted, Sum& sum) {
  control::Request request;
  request.command = control::Command::retry_errors;
  request.timeout = kLiveTimeout;
  request.stream = a.stream;
  control::AskOptions options;
  options.silence_max = kWorkSilenceMax;
  options.give_up = [&interrupted] { return interrupted.load(); };
  const control::Answer answer = ask_maker_patiently(buffer, request, options);

  if (answer.outcome != Outcome::answered) {
    const std::string why = answer.outcome == Outcome::absent
                                ? "process " + pid_text(buffer.holder) + " has no control socket"
                                : answer.why;
    sum.problems.push_back("buffer " + buffer.id + ": its rows in quarantine were not sent again: " + why);
    return;
  }

  const auto number = [&](const char* field) { return answer.result.value(field, std::uint64_t{0}); };
  sum.rows.retried += number("accepted");
  sum.rows.synced += number("synced");
  sum.rows.superseded += number("superseded");
  sum.rows.refused += number("quarantined");
  sum.rows.unsettled += number("pending");
  sum.rows.unreadable += number("unreadable_rows");
  if (sum.rows.last_error.empty()) sum.rows.last_error = answer.result.value("last_error", "");
}

/// Takes the folders of ended processes over, as `recover` does.
void retry_orphans(const RetryArguments& a, const Settings& settings, const std::atomic<bool>& interrupted, Sum& sum) {
  RecoverOptions what;
  what.options = settings.to_options();
  what.options.state_directory = settings.state_directory();
  what.options.log = log_callback();
  what.any_destination = !a.to.empty();
  what.host = a.host;
  what.buffer = a.buffer;
  what.retry_quarantined = true;
  what.retry_stream = a.stream;

  what.give_up = [&interrupted] { return interrupted.load(); };
  const RecoverResult result = recover(what);

  const SyncStatus& status = result.status;
  const Counts& all = status.recovered;
  const Counts& retried = status.recovered_retries;
  sum.rows.retried += retried.accepted;
  sum.rows.synced += retried.synced;
  sum.rows.superseded += retried.superseded;
  sum.rows.refused += retried.quarantined;
  sum.rows.unsettled += retried.pending;
  sum.journaled.accepted = all.accepted - retried.accepted;
  sum.journaled.synced = all.synced - retried.synced;
  sum.journaled.superseded = all.superseded - retried.superseded;
  sum.journaled.quarantined = all.quarantined - retried.quarantined - retried.pending;
  sum.journaled.pending = all.pending;
  sum.journaled.lost = all.lost;
  if (all.pending + retried.pending > 0) {
    if (status.destination_state != DestinationState::ok && status.destination_state != DestinationState::unknown)
      sum.why_unsent = "destination is " + std::string(to_string(status.destination_state));
    if (sum.rows.last_error.empty()) sum.rows.last_error = result.sync.last_error;
  }

  if (sum.rows.last_error.empty()) sum.rows.last_error = status.last_error;
  if (std::string lost = control::lost_rows_line(status.missing_rows); !lost.empty())
    sum.problems.push_back(std::move(lost));
  const std::uint64_t left = status.buffers_unreadable + status.buffers_in_doubt + status.buffers_of_other_hosts;
  if (left > 0)
    sum.problems.push_back(counted(left, "buffer was left as it is", "buffers were left as they are") + " (see above)");
}

/// One Interrupt for all of it: a signal between two buffers ends the command as one in the midst of a buffer does.
Sum send_again(const std::vector<ListedBuffer>& buffers, const RetryArguments& a, const Settings& settings) {
  std::atomic<bool> own_batches{false};  // those of live processes go on without this one
  const Interrupt interrupt(
      [&] {
        if (own_batches) log_line(LogLevel::warning, "interrupted: giving up the batches under way");
      },
      [] { report_failure("interrupted twice: what has not landed stays in quarantine"); });

  Sum sum;
  bool orphans = false;
  for (const ListedBuffer& buffer : buffers) {
    if (!has_quarantine(buffer, a.stream)) continue;
    switch (hands_of(buffer)) {
      case Hands::maker:
        ask_live(buffer, a, interrupt.requested(), sum);
        break;
      case Hands::adopter:
        sum.problems.push_back("buffer " + buffer.id + " is in the hands of process " + pid_text(buffer.holder) +
                               "; try again when that has ended");
        break;
      case Hands::nobody:
        orphans = true;
        break;
    }
  }

  if (orphans && !interrupt.requested()) {
    own_batches = true;
    retry_orphans(a, settings, interrupt.requested(), sum);
  }
  sum.interrupted = interrupt.requested();
  return sum;
}

/// How many rows are in quarantine now; buffers that cannot be counted become problems.
std::uint64_t count_still_there(const std::vector<ListedBuffer>& buffers, const RetryArguments& a, Sum& sum) {
  std::uint64_t still = 0;
  for (const ListedBuffer& buffer : buffers) {
    if (std::string problem = set_aside_problem(buffer.path); !problem.empty()) {
      sum.problems.push_back(std::move(problem));
    }
    try {
      for (const auto& [stream, rows] : count_quarantined(buffer.path, segments_in_doubt(buffer.path))) {
        if (a.stream.empty() || stream == a.stream) still += rows;
      }
    } catch (const Error& e) {
      // What nobody has was taken over before, and told then.
      if (hands_of(buffer) != Hands::nobody) sum.problems.push_back("buffer " + buffer.id + ": " + e.what());
    }
  }
  return still;
}

/// "1 row: 1 synced, 0 superseded"
std::string delivered(std::uint64_t rows, std::uint64_t synced, std::uint64_t superseded) {
  return counted(rows, "row", "rows") + ": " + human_count(synced) + " synced, " + human_count(superseded) +
         " superseded";
}

void print(const RetryArguments& a, const std::filesystem::path& state, const Sum& sum, std::uint64_t still) {
  const RetryResult& r = sum.rows;
  if (a.json) {
    const Json j = {{"state_directory", state.string()},
                    {"retried", control::counts_json(control::counts_of(r))},
                    {"journaled", control::counts_json(sum.journaled)},
                    {"quarantined", still},
                    {"unreadable_rows", r.unreadable},
                    {"last_error", r.last_error},
                    {"problems", sum.problems}};
    std::cout << control::to_text(j) << '\n';
    return;
  }

  const std::uint64_t sent = r.retried - r.unsettled;
  if (sent == 0) {
    std::cout << "nothing was sent again from " << safe_line(state.string());
  } else {
    std::cout << "sent again " << delivered(sent, r.synced, r.superseded) << ", " << human_count(r.refused)
              << " quarantined again";
  }
  if (r.unsettled > 0) {
    std::cout << "; " << counted(r.unsettled, "row is", "rows are") << " pending"
              << (sum.why_unsent.empty() ? "" : ": " + sum.why_unsent);
  }
  std::cout << '\n';

  const Counts& j = sum.journaled;
  if (j.accepted == 0) return;
  std::cout << "besides, of what was in journals, "
            << delivered(j.accepted - j.pending - j.lost, j.synced, j.superseded);
  if (j.quarantined > 0) std::cout << ", " << human_count(j.quarantined) << " quarantined";
  if (j.lost > 0) std::cout << ", " << human_count(j.lost) << " lost";
  if (j.pending > 0) std::cout << "; " << human_count(j.pending) << " pending";
  std::cout << '\n';
}

int run_retry_errors(const RetryArguments& a, CommandContext& context) {
  sqlite_memory_statistics_off();
  std::vector<GivenOption> given;
  if (!a.to.empty()) given.push_back({"DATABASE_URL", "--to", a.to});
  const Settings settings = context.start_to_send(std::move(given));
  const std::filesystem::path state = settings.state_directory();
  const std::vector<ListedBuffer> buffers = choose_buffers(state, a.buffer);
  check_host(state, a.host);
  check_stream(state, a.stream);

  Sum sum = send_again(buffers, a, settings);
  const std::uint64_t still = count_still_there(buffers, a, sum);
  print(a, state, sum, still);
  for (const std::string& problem : sum.problems) report_failure(problem);
  if (sum.interrupted) return kInterrupted;

  const std::uint64_t unsettled = sum.rows.unsettled + sum.journaled.pending;
  if (unsettled > 0) {
    report_failure(counted(unsettled, "row is", "rows are") + " not at the destination yet" +
                   (sum.rows.last_error.empty() ? "" : ": " + sum.rows.last_error) +
                   "; nothing is lost; forebay retry-errors continues with them");
    return kRowsRemain;
  }
  if (!sum.problems.empty() || sum.rows.unreadable > 0) return kLocalFailure;
  if (still == 0) return kDone;
  report_failure(counted(still, "row is", "rows are") + " still in quarantine; forebay errors shows why");
  return kDoneWithLosses;
}

void add_retry_errors_command(CommandSyntax& app) {
  CommandSyntax c = app.subcommand("retry-errors", "Send quarantined rows again, after the cause was fixed");
  auto a = std::make_shared<RetryArguments>();
  c.option("--stream", a->stream, "Only rows of this stream").shown_as("NAME");
  c.option("--buffer", a->buffer, "Only this one (`forebay errors` shows their IDs)").shown_as("ID");
  add_host_option(c, a->host);
  add_destination_option(c, a->to, "Send what ended processes left here, whatever destination it was meant for");
  c.flag("--json", a->json, "Print one JSON object");

  c.examples({"forebay retry-errors", "forebay retry-errors --stream backup_files"});
  c.exit_statuses(
      "0 all are at the destination · 1 some were refused again · 2 wrong usage · 3 rows remain · 4 local failure · "
      "130 interrupted");
  c.action([a](CommandContext& context) { return run_retry_errors(*a, context); });
}

const CommandRegistration kRetryErrors(18, add_retry_errors_command);

}  // namespace
}  // namespace forebay::cli
