#include "crash/round.hpp"

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "crash/crash_rows.hpp"
#include "forebay/error.hpp"
#include "journal/reader.hpp"

namespace forebay::crash {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::seconds kEndOfProcess{60};
constexpr int kRowsRemain = 3;  // the highest exit status of a process that came to an orderly end

bool come(const KillMoment& moment, const SharedLog& log) {
  const bool by_rows = moment.acknowledged_rows > 0;
  const bool by_phase = moment.phase_passes > 0;
  if (!by_rows && !by_phase) return false;  // it ends itself
  if (moment.checkpoints > 0 && log.header().checkpoints.load() < moment.checkpoints) return false;
  return (by_rows && log.acknowledged_rows() >= moment.acknowledged_rows) ||
         (by_phase && log.passes(moment.phase) >= moment.phase_passes);
}

void read_journal(const fs::path& path, std::vector<LeftRow>& into) {
  JournalReader reader(path);
  const bool hot = reader.header().stream.name == hot_stream().name;
  RowSet rows(reader.header().stream.columns.size());
  while (reader.next(rows, 1000)) {
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto values = rows.values(i);
    into.push_back({hot, std::string(values[0].as_chars()), values[1].as_integer(), rows.row(i).version});
  }
}

Report report_from(const nlohmann::json& counts, const nlohmann::json& whole, const std::string& who) {
  const auto n = [&](const char* name) { return counts.at(name).get<std::uint64_t>(); };
  return {who,
          whole.at("settled").get<bool>(),
          n("accepted"),
          n("synced"),
          n("superseded"),
          n("pending"),
          n("quarantined"),
          whole.at("damaged_journals").get<std::uint64_t>(),
          n("lost")};
}

}  // namespace

Site::Site(std::string program, fs::path folder, std::unique_ptr<DestinationView> view)
    : program_(std::move(program)), folder_(std::move(folder)), view_(std::move(view)) {}

void Site::begin() {
  fs::remove_all(state());
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("process-")) fs::remove(entry.path());
  }
  view_->reset();
  evidence_ = {};
  evidence_.level = "process";
  said_.clear();
  processes_ = 0;
}

void Site::prepare(ProcessOptions& options) {
  ++processes_;
  options.state = state().string();
  options.destination = view_->url(processes_);
  options.log = (folder_ / ("process-" + std::to_string(processes_) + "-log")).string();
}

Site::Running Site::start(std::vector<std::string> arguments, const ProcessOptions& options,
                          std::uint64_t attempts_max) {
  SharedLog log = SharedLog::create(options.log, attempts_max);
  const bool recovering = arguments.front() == "recover";
  arguments.insert(arguments.begin(), program_);
  arguments.insert(arguments.begin(), wrapper_.begin(), wrapper_.end());
  const std::string program = arguments.front();
  arguments.erase(arguments.begin());
  return {Child(program, arguments, options.log + "-said"), std::move(log), processes_, recovering};
}

Site::Running Site::start_producer(ProduceOptions options) {
  prepare(options);
  evidence_.level = options.level;
  return start(to_arguments("produce", options), options, options.rows_max);
}

Site::Running Site::start_recovery(ProcessOptions options) {
  prepare(options);
  return start(to_arguments("recover", options), options, 0);
}

Kill Site::kill_at(Running& running, const KillMoment& moment) {
  const auto begin = steady_clock::now();
  while (!running.child.ended() && !come(moment, running.log)) {
    // What does not come while all rows are added, or at all, is not waited for long.
    const auto waited = steady_clock::now() - begin;
    const bool done = running.log.header().stage.load() == Stage::done;
    if (waited > (done ? moment.patience : std::chrono::milliseconds(kPatience))) break;
    std::this_thread::sleep_for(std::chrono::microseconds(30));
  }
  std::this_thread::sleep_for(std::chrono::microseconds(moment.later_us));
  running.child.kill_and_reap();
  Kill kill = bury(running);
  // Of threads in several phases, the one that was aimed at.
  if (moment.phase_passes > 0 && running.log.anyone_in(moment.phase)) kill.phase = moment.phase;
  return kill;
}

