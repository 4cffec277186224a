// Faults 2, 3, 15 and 16: strace kills at the Nth call, or makes it fail, N counting up until a run is not touched.

#include "crash/strace.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "buffer/segment.hpp"
#include "crash/test_site.hpp"

namespace forebay::crash {
namespace {

bool can_trace() {
  if (strace_works()) return true;
  WARN("skipped: strace is not installed, or tracing is not permitted");
  return false;
}

constexpr int kCallsMax = 200;

/// Few rows, and yet all steps: several segments, hot keys, an orderly end.
ProduceOptions small_run(const std::string& level, std::uint64_t process) {
  ProduceOptions o;
  o.level = level;
  o.process = process;
  o.threads = 1;
  o.connections = 1;
  o.rows_max = 40;
  o.batch_rows = 10;
  o.interval_ms = 1000;
  o.commit_every = 5;
  o.pause_us = 0;
  o.hot_keys = 5;
  o.then = "stop";
  return o;
}

/// Kills a process at its first, second, … call of each kind, until one comes to its end; recovers and judges each
/// time.
void kill_at_each_call(Site& site, const std::vector<std::string>& calls,
                       const std::function<Site::Running(Site&)>& start) {
  for (const std::string& call : calls) {
    int n = 1;
    for (; n < kCallsMax; ++n) {
      CAPTURE(call, n);
      site.begin();
      // An orphan is there already: it must come through as well.
      ProduceOptions first = small_run("process", 1);
      first.die_at = "before the rows are sent";
      first.die_pass = 2;
      Site::Running orphan = site.start_producer(first);
      site.kill_at(orphan, {});
      site.run_under(under_strace(call, "signal=KILL", std::to_string(n)));
      Site::Running traced = start(site);
      site.run_under({});
      REQUIRE(traced.child.wait(std::chrono::seconds(60)));
      site.bury(traced);
      CHECK(lines(recover_and_judge(site).violations) == "");
      if (traced.child.status() != 128 + SIGKILL) {
        CAPTURE(traced.child.err());
        CHECK(traced.child.status() == 0);
        break;
      }
    }
    CHECK(n > 1);
    CHECK(n < kCallsMax);
  }
}

const std::string kWrites = "write,pwrite64,ftruncate";
const std::string kNames = "rename,unlink,rmdir,unlinkat";
const std::string kFlushes = "fsync,fdatasync";

TEST_CASE("a producer that is killed at its Nth write, rename or removal loses nothing, for every N",
          "[crash][long][threads]") {
  if (!can_trace()) return;
  TestSite site("sqlite");
  kill_at_each_call(*site, {kWrites, kNames}, [](Site& s) { return s.start_producer(small_run("process", 2)); });
}

TEST_CASE("a producer at level power that is killed at its Nth flush loses nothing, for every N", "[crash][threads]") {
  if (!can_trace()) return;
  TestSite site("sqlite");
  kill_at_each_call(*site, {kFlushes}, [](Site& s) { return s.start_producer(small_run("power", 2)); });
}

TEST_CASE("a recovery that is killed at its Nth write, flush, rename or removal loses nothing, for every N",
          "[crash][long][threads]") {
  if (!can_trace()) return;
  TestSite site("sqlite");
  kill_at_each_call(*site, {kWrites, kNames, kFlushes}, [](Site& s) { return s.start_recovery(); });
}

/// The journals that a buffer's folder may come to hold.
std::vector<std::filesystem::path> journals_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (std::uint64_t segment = 1; segment <= 40; ++segment) {
    for (const int replacement : {0, 1, 2, 3, 1000, 1001, 1002}) {
      files.push_back(folder / journal_name(segment, replacement));
    }
  }
  return files;
}

struct Failed {
  std::uint64_t acknowledged = 0;
  std::string error;  // that add() or commit() threw last
  std::uint64_t replaced = 0;
};

/// A producer whose journals fail at call number `when`, and whose rows stay away from the destination; when it has
/// added all it can, it is killed. What it had acknowledged must be there.
Failed fail_and_kill(Site& site, const std::string& level, const std::string& call, const std::string& error,
                     const std::string& when) {
  site.begin();
  ProduceOptions options = small_run(level, 1);
  options.delay_us = 60'000'000;
  options.then = "hold";
  options.wait_for_tracer = true;
  Site::Running running = site.start_producer(options);
  const LogHeader& log = running.log.header();
  while (log.buffer_folder[0] == '\0' && !running.child.ended()) std::this_thread::yield();
  Child strace(
      "strace",
      [&] {
        auto line =
            attach_strace(running.child.pid(), call, "error=" + error, when, journals_of(log.buffer_folder.data()));
        line.erase(line.begin());
        return line;
      }(),
      site.folder() / "process-strace");
  while (log.stage.load() != Stage::done && !running.child.ended()) std::this_thread::yield();
  Failed failed;
  failed.error = log.error.data();
  for (std::size_t i = 0; i < kCrashPoints.size(); ++i) {
    if (kCrashPoints[i].reached == Reached::after_a_fault) failed.replaced += log.passes[i].load();
  }
  failed.acknowledged = site.kill_at(running, {.acknowledged_rows = 1}).acknowledged;
  strace.wait(std::chrono::seconds(30));
  return failed;
}

void fail_at_each_call(const std::string& level, const std::string& call, const std::string& error) {
  if (!can_trace()) return;
  TestSite site("sqlite");
  std::uint64_t replaced = 0;
  int n = 1;
  for (; n < kCallsMax; ++n) {
    CAPTURE(level, call, error, n);
    const Failed once = fail_and_kill(*site, level, call, error, std::to_string(n));
    CHECK(lines(recover_and_judge(*site).violations) == "");
    CHECK(once.acknowledged > 0);
    if (once.replaced == 0) break;
    replaced += once.replaced;
  }
  CHECK(n < kCallsMax);
  CHECK(replaced > 0);
  // From the third call on none works: the rows go on from memory, but nobody is told that they are safe.
  const Failed ever = fail_and_kill(*site, level, call, error, "3+");
  // The kill then takes what only memory held, and batches land in any order: what is left of rows that nobody was told
  // are safe need not be a prefix (O5). And a segment may have landed whole of which its journal holds a part: who
  // adopts that part counts it alone, the judge all of it (O9).
  std::vector<std::string> violations = recover_and_judge(*site).violations;
  std::erase_if(violations, [](const std::string& v) { return v.starts_with("O5") || v.starts_with("O9"); });
  CHECK(lines(violations) == "");
  CHECK(ever.error != "");
}

TEST_CASE("a producer whose Nth journal write fails goes on with another file, and loses nothing it acknowledges",
          "[crash][threads]") {
  const std::string error = GENERATE("EIO", "ENOSPC");
  fail_at_each_call("process", "write", error);
}

TEST_CASE("a producer whose Nth journal flush fails goes on with another file, and loses nothing it acknowledges",
          "[crash][threads]") {
  fail_at_each_call("power", "fsync,fdatasync", "EIO");
}

}  // namespace
}  // namespace forebay::crash
