#include "sync/scheduler.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <utility>

#include "base/start_thread.hpp"
#include "buffer/writer_core.hpp"
#include "sync/drain.hpp"
#include "sync/refused_rows.hpp"

namespace forebay {

using std::chrono::steady_clock;

namespace {

constexpr const char* kWithoutQuarantine =
    "; there is no quarantine for it, so its batch waits (USE_MEMORY_DB=False, or the quarantine's file cannot be "
    "used)";

/// Rows are acknowledged within 50 ms of add(): the timer comes twice in that time.
constexpr std::chrono::milliseconds kCommitInterval{25};

const char* noun(const Batch& batch, std::uint64_t rows) {
  return only_files(batch) ? (rows == 1 ? "file" : "files") : (rows == 1 ? "row" : "rows");
}

std::int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Scheduler::Scheduler(SegmentStore& store, VersionClock& clock, Destination* destination,
                     std::vector<const Stream*> streams, int workers, LogCallback log)
    : store_(store),
      clock_(clock),
      destination_(destination),
      streams_(std::move(streams)),
      workers_max_(destination != nullptr ? std::min(workers, destination->connections_max()) : 0),
      log_(std::move(log)),
      keep_running_(io_.get_executor()),
      timer_(io_),
      random_(std::random_device{}()) {}

Scheduler::~Scheduler() {
  stop();
  store_.end_keeping();  // its thread may wake the timer
}

void Scheduler::start() {
  timer_thread_ = start_thread("for the timer", [this] { io_.run(); });
  for (int i = 0; i < workers_max_; ++i) {
    worker_threads_.push_back(start_thread("to send batches", [this, i] { work(i); }));
  }
}

void Scheduler::stop(bool at_once) {
  if (stopping_.exchange(true)) return;
  if (at_once && destination_ != nullptr) destination_->interrupt();
  store_.close_to_workers();
  turn_.notify_all();
  for (auto& t : worker_threads_) t.join();
  keep_running_.reset();
  io_.stop();
  if (timer_thread_.joinable()) timer_thread_.join();
}

// --- The timer

void Scheduler::wake_timer() {
  if (commit_due_.exchange(true)) return;
  boost::asio::post(io_, [this] { arm(steady_clock::now() + kCommitInterval); });
}

/// On the timer's thread only. Replaces what was armed before.
void Scheduler::arm(SteadyTime at) {
  timer_.expires_at(at);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void Scheduler::tick() {
  // Taken back before looking: a row added after the look sets it again.
  commit_due_.store(false);
  const SteadyTime now = steady_clock::now();
  std::optional<SteadyTime> next;
  for (const auto& writer : store_.writers()) {
    const WriterCore::Next n = writer->tick(now);
    const std::optional<SteadyTime> due = n.uncommitted ? now + kCommitInterval : n.seal_at;
    if (due && (!next || *due < *next)) next = due;
  }
  store_.make_room();
  try {
    clock_.extend_ahead();
  } catch (const Error& e) {
    log(LogLevel::warning, e.what());  // next() tries again, and fails where it must
  }
  if (next) arm(*next);
}

// --- The workers

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
    if (failure) {
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
    store_.give_back(segments, not_before);  // those that have not settled
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
    store_.landed(segments[i], r.last_row - r.first_row + 1, {of.synced, of.superseded, of.quarantined});
  }
  return std::nullopt;
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
  {
    const std::lock_guard lock(mutex_);
    ++state_.batches[static_cast<std::size_t>(batch.reason)];
    state_.last_sync_us = wall_us();
    for (const SegmentPtr& s : segments) failing_.erase(s);
    if (health_.view().state == DestinationState::ok) return;
    if (health_.landed(!failing_.empty(), steady_clock::now(), wall_us()))
      recovered = "destination is back: " + destination_->description();
  }
  turn_.notify_all();
  if (!recovered.empty()) log(LogLevel::info, recovered);
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
  return f.decision;
}

// --- Waiting

SyncResult Scheduler::result(bool settled) const {
  SyncResult r;
  r.settled = settled;
  r.pending_rows = settled ? 0 : store_.pending_rows();
  r.quarantined_rows = store_.quarantined_rows();
  if (!settled) r.last_error = state().last_error;
  return r;
}

SyncResult Scheduler::force_sync(std::chrono::milliseconds timeout) {
  const SteadyTime until = steady_clock::now() + timeout;
  store_.seal_all(Reason::force_sync);
  return wait_for(store_.unsettled(), until);
}

SyncResult Scheduler::wait_for(const std::vector<SegmentPtr>& segments, SteadyTime until) {
  {
    const std::lock_guard lock(mutex_);
    health_.try_now(steady_clock::now());  // asked for: no waiting for the next try
  }
  turn_.notify_all();
  return result(
      store_.wait_settled(segments, [&](SteadyTime) { return steady_clock::now() >= until || stopping_.load(); }));
}

SyncResult Scheduler::drain(std::chrono::milliseconds stall_max, const std::function<bool()>& give_up) {
  const SteadyTime start = steady_clock::now();
  const bool settled = store_.wait_settled(store_.unsettled(), [&](SteadyTime progress) {
    return workers_max_ == 0 || stopping_.load() || (give_up && give_up()) ||
           steady_clock::now() - std::max(start, progress) > stall_max;
  });
  if (!settled) note_unanswered();
  return result(settled);
}

/// The wait may end before any statement's deadline, and then nothing has failed yet: what it was for is the cause.
void Scheduler::note_unanswered() {
  const std::lock_guard lock(mutex_);
  if (!health_.view().last_error.empty() || sending_since_.empty()) return;
  const auto waited = std::chrono::duration_cast<std::chrono::seconds>(steady_clock::now() - *sending_since_.begin());
  if (waited.count() == 0) return;
  unanswered_ = "no answer from " + destination_->description() + " for " + std::to_string(waited.count()) +
                " s, to a batch that was sent; look whether it hangs, or is slow";
}

Scheduler::State Scheduler::state() const {
  const std::lock_guard lock(mutex_);
  State s = state_;
  s.destination = health_.view().state;
  s.last_error = health_.view().last_error.empty() ? unanswered_ : health_.view().last_error;
  s.destination_since_us = health_.view().since_us;
  s.last_error_us = health_.view().last_error_us;
  return s;
}

bool Scheduler::well() const {
  const std::lock_guard lock(mutex_);
  return health_.well();
}

}  // namespace forebay
