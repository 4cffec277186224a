// The scheduler's workers: each takes segments from the store and brings them to the destination in batches.

#include <algorithm>
#include <cstdio>

#include "base/human.hpp"
#include "base/wall_clock.hpp"
#include "sync/drain.hpp"
#include "sync/refused_rows.hpp"
#include "sync/scheduler.hpp"

namespace forebay {

using std::chrono::steady_clock;

namespace {

constexpr const char* kWithoutQuarantine =
    "; there is no quarantine for it, so its batch waits (USE_MEMORY_DB=False, or the quarantine's file cannot be "
    "used)";

const char* noun(const Batch& batch, std::uint64_t rows) {
  return only_files(batch) ? (rows == 1 ? "file" : "files") : (rows == 1 ? "row" : "rows");
}

}  // namespace

void Scheduler::work(int) {
  const std::unique_ptr<Sink> sink = destination_->make_sink(streams_);
  while (!stopping_.load()) {
    if (!wait_for_turn()) return;
    const std::vector<SegmentPtr> segments = store_.take(steady_clock::now() + std::chrono::seconds(10));
    if (segments.empty()) {
      const std::lock_guard lock(mutex_);
      health_.pass();
      turn_.notify_one();
      continue;
    }
    const SteadyTime start = steady_clock::now();
    {
      const std::lock_guard lock(mutex_);
      ++state_.syncing;
      sending_since_.insert(start);
    }
    const std::optional<Failure> failure = send(*sink, segments);
    const std::chrono::duration<double> took = steady_clock::now() - start;
    SteadyTime not_before = steady_clock::now();
    const bool another_server = failure && failure->failure_class == FailureClass::another_server;
    if (another_server) {
      store_.give_back(segments, not_before);  // first, as all of their rows may be to send again
      meet_server(*sink);
    } else if (failure) {
      std::uint32_t attempt = 0;
      for (const SegmentPtr& s : segments) attempt = std::max(attempt, ++s->attempts);
      const RetryDecision d = went_wrong(*failure, segments, attempt);
      if (!d.whole_destination) not_before += d.delay;
      for (const SegmentPtr& s : segments) {
        s->maybe_sent = s->maybe_sent || d.maybe_sent;
        // When the destination is what failed, the segment may be merged with others as before.
        if (d.whole_destination) s->attempts = 0;
        if (d.halve) s->range_rows_max = std::max<std::uint64_t>(1, next_rows(*s, store_.limits().batch_rows_max) / 2);
      }
      if (d.whole_destination) sink->close();
    }
    if (!another_server) store_.give_back(segments, not_before);  // those that have not settled
    const std::lock_guard lock(mutex_);
    --state_.syncing;
    sending_since_.erase(sending_since_.find(start));
    state_.sync_time_s += took.count();
  }
  sink->close();
}

/// While the destination is not well, one worker at a time gets through, when it is time to try.
bool Scheduler::wait_for_turn() {
  std::unique_lock lock(mutex_);
  while (!stopping_.load()) {
    if (health_.may_try(steady_clock::now())) return true;
    turn_.wait_until(lock, health_.ask_again_at(steady_clock::now()));
  }
  return false;
}

std::optional<Failure> Scheduler::send(Sink& sink, const std::vector<SegmentPtr>& segments) {
  try {
    for (bool done = false; !done;) {
      if (auto failure = send_range(sink, segments, store_.limits().batch_rows_max, done)) return failure;
    }
    return std::nullopt;
  } catch (const Error& e) {  // from reading the segment: its journal is gone or damaged
    return Failure{FailureClass::other, e.sqlstate(), e.what()};
  } catch (const std::exception& e) {
    return Failure{FailureClass::other, {}, std::string("sending a batch failed: ") + e.what()};
  }
}

std::optional<Failure> Scheduler::send_range(Sink& sink, const std::vector<SegmentPtr>& segments,
                                             std::uint64_t rows_max, bool& done) {
  Batch batch = next_batch(segments, rows_max);
  std::uint64_t rows = 0;
  for (const BatchRange& r : batch.ranges) rows += r.last_row - r.first_row + 1;
  const std::string what = std::to_string(rows) + " " + noun(batch, rows);
  // While the destination is away, each try would say so again.
  const bool first_try = segments.front()->attempts == 0 && well();
  log(first_try ? LogLevel::info : LogLevel::debug,
      "sync started " + what + " (reason: " + std::string(to_string(batch.reason)) + ")");
  const SteadyTime start = steady_clock::now();
  RefusedRows refused(segments);
  refused.begin(batch);
  const KeepRefused keep = refused.keep();
  WriteOutcome outcome = sink.write(batch, keep);
  if (auto* failure = std::get_if<Failure>(&outcome)) {
    if (failure->failure_class == FailureClass::row_refused && !keep) failure->message += kWithoutQuarantine;
    return *failure;
  }
  const std::chrono::duration<double> took = steady_clock::now() - start;
  const auto& written = std::get<Written>(outcome);
  try {
    refused.settle(batch);
  } catch (const Error& e) {
    for (const SegmentPtr& s : segments) s->maybe_sent = true;
    return Failure{
        FailureClass::other, {}, std::string("a batch has landed, but its quarantine is not settled: ") + e.what()};
  }
  tell_refused(refused.causes());
  // Before anyone who waits for these rows can look at the counts.
  std::uint64_t quarantined = 0;
  for (const RangeResult& of : written.ranges) quarantined += of.quarantined;
  went_well(batch, segments, {rows, quarantined}, took);
  done = true;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const BatchRange& r = batch.ranges[i];
    if (r.last_row < segments[i]->id.rows) done = false;
    segments[i]->attempts = 0;
    const RangeResult& of = written.ranges[i];
    landed_.add(r.buffer, r.segment, r.last_row - r.first_row + 1);
    store_.landed(segments[i], r.last_row - r.first_row + 1, {of.synced, of.superseded, of.quarantined});
  }
  return std::nullopt;
}

