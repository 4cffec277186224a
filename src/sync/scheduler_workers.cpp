// The scheduler's workers: each takes segments from the queue and brings them to the destination in batches.

#include <algorithm>
#include <cstdio>

#include "base/clock.hpp"
#include "base/human.hpp"
#include "sync/drain.hpp"
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
  const std::unique_ptr<Sink> sink = destination_->make_sink_for(streams_);
  while (!stopping_.load()) {
    if (!wait_for_turn()) return;
    const std::vector<SegmentPtr> segments = queue_.take(steady_clock::now() + std::chrono::seconds(10));
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
    std::optional<Failure> failure = send(*sink, segments);
    const std::chrono::duration<double> took = steady_clock::now() - start;
    SteadyTime not_before = steady_clock::now();
    const bool another_server = failure && failure->failure_class == FailureClass::another_server;
    if (another_server) {
      {
        const std::lock_guard lock(mutex_);
        for (const SegmentPtr& s : segments) searches_.erase(s);
      }
      queue_.give_back(segments, not_before);  // first, as all of their rows may be to send again
      meet_server(*sink);
    } else if (failure && failure->stream != nullptr) {
      hold(*failure, segments);
    } else if (failure) {
      const bool narrowed = narrow(*failure, segments);
      std::uint32_t attempt = 0;
      for (const SegmentPtr& s : segments) attempt = std::max(attempt, ++s->attempts);
      const RetryDecision d = went_wrong(*failure, segments, attempt);
      if (!d.whole_destination) not_before += d.delay;
      for (const SegmentPtr& s : segments) {
        s->maybe_sent = s->maybe_sent || d.maybe_sent;
        // When the destination is what failed, the segment may be merged with others as before.
        if (d.whole_destination) s->attempts = 0;
        if (d.halve && !narrowed)
          s->range_rows_max = std::max<std::uint64_t>(1, next_rows(*s, queue_.limits().batch_rows_max) / 2);
      }
      if (d.whole_destination) sink->close();
    }
    if (!another_server) queue_.give_back(segments, not_before);  // those that have not settled
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
      const auto search = search_of(segments.front());
      if (auto failure = search ? search_on(sink, segments.front(), *search, done) : send_range(sink, segments, done))
        return failure;
    }
    return std::nullopt;
  } catch (const Error& e) {  // from reading the segment: its journal is gone or damaged
    return Failure{FailureClass::other, e.sqlstate(), e.what()};
  } catch (const std::exception& e) {
    return Failure{FailureClass::other, {}, std::string("sending a batch failed: ") + e.what()};
  }
}

std::optional<Failure> Scheduler::send_range(Sink& sink, const std::vector<SegmentPtr>& segments, bool& done,
                                             const std::optional<Batch::RefusedFor>& refused_for) {
  Batch batch = next_batch(segments, queue_.limits().batch_rows_max);
  batch.refused_for = refused_for;
  std::uint64_t rows = 0;
  for (const BatchRange& r : batch.ranges) rows += r.last_row - r.first_row + 1;
  const std::string what = std::to_string(rows) + " " + noun(batch, rows);
  log(is_first_try(segments.front()) ? LogLevel::info : LogLevel::debug,
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
  went_well(batch, segments, written, took);
  done = true;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const BatchRange& r = batch.ranges[i];
    if (r.last_row < segments[i]->id.rows) done = false;
    segments[i]->attempts = 0;
    const RangeResult& of = written.ranges[i];
    landed_.add(r.buffer, r.segment, *r.stream, r.last_row - r.first_row + 1);
    queue_.landed(segments[i], r.last_row - r.first_row + 1, {of.synced, of.superseded, of.quarantined});
  }
  return std::nullopt;
}

/// While the destination is away, or the stream is held, each try would say so again, and so would each part of a
/// search.
bool Scheduler::is_first_try(const SegmentPtr& segment) const {
  const std::lock_guard lock(mutex_);
  return segment->attempts == 0 && health_.well() && !health_.is_held(segment->id.stream) &&
         !searches_.contains(segment);
}