Kill Site::bury(Running& running) {
  const LogHeader& header = running.log.header();
  view_->wait_until_gone(running.number);
  for (WriterEvidence& w : evidence_of(running.log)) evidence_.writers.push_back(std::move(w));
  evidence_.unknown_points += header.unknown_points.load();
  said_ += running.child.err();
  Kill kill;
  kill.recovering = running.recovering;
  kill.phase = running.log.phase();
  if (header.died_at.load() >= 0) {
    const CrashPoint& point = kCrashPoints[static_cast<std::size_t>(header.died_at.load())];
    kill.phase = point.phase;
    kill.point = point.name;
  }
  for (const WriterEvidence& w : evidence_.writers) kill.acknowledged += w.acknowledged;
  kill.at_risk = at_risk(evidence_.level, evidence_.writers, view_->rows());
  return kill;
}

void Site::finish(Running& running) {
  if (!running.child.wait(kEndOfProcess)) {
    running.child.kill_and_reap();
    said_ += running.child.err();
    throw std::runtime_error("a process did not end within 60 s; it said: " + running.child.err());
  }
  bury(running);
  const std::string out = running.child.out();
  if (!nlohmann::json::accept(out) || running.child.status() > kRowsRemain) {
    throw std::runtime_error("a process ended with status " + std::to_string(running.child.status()) +
                             "; it said: " + running.child.err());
  }
  const auto whole = nlohmann::json::parse(out);
  evidence_.reports.push_back(report_from(whole.at("own"), whole, "the last process, of its own rows,"));
  evidence_.reports.push_back(report_from(whole.at("recovered"), whole, "the last process, of those it adopted,"));
}

void Site::look_at_what_is_left() {
  evidence_.left.clear();
  if (evidence_.level == "memory" || !fs::exists(state() / "buffers")) return;
  for (const auto& entry : fs::recursive_directory_iterator(state() / "buffers")) {
    if (entry.path().extension() != ".journal" || entry.path().parent_path().filename().string().starts_with(".")) {
      continue;
    }
    try {
      read_journal(entry.path(), evidence_.left);
    } catch (const Error&) {
      // One that ends within its header holds nothing.
    }
  }
}

Verdict Site::judge_round() {
  evidence_.destination = view_->look();
  evidence_.buffers_left = 0;
  if (fs::exists(state() / "buffers")) {
    for (const auto& entry : fs::directory_iterator(state() / "buffers")) {
      // One that never got its name is no buffer yet.
      if (!entry.path().filename().string().starts_with(".")) ++evidence_.buffers_left;
    }
  }
  return judge(evidence_);
}

RoundResult Site::run(const RoundPlan& plan) {
  RoundResult result;
  try {
    begin();
    evidence_.level = plan.level;
    for (std::size_t i = 0; i < plan.steps.size();) {
      std::vector<std::pair<Running, KillMoment>> together;
      do {
        const Step& step = plan.steps[i];
        together.emplace_back(step.recovering ? start_recovery(step.options) : start_producer(step.options),
                              step.moment);
        evidence_.level = plan.level;
      } while (++i < plan.steps.size() && plan.steps[i].beside);
      for (auto& [running, moment] : together) {
        result.kills.push_back(kill_at(running, moment));
        // A recovery that was done before its moment came has not been killed.
        if (running.child.status() != 128 + SIGKILL) result.kills.pop_back();
      }
    }
    look_at_what_is_left();
    if (plan.ends_with_producer) {
      ProduceOptions last;
      last.level = plan.level;
      last.process = plan.steps.size() + 1;
      last.rows_max = 50;
      last.then = "stop";
      Running running = start_producer(last);
      finish(running);
    } else {
      Running running = start_recovery();
      finish(running);
    }
    result.verdict = judge_round();
  } catch (const std::exception& e) {
    result.verdict.violations.push_back(std::string("harness: ") + e.what());
  }
  if (!result.verdict.violations.empty()) result.story = plan.describe() + "\n" + said_;
  return result;
}

}  // namespace forebay::crash