/// When another server answers than before, what had landed is held against its ledger, once for each change and before
/// anything is sent to it.
void Scheduler::meet_server(Sink& sink) {
  const std::lock_guard lock(comparing_);
  const std::uint64_t changes = destination_->server_changes();
  try {
    if (changes != changes_compared_) {
      tell_missing(landed_.compare([&](const std::string& buffer, std::uint64_t first, std::uint64_t last) {
        return sink.landed_rows(buffer, first, last);
      }));
    }
  } catch (const Error& e) {
    went_wrong({FailureClass::reconnect, e.sqlstate(),
                std::string(destination_->change_words().met) + " " + destination_->description() +
                    ", and nothing is sent before it is known which rows are there: " + e.what()},
               {}, 1);
    sink.close();
    return;
  }
  changes_compared_ = changes;
  sink.accept_server();
  const std::lock_guard health_lock(mutex_);
  health_.pass();
  turn_.notify_one();
}

void Scheduler::tell_missing(const std::vector<LandedRows::Missing>& missing) {
  std::uint64_t gone = 0;
  std::uint64_t again = 0;
  std::map<std::string, std::uint64_t> by_buffer;  // of those gone
  for (const LandedRows::Missing& m : missing) {
    const bool here = store_.send_again(m.buffer, m.segment);
    (here ? again : gone) += m.rows;
    if (!here) by_buffer[m.buffer] += m.rows;
    if (here) landed_.forget(m.buffer, m.segment);
  }
  const Destination::ChangeWords words = destination_->change_words();
  const std::string what = std::string(words.met) + " " + destination_->description() + ": ";
  if (missing.empty()) log(LogLevel::info, what + "all rows that had landed are there");
  if (again > 0) log(LogLevel::warning, what + counted(again, "row", "rows") + " that had landed are sent again");
  if (gone == 0) return;
  log(LogLevel::error, what + counted(gone, "row", "rows") +
                           " that had landed are not there, and are not kept here any more: " + std::string(words.why) +
                           ". Scan again, or add them again");
  {
    const std::lock_guard lock(mutex_);
    state_.missing_rows += gone;
    for (const auto& [buffer, rows] : by_buffer) state_.missing_by_buffer[buffer] += rows;
  }
  tell_change();
}

/// A cause is told once as a warning; a batch that meets it again says so at level debug.
void Scheduler::tell_refused(const std::vector<std::string>& causes) {
  for (const std::string& cause : causes) {
    const std::string same = cause.substr(cause.find(' '));  // without the number of rows
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      constexpr std::size_t kCausesMax = 100;
      first = told_refusals_.size() < kCausesMax && told_refusals_.insert(same).second;
    }
    log(first ? LogLevel::warning : LogLevel::debug,
        "the destination refused " + cause + "; kept in quarantine (forebay errors shows what is there)");
  }
}

void Scheduler::went_well(const Batch& batch, const std::vector<SegmentPtr>& segments, SentRows rows,
                          std::chrono::duration<double> took) {
  char line[128];
  std::snprintf(line, sizeof line, "sync finished %llu/%llu %s in %.2f s",
                static_cast<unsigned long long>(rows.all - rows.quarantined), static_cast<unsigned long long>(rows.all),
                noun(batch, rows.all), took.count());
  log(LogLevel::info,
      line + (rows.quarantined > 0 ? ", " + std::to_string(rows.quarantined) + " in quarantine" : std::string()));
  std::string recovered;
  bool all_well = false;
  {
    const std::lock_guard lock(mutex_);
    ++state_.batches[static_cast<std::size_t>(batch.reason)];
    state_.last_sync_us = wall_us();
    for (const SegmentPtr& s : segments) failing_.erase(s);
    if (health_.view().state == DestinationState::ok) return;
    if (health_.landed(!failing_.empty(), steady_clock::now(), wall_us()))
      recovered = "destination is back: " + destination_->description();
    all_well = health_.view().last_error.empty();
  }
  turn_.notify_all();
  if (!recovered.empty()) log(LogLevel::info, recovered);
  if (all_well) tell_change();
}

RetryDecision Scheduler::went_wrong(const Failure& failure, const std::vector<SegmentPtr>& segments,
                                    std::uint32_t attempt) {
  DestinationHealth::Failed f;
  {
    const std::lock_guard lock(mutex_);
    // Given up by ourselves: that is no news of the destination.
    if (stopping_.load()) return decide_retry(failure.failure_class, attempt, random_());
    f = health_.failed(failure, attempt, random_(), steady_clock::now(), wall_us(),
                       store_.unbuffered() ? "producers wait" : "buffering goes on");
    if (!f.decision.whole_destination) failing_.insert(segments.begin(), segments.end());
  }
  turn_.notify_all();
  if (f.line) log(f.decision.state == DestinationState::misconfigured ? LogLevel::error : LogLevel::warning, *f.line);
  tell_change();  // after the line, which must not wait for a disk
  return f.decision;
}

}  // namespace forebay
