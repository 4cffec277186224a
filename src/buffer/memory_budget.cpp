#include "buffer/memory_budget.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"

namespace forebay {

using std::chrono::steady_clock;

namespace {
constexpr std::size_t kGuardBytes = 4096;
/// A disk that takes nothing is not asked again and again, by producers that wait and by the timer.
constexpr std::chrono::milliseconds kEvictAgainAfter{500};
}  // namespace

ForkGuard::ForkGuard() {
  void* page = ::mmap(nullptr, kGuardBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED || ::madvise(page, kGuardBytes, MADV_WIPEONFORK) != 0) {
    throw Error(ErrorCode::local, "cannot get a page of memory to notice forks with (Linux 4.14 or newer is needed)");
  }
  page_ = static_cast<volatile unsigned char*>(page);
  *page_ = 1;
}

ForkGuard::~ForkGuard() { ::munmap(const_cast<unsigned char*>(page_), kGuardBytes); }

Error stopped_error() { return {ErrorCode::stopped, "the buffer is stopped and takes no more records"}; }

Error forked_error() {
  return {ErrorCode::stopped, "this process is a fork of the one that opened the buffer; open one of its own"};
}

MemoryBudget::MemoryBudget(BudgetOptions options, SegmentQueue& queue, JournalSet& journals)
    : options_(std::move(options)), queue_(queue), journals_(journals) {}

// --- The gate

void MemoryBudget::admit_slowly() {
  if (fork_guard_.in_child()) throw forked_error();

  std::uint64_t seen = 0;
  for (bool looked = false;; looked = true) {
    {
      std::unique_lock lock(mutex_);
      if (gate_.load() == Gate::stopped) throw stopped_error();
      if (gate_.load() == Gate::open) return;
      if (looked) {
        if (options_.limits.full_policy == FullPolicy::fail) {
          throw Error(ErrorCode::full,
                      full_message(backpressure(usage(), options_.limits), options_.limits, eviction_failure_));
        }
        give_up_when_stuck_locked();
        room_.wait_for(lock, std::chrono::seconds(1), [&] { return news_ != seen; });
      }
      seen = news_;  // before the look below: what comes after it is not missed
    }
    make_room();  // the disk may have got room without anything landing
  }
}

void MemoryBudget::give_up_when_stuck_locked() const {
  if (!stuck_since_) return;
  if (steady_clock::now() - std::max(*stuck_since_, queue_.last_progress()) <= options_.landing_timeout) return;

  throw Error(ErrorCode::local, "memory is full, its rows do not get to disk (" + eviction_failure_ +
                                    "), and the destination took nothing for " +
                                    std::to_string(options_.landing_timeout.count()) + " s (SYNC_DRAIN_TIMEOUT)");
}

void MemoryBudget::wait_until_landed(const SegmentPtr& segment) {
  const SteadyTime start = steady_clock::now();
  const bool landed = queue_.wait_settled({segment}, [&](SteadyTime progress) {
    return is_stopped() || steady_clock::now() - std::max(start, progress) > options_.landing_timeout;
  });
  if (landed) return;

  if (is_stopped()) throw Error(ErrorCode::stopped, "the buffer was stopped before this batch landed");
  throw Error(ErrorCode::destination, "the destination took nothing for " +
                                          std::to_string(options_.landing_timeout.count()) +
                                          " s (SYNC_DRAIN_TIMEOUT), and there is no buffer (USE_MEMORY_DB=False)");
}

void MemoryBudget::note_landed() {
  {
    const std::lock_guard lock(mutex_);
    evict_again_at_ = {};  // the disk may have room now
    ++news_;
  }
  room_.notify_all();
}

void MemoryBudget::stop() {
  {
    const std::lock_guard lock(mutex_);
    gate_.store(Gate::stopped);
    ++news_;
  }
  room_.notify_all();
}

void MemoryBudget::set_gate() {
  Gate gate = Gate::open;
  std::string why;
  bool opened = false;
  {
    const std::lock_guard lock(mutex_);
    const Relief relief = backpressure(usage(), options_.limits);
    // Rows that are being sent count as well: they are not free to go, and come back when it fails.
    const bool stuck = !eviction_failure_.empty() && (relief.seal_active || relief.evict_rows + relief.evict_bytes > 0);
    if (!stuck) stuck_since_.reset();
    if (stuck && !stuck_since_) stuck_since_ = steady_clock::now();

    const bool full = relief.disk_full || stuck;
    if (full) why = full_message(relief, options_.limits, eviction_failure_);
    if (full) gate = Gate::full;
    if (is_stopped()) gate = Gate::stopped;
    opened = gate_.exchange(gate) == Gate::full && gate == Gate::open;
    if (opened) ++news_;
  }
  if (opened) room_.notify_all();

  if (gate == Gate::full) {
    const char* what = options_.limits.full_policy == FullPolicy::wait ? "; producers wait" : "; records are refused";
    if (const auto line = journals_.trouble().full(why + what, steady_clock::now())) report(LogLevel::warning, *line);
  } else if (journals_.trouble().has_room(steady_clock::now()) && gate == Gate::open) {
    report(LogLevel::info, "there is room for journals again; producers go on");
  }
}

// --- Making room

/// What is active is read first: a segment that is sealed meanwhile counts twice, and never not at all.
BufferUsage MemoryBudget::usage() const {
  BufferUsage usage = options_.active();
  const BufferUsage sealed = queue_.usage();
  usage.sealed_rows = sealed.sealed_rows;
  usage.sealed_bytes = sealed.sealed_bytes;
  usage.evictable_rows = sealed.evictable_rows;
  usage.evictable_bytes = sealed.evictable_bytes;
  usage.disk_bytes += sealed.disk_bytes;
  return usage;
}

void MemoryBudget::make_room() {
  Relief relief = backpressure(usage(), options_.limits);
  if (relief.seal_active && !options_.unbuffered) {
    options_.seal_all(Reason::memory_limit_reached);
    const BufferUsage sealed = usage();
    relief = backpressure(sealed, options_.limits);
    if (relief.seal_active) {  // what is left in memory is being sent: free all the rest
      relief.evict_rows = sealed.evictable_rows;
      relief.evict_bytes = sealed.evictable_bytes;
    }
  }

  if ((relief.evict_rows > 0 || relief.evict_bytes > 0) && may_evict()) evict(relief);
  set_gate();
}

bool MemoryBudget::may_evict() const {
  if (!options_.discard && !journals_.folder().exists()) return false;
  const std::lock_guard lock(mutex_);
  return steady_clock::now() >= evict_again_at_;
}

void MemoryBudget::evict(const Relief& relief) {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;

  // First those that have a journal that can be trusted: for the others someone has to wait, or to write.
  for (const bool only_secured : {true, false}) {
    while (rows < relief.evict_rows || bytes < relief.evict_bytes) {
      const SegmentPtr segment = queue_.begin_eviction(only_secured);
      if (!segment) break;
      const std::uint64_t segment_bytes = segment->memory_bytes();
      if (!evict_one(segment)) return;
      rows += segment->id.rows;
      bytes += segment_bytes;
    }
  }
}

bool MemoryBudget::evict_one(const SegmentPtr& segment) {
  if (options_.discard) {
    queue_.discard(segment);
    return true;
  }

  std::string failure;
  try {
    journals_.secure(segment);
    crash_point("an evicted segment has its journal");
  } catch (const std::exception& e) {
    failure = e.what();
  }
  queue_.end_eviction(segment, failure.empty());
  note_eviction(failure);
  return failure.empty();
}

void MemoryBudget::note_eviction(const std::string& failure) {
  bool first_failure = false;
  {
    const std::lock_guard lock(mutex_);
    first_failure = !failure.empty() && eviction_failure_.empty();
    eviction_failure_ = failure;
    if (failure.empty()) {
      ++news_;
    } else {
      evict_again_at_ = steady_clock::now() + kEvictAgainAfter;
    }
  }
  if (failure.empty()) room_.notify_all();  // else producers that wait would wake one another to try again
  if (first_failure) journals_.tell_failed("cannot free memory: " + failure);
}

}  // namespace forebay