std::shared_ptr<PoisonSearch> Scheduler::search_of(const SegmentPtr& segment) const {
  const std::lock_guard lock(mutex_);
  const auto found = searches_.find(segment);
  return found == searches_.end() ? nullptr : found->second;
}

std::uint64_t Scheduler::landed_in(const Segment& segment) const {
  const std::lock_guard lock(mutex_);
  const auto found = landed_in_.find(segment.id.stream->table);
  return found == landed_in_.end() ? 0 : found->second;
}

/// The next step of the search for a row that its segment waits for.
std::optional<Failure> Scheduler::search_on(Sink& sink, const SegmentPtr& segment, PoisonSearch& search, bool& done) {
  const PoisonSearch::Step step = search.next(segment->next_row, landed_in(*segment));
  if (step.what == PoisonSearch::What::try_other) {
    auto failure = try_row(sink, segment, step.first_row);
    if (failure && failure->cut_short == CutShort::nothing && failure->failure_class != FailureClass::row_refused)
      return failure;
    search.other_went_in(!failure);
    return std::nullopt;
  }
  std::optional<Batch::RefusedFor> refused_for;
  if (step.what == PoisonSearch::What::give_up && segment->quarantine) refused_for = search.reason();
  segment->range_rows_max = step.last_row - step.first_row + 1;
  if (auto failure = send_range(sink, {segment}, done, refused_for)) return failure;
  if (search.over(segment->next_row)) {
    segment->range_rows_max = search.range_rows_max();
    const std::lock_guard lock(mutex_);
    searches_.erase(segment);
  }
  return std::nullopt;
}

/// Whether its table takes one row; none of it stays there.
std::optional<Failure> Scheduler::try_row(Sink& sink, const SegmentPtr& segment, std::uint64_t row) {
  BatchRange range;
  range.buffer = segment->id.buffer;
  range.segment = segment->id.number;
  range.first_row = range.last_row = row;
  range.stream = segment->id.stream;
  range.rows = std::make_shared<const RowSet>(segment->read(row, row));
  Batch batch(segment->id.reason, {std::move(range)});
  batch.trial = true;
  WriteOutcome outcome = sink.write(batch);
  if (auto* failure = std::get_if<Failure>(&outcome)) return *failure;
  return std::nullopt;
}

