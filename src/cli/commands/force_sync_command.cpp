#include <atomic>
#include <future>
#include <iostream>
#include <mutex>

#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/buffer_view.hpp"
#include "cli/command.hpp"
#include "cli/interrupt.hpp"
#include "cli/logging.hpp"
#include "control/status_json.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

using control::Json;
using control::Outcome;
using std::chrono::steady_clock;

struct ForceSyncArguments {
  std::string timeout = "300";
  std::string buffer;
  bool json = false;
};

constexpr std::chrono::seconds kProgressInterval{5};
constexpr std::chrono::hours kTimeoutMax{7 * 24};

/// What force-sync came to for one buffer.
struct Settling {
  ListedBuffer buffer;
  bool settled = false;
  std::uint64_t pending_rows = 0;  // that are known of
  std::uint64_t quarantined_rows = 0;
  std::uint64_t lost_rows = 0;  // in a failover
  std::string reason{};         // why not; empty when settled
  bool finished = false;        // nobody's, and nothing but rows in quarantine is left

  SyncOutcome outcome() const { return outcome_of(settled, quarantined_rows + lost_rows); }
};

/// How much is left, now and then, of all together.
class SyncProgress {
 public:
  void left(std::size_t buffer, std::uint64_t rows) {
    const std::lock_guard lock(mutex_);
    left_[buffer] = rows;
    if (steady_clock::now() - told_at_ < kProgressInterval) return;
    told_at_ = steady_clock::now();
    std::uint64_t all = 0;
    for (const auto& [which, n] : left_) all += n;
    log_line(LogLevel::info, "force-sync: " + human_count(all) + " rows are pending");
  }

 private:
  std::mutex mutex_;
  std::map<std::size_t, std::uint64_t> left_;
  steady_clock::time_point told_at_ = steady_clock::now();
};

/// Of what a dead process left: force-sync cannot send it, but may see that nothing is left.
void judge_left(Settling& s) {
  const auto now = list_buffer(s.buffer.path);
  if (!now) {
    s.settled = true;
    return;
  }

  s.buffer = *now;
  const LeftRows left = read_left_rows(*now);
  s.pending_rows = left.all();
  for (const auto& [stream, rows] : left.quarantined) s.quarantined_rows += rows;
  s.settled = left.nothing() && !left.quarantine_of_another;
  s.finished = s.settled && left.only_quarantined() && hands_of(*now) == Hands::nobody;

  if (s.settled) return;
  if (s.pending_rows == 0) {
    s.reason = "its process has ended, and it holds files that cannot be sent; forebay status names them";
    return;
  }
  s.reason = hands_of(*now) == Hands::adopter
                 ? "its process has ended, and process " + pid_text(now->holder) + " is sending what it left"
                 : "its process has ended; to send what it left: " + recover_command(*now);
}

Settling settle(ListedBuffer buffer, std::chrono::milliseconds timeout, const control::AskOptions& options) {
  Settling s{std::move(buffer)};
  control::Request request;
  request.command = control::Command::force_sync;
  request.timeout = timeout;
  const control::Answer answer = ask_maker_patiently(s.buffer, request, options);

  if (answer.outcome == Outcome::answered) {
    s.settled = answer.result.value("settled", false);
    s.pending_rows = answer.result.value("pending", std::uint64_t{0});
    s.quarantined_rows = answer.result.value("quarantined", std::uint64_t{0});
    s.lost_rows = answer.result.value("lost_failover", std::uint64_t{0});
    s.reason = s.settled ? "" : answer.result.value("last_error", "");
    if (!s.settled && s.reason.empty()) s.reason = "the time was over";
    return s;
  }

  const auto now = list_buffer(s.buffer.path);
  if (now && hands_of(*now) == Hands::maker) {
    s.reason =
        answer.outcome == Outcome::absent ? "process " + pid_text(now->holder) + " has no control socket" : answer.why;
  } else {
    judge_left(s);  // it ended meanwhile
  }
  return s;
}

std::vector<Settling> settle_all(const std::vector<ListedBuffer>& buffers, std::chrono::seconds timeout,
                                 const std::atomic<bool>& interrupted) {
  SyncProgress progress;
  std::vector<std::future<Settling>> asked;
  for (const ListedBuffer& buffer : buffers) {
    if (hands_of(buffer) != Hands::maker) continue;
    control::AskOptions options;
    options.silence_max = std::min<std::chrono::milliseconds>(kWorkSilenceMax, timeout + std::chrono::seconds(3));
    options.give_up = [&interrupted] { return interrupted.load(); };
    options.on_progress = [&progress, which = asked.size()](std::uint64_t rows) { progress.left(which, rows); };
    asked.push_back(std::async(std::launch::async, settle, buffer, timeout, options));
  }

  std::vector<Settling> all;
  all.reserve(buffers.size());
  for (auto& a : asked) all.push_back(a.get());

  // Last: what an adopter with a socket has in hand has been sent by now.
  for (const ListedBuffer& buffer : buffers) {
    if (hands_of(buffer) == Hands::maker) continue;
    judge_left(all.emplace_back(Settling{buffer}));
  }
  return all;
}

