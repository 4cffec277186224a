#include "sync/scheduler.hpp"

#include <algorithm>
#include <utility>

#include "base/timer.hpp"

namespace forebay {

using std::chrono::steady_clock;

namespace {

/// Rows are acknowledged within 50 ms of add(): the timer comes twice in that time.
constexpr std::chrono::milliseconds kCommitInterval{25};

}  // namespace

Scheduler::Scheduler(SegmentStore& store, VersionClock& clock, Destination* destination, StreamsInUse streams,
                     int workers, LogCallback log, std::function<void()> changed)
    : store_(store),
      queue_(store.queue()),
      clock_(clock),
      destination_(destination),
      streams_(std::move(streams)),
      workers_max_(destination != nullptr ? std::min(workers, destination->connections_max()) : 0),
      log_(std::move(log)),
      changed_(std::move(changed)),
      random_(std::random_device{}()) {}

Scheduler::~Scheduler() {
  stop();
  store_.journals().keeper().stop();  // its thread may wake the timer
}

void Scheduler::start() {
  timer_.start("for the timer");
  for (int i = 0; i < workers_max_; ++i) {
    worker_threads_.push_back(start_thread("to send batches", [this, i] { work(i); }));
  }
}

void Scheduler::stop(bool at_once) {
  if (stopping_.exchange(true)) return;
  if (at_once && destination_ != nullptr) destination_->interrupt();
  queue_.close();
  turn_.notify_all();
  for (auto& t : worker_threads_) t.join();
  timer_.stop();
}

// --- The timer

void Scheduler::wake_timer() {
  if (commit_due_.exchange(true)) return;
  timer_.set(steady_clock::now() + kCommitInterval);
}

void Scheduler::tick() {
  // Taken back before looking: a row added after the look sets it again.
  commit_due_.store(false);
  const SteadyTime now = steady_clock::now();
  std::optional<SteadyTime> next;
  for (const auto& writer : store_.writers()) {
    const std::optional<SteadyTime> due = writer->tick(now);
    if (due && (!next || *due < *next)) next = due;
  }
  store_.budget().make_room();
  try {
    clock_.extend_ahead();
  } catch (const Error& e) {
    log(LogLevel::warning, e.what());  // next() tries again, and fails where it must
  }
  if (next) timer_.set(*next);
}

// --- Waiting

SyncResult Scheduler::result(bool settled) const {
  SyncResult r;
  r.settled = settled;
  r.pending_rows = settled ? 0 : store_.pending_rows();
  r.quarantined_rows = queue_.quarantined_rows();
  const State now = state();
  r.missing_rows = now.missing_rows;
  if (!settled) r.last_error = now.last_error;
  if (!settled) r.held_streams = now.held_streams;
  return r;
}

SyncResult Scheduler::force_sync(std::chrono::milliseconds timeout) {
  const SteadyTime until = steady_clock::now() + timeout;
  store_.seal_all(Reason::force_sync);
  return wait_for(queue_.unsettled(), until);
}

SyncResult Scheduler::wait_for(const std::vector<SegmentPtr>& segments, SteadyTime until) {
  {
    const std::lock_guard lock(mutex_);
    health_.try_now(steady_clock::now());  // asked for: no waiting for the next try
  }
  turn_.notify_all();
  queue_.try_held_now();
  return result(
      queue_.wait_settled(segments, [&](SteadyTime) { return steady_clock::now() >= until || stopping_.load(); }));
}

SyncResult Scheduler::drain(std::chrono::milliseconds stall_max, const std::function<bool()>& give_up) {
  const SteadyTime start = steady_clock::now();
  const bool settled = queue_.wait_settled(queue_.unsettled(), [&](SteadyTime progress) {
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
  unanswered_ =
      "no answer from " + destination_->description() + " for " + std::to_string(waited.count()) +
      " s, to a batch that was sent; look whether it hangs, is slow, or waits itself (`forebay config check`)";
}

Scheduler::State Scheduler::state() const {
  const std::lock_guard lock(mutex_);
  State s = state_;
  const DestinationHealth::View view = health_.view();
  s.destination = view.state;
  s.last_error = view.last_error.empty() ? unanswered_ : view.last_error;
  s.destination_since_us = view.since_us;
  s.last_error_us = view.last_error_us;
  s.takes_some = health_.takes_some();
  s.held_streams = health_.held_streams();
  return s;
}

}  // namespace forebay