/// After a failure that one of the batch's rows may be the cause of: each segment is searched by itself. False where no
/// row can be.
bool Scheduler::narrow(Failure& failure, const std::vector<SegmentPtr>& segments) {
  if (failure.cut_short == CutShort::nothing) return false;
  bool searched = false;
  for (const SegmentPtr& s : segments) {
    std::shared_ptr<PoisonSearch> search = search_of(s);
    searched = searched || search != nullptr;
    const std::uint64_t last = s->next_row - 1 + next_rows(*s, queue_.limits().batch_rows_max);
    bool got_on = search == nullptr;
    if (search == nullptr) {
      search = std::make_shared<PoisonSearch>(s->id.rows, s->retry.has_value(), s->range_rows_max);
      const std::lock_guard lock(mutex_);
      searches_[s] = search;
    }
    s->range_rows_max = last - (s->next_row - 1);  // so that it goes alone
    if (segments.size() == 1) {
      got_on = search->cut_short(s->next_row, last, failure, landed_in(*s)) || got_on;
      failure.message += search->aftermath();
    } else {
      search->begin(last);
    }
    if (got_on) queue_.note_progress(s);
  }
  // It is there, as what came before the rows shows: what fails is this batch.
  const bool whole = failure.failure_class == FailureClass::reconnect;
  if (searched && whole) failure.failure_class = FailureClass::retry_half;
  return true;
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
  std::map<std::string, std::uint64_t> by_stream;  // of those that are our own
  for (const LandedRows::Missing& m : missing) {
    const bool here = queue_.send_again(m.buffer, m.segment);
    (here ? again : gone) += m.rows;
    if (!here) by_buffer[m.buffer] += m.rows;
    if (!here && m.buffer == queue_.buffer_id()) by_stream[m.stream->name] += m.rows;
    if (here) landed_.forget(m.buffer, m.segment);
  }
  const Destination::ChangeWords words = destination_->change_words();
  const std::string what = std::string(words.met) + " " + destination_->description() + ": ";
  if (missing.empty()) log(LogLevel::info, what + "all rows that had landed are there");
  if (again > 0) log(LogLevel::warning, what + counted(again, "row", "rows") + " that had landed are sent again");
  if (gone == 0) return;
  log(LogLevel::error, what + counted(gone, "row is lost: it", "rows are lost: they") +
                           " had landed, and neither the destination nor this machine has " +
                           (gone == 1 ? "it" : "them") + " any more: " + std::string(words.why) +
                           ". Scan again, or add them again");
  {
    const std::lock_guard lock(mutex_);
    state_.missing_rows += gone;
    for (const auto& [buffer, rows] : by_buffer) state_.missing_by_buffer[buffer] += rows;
    for (const auto& [stream, rows] : by_stream) state_.missing_by_stream[stream] += rows;
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

void Scheduler::went_well(const Batch& batch, const std::vector<SegmentPtr>& segments, const Written& written,
                          std::chrono::duration<double> took) {
  std::uint64_t rows = 0;
  std::uint64_t quarantined = 0;
  for (const BatchRange& r : batch.ranges) rows += r.last_row - r.first_row + 1;
  for (const RangeResult& of : written.ranges) quarantined += of.quarantined;
  char line[128];
  std::snprintf(line, sizeof line, "sync finished %llu/%llu %s in %.2f s",
                static_cast<unsigned long long>(rows - quarantined), static_cast<unsigned long long>(rows),
                noun(batch, rows), took.count());
  log(LogLevel::info, line + (quarantined > 0 ? ", " + std::to_string(quarantined) + " in quarantine" : std::string()));
  std::string recovered;
  bool all_well = false;
  {
    const std::lock_guard lock(mutex_);
    ++state_.batches[static_cast<std::size_t>(batch.reason)];
    state_.last_sync_us = wall_us();
    for (const SegmentPtr& s : segments) failing_.erase(s);
    for (std::size_t i = 0; i < batch.ranges.size(); ++i)
      landed_in_[batch.ranges[i].stream->table] += written.ranges[i].synced;
    if (health_.view().state == DestinationState::ok) return;
    std::vector<const Stream*> streams;
    for (const BatchRange& r : batch.ranges) streams.push_back(r.stream);
    if (health_.landed(!failing_.empty(), steady_clock::now(), wall_us(), streams))
      recovered = "destination is back: " + destination_->description();
    all_well = health_.view().last_error.empty();
  }
  turn_.notify_all();
  if (!recovered.empty()) log(LogLevel::info, recovered);
  if (all_well) tell_change();
}

/// What came of other streams in its batch is sent again at once, without it.
void Scheduler::hold(const Failure& failure, const std::vector<SegmentPtr>& segments) {
  const RetryDecision d = went_wrong(failure, segments, 1);
  queue_.hold(failure.stream, steady_clock::now() + d.delay);
}

RetryDecision Scheduler::went_wrong(const Failure& failure, const std::vector<SegmentPtr>& segments,
                                    std::uint32_t attempt) {
  DestinationHealth::Failed f;
  {
    const std::lock_guard lock(mutex_);
    // Given up by ourselves: that is no news of the destination.
    if (stopping_.load()) return decide_retry(failure.failure_class, attempt, random_());
    f = health_.failed(failure, attempt, random_(), steady_clock::now(), wall_us(),
                       store_.budget().unbuffered() ? "producers wait" : "buffering continues");
    if (!f.decision.whole_destination && failure.stream == nullptr) failing_.insert(segments.begin(), segments.end());
  }
  turn_.notify_all();
  if (f.line) log(f.decision.state == DestinationState::misconfigured ? LogLevel::error : LogLevel::warning, *f.line);
  tell_change();  // after the line, which must not wait for a disk
  return f.decision;
}

}  // namespace forebay
