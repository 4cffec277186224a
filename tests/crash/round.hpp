#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crash/child.hpp"
#include "crash/destination_view.hpp"
#include "crash/judge.hpp"
#include "crash/plan.hpp"
#include "crash/shared_log.hpp"

namespace forebay::crash {

/// One kill, and what it hit. It counts when acknowledged rows were not yet at the destination.
struct Kill {
  Phase phase = Phase::idle;
  bool recovering = false;
  std::string point;               // where it ended itself; empty: killed from outside
  std::uint64_t acknowledged = 0;  // rows, so far in the round
  std::uint64_t at_risk = 0;       // of those: not yet at the destination
};

struct RoundResult {
  std::vector<Kill> kills;
  Verdict verdict;
  std::string story;  // for a round that failed: the plan, and what its processes said
};

/// A place for rounds: a folder for state and logs, and a destination. One round at a time.
class Site {
 public:
  /// `program` is forebay_crash.
  Site(std::string program, std::filesystem::path folder, std::unique_ptr<DestinationView> view);

  RoundResult run(const RoundPlan& plan);

  // --- The parts of a round, for those that are put together otherwise
  struct Running {
    Child child;
    SharedLog log;
    int number = 0;
    bool recovering = false;
  };
  /// An empty destination and state directory, nothing attempted.
  void begin();
  Running start_producer(ProduceOptions options);
  Running start_recovery(ProcessOptions options = {});
  /// As start_…, under another program (strace), with its arguments.
  void run_under(std::vector<std::string> wrapper) { wrapper_ = std::move(wrapper); }
  /// Waits for the moment, kills, and looks at what was hit.
  Kill kill_at(Running& running, const KillMoment& moment);
  /// What a process that has died leaves: to be called once for each, in any order.
  Kill bury(Running& running);
  /// Waits for its end, and takes its report.
  void finish(Running& running);
  /// Reads what lies in the state directory: what the next process is going to adopt.
  void look_at_what_is_left();
  Verdict judge_round();

  DestinationView& view() { return *view_; }
  std::filesystem::path state() const { return folder_ / "state"; }
  const std::filesystem::path& folder() const { return folder_; }
  Evidence& evidence() { return evidence_; }
  /// What the processes of the round wrote to stderr, as far as they have ended.
  const std::string& said() const { return said_; }

 private:
  void prepare(ProcessOptions& options);
  Running start(std::vector<std::string> arguments, const ProcessOptions& options, std::uint64_t attempts_max);

  std::string program_;
  std::filesystem::path folder_;
  std::unique_ptr<DestinationView> view_;
  std::vector<std::string> wrapper_;
  std::string level_;
  int processes_ = 0;
  Evidence evidence_;
  std::string said_;
};

}  // namespace forebay::crash