void print_json(const std::filesystem::path& state, const std::vector<Settling>& all, SyncOutcome outcome) {
  Json j = {{"state_directory", state.string()},
            {"settled", outcome != SyncOutcome::unsettled},
            {"outcome", to_string(outcome)},
            {"buffers", Json::array()}};
  for (const Settling& s : all) {
    j["buffers"].push_back({{"buffer", s.buffer.id},
                            {"pid", s.buffer.holder > 0 ? Json(s.buffer.holder)
                                    : s.buffer.manifest ? Json(s.buffer.manifest->pid)
                                                        : Json(nullptr)},
                            {"state", s.finished                            ? "finished"
                                      : hands_of(s.buffer) == Hands::nobody ? "orphaned"
                                                                            : "live"},
                            {"settled", s.settled},
                            {"outcome", to_string(s.outcome())},
                            {"pending", s.pending_rows},
                            {"quarantined", s.quarantined_rows},
                            {"lost_failover", s.lost_rows},
                            {"reason", s.reason}});
  }
  std::cout << printable_json(control::to_text(j)) << '\n';
}

int run_force_sync(const ForceSyncArguments& a, CommandContext& context) {
  const std::chrono::seconds timeout = parse_seconds("--timeout", a.timeout, kTimeoutMax);
  const std::filesystem::path state = context.start().state_directory();
  const std::vector<ListedBuffer> buffers = choose_buffers(state, a.buffer);
  const Interrupt interrupt([] {}, [] {});
  const std::vector<Settling> all = settle_all(buffers, timeout, interrupt.requested());

  std::size_t settled = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t lost = 0;
  for (const Settling& s : all) {
    settled += s.settled ? 1 : 0;
    quarantined += s.quarantined_rows;
    lost += s.lost_rows;
  }
  const SyncOutcome outcome = outcome_of(settled == all.size(), quarantined + lost);
  if (a.json) {
    print_json(state, all, outcome);
  } else if (all.empty()) {
    std::cout << "state directory " << safe_line(state.string()) << ": no buffers\n";
  } else {
    std::cout << settled << " of " << all.size() << " buffers settled in " << safe_line(state.string()) << '\n';
  }

  for (const Settling& s : all) {
    if (s.settled) continue;
    report_failure(
        "buffer " + s.buffer.id + ": " +
        (s.pending_rows > 0 ? counted(s.pending_rows, "row is", "rows are") + " not at the destination: " : "") +
        s.reason);
  }
  if (interrupt.requested()) {
    report_failure("interrupted; running processes continue to send by themselves");
    return kInterrupted;
  }
  if (lost > 0) report_failure(control::lost_rows_line(lost));
  if (outcome == SyncOutcome::unsettled) return kRowsRemain;
  if (lost > 0) return kLocalFailure;
  if (quarantined == 0) return kDone;
  report_failure(counted(quarantined, "row is", "rows are") +
                 " in quarantine: forebay errors shows why, forebay retry-errors sends them again");
  return kDoneWithLosses;
}

void add_force_sync_command(CommandSyntax& app) {
  CommandSyntax c =
      app.subcommand("force-sync", "Have running processes send what they have accepted so far, and wait");
  auto a = std::make_shared<ForceSyncArguments>();
  c.option("--timeout", a->timeout, "Seconds to wait at most (default: 300)").shown_as("S");
  c.option("--buffer", a->buffer, "Only this one (`forebay status` shows their IDs)").shown_as("ID");
  c.flag("--json", a->json, "Print one JSON object");
  c.examples({"forebay force-sync", "forebay force-sync --timeout 30 --buffer 20260101T000000Z-4711-1f2e3d4c"});
  c.exit_statuses(
      "0 all is at the destination, or no process runs · 1 rows are in quarantine · 2 wrong usage · 3 rows remain · 4 "
      "rows were lost in a failover, or a local failure · 130 interrupted");
  c.action([a](CommandContext& context) { return run_force_sync(*a, context); });
}

const CommandRegistration kForceSync(16, add_force_sync_command);

}  // namespace
}  // namespace forebay::cli
