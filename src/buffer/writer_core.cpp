#include "buffer/writer_core.hpp"

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"
#include "forebay/error.hpp"

namespace forebay {

using std::chrono::steady_clock;

namespace {
constexpr std::uint64_t kGroupRows = 1000;
/// Room for a record is used again for the next; that of a large one is given back, as no limit counts it.
constexpr std::size_t kBodyRoomKept = std::size_t{64} << 10;
/// The timer comes many times a second; a disk that is full is not asked each time.
constexpr std::chrono::milliseconds kHealAgainAfter{500};
}  // namespace

WriterCore::WriterCore(const Parts& parts, const Stream& stream)
    : queue_(parts.queue),
      journals_(parts.journals),
      budget_(parts.budget),
      wake_timer_(parts.wake_timer),
      stream_(stream),
      limits_(budget_.limits()),
      check_rows_(rows_between_checks(limits_)),
      check_bytes_(bytes_between_checks(limits_)) {}

void WriterCore::add(std::int64_t version, std::span<const Value> values) {
  const std::uint64_t bytes = check_values(stream_, values);
  budget_.admit();

  bool look_at_limits = false;
  SegmentPtr sealed;
  {
    const std::lock_guard lock(mutex_);
    if (retired_) throw stopped_error();
    if (!journal_error_.empty()) heal_journal();
    if (!active_) open_active();
    append_to_active(version, values, bytes);
    crash_point("a record is in its segment");

    const std::uint64_t rows = active_->rows->rows();
    active_rows_.store(rows, std::memory_order_relaxed);
    accepted_rows_.store(accepted_rows() + 1, std::memory_order_relaxed);
    if (++uncommitted_ == 1 && wake_timer_) wake_timer_();
    if (uncommitted_ >= kGroupRows) commit_group(steady_clock::now() + JournalKeeper::kFlushWithin);

    active_->record_bytes += bytes;
    unchecked_bytes_ += bytes;
    if (rows >= limits_.batch_rows_max || active_->record_bytes >= limits_.batch_bytes_max) {
      sealed = seal_locked(Reason::batch_size_reached);
      look_at_limits = true;
    } else if (rows % check_rows_ == 0 || unchecked_bytes_ >= check_bytes_) {
      publish();
      look_at_limits = true;
    }
    if (look_at_limits) unchecked_bytes_ = 0;
  }

  if (look_at_limits) budget_.make_room();
  if (!sealed) return;
  if (journals_.keeper().is_behind()) secure(sealed);
  if (budget_.unbuffered()) budget_.wait_until_landed(sealed);
}

/// With its own flush, if any.
void WriterCore::secure(const SegmentPtr& segment) {
  try {
    journals_.secure(segment);
  } catch (const std::exception&) {
    // Told there. The row is taken all the same, and the keeper goes on trying.
  }
}

void WriterCore::open_active() {
  Active a;
  a.first_at = steady_clock::now();
  a.rows = std::make_unique<MemorySegment>(stream_);
  EmptyJournal journal = journals_.begin();
  a.number = journal.segment;
  if (journal.file) {
    a.journal.emplace(std::move(journal.file), JournalHeader{queue_.buffer_id(), a.number, stream_, {}});
  }

  active_since_.store(a.first_at.time_since_epoch().count(), std::memory_order_relaxed);
  active_.emplace(std::move(a));
}

void WriterCore::append_to_active(std::int64_t version, std::span<const Value> values, std::uint64_t bytes) {
  // Encoded once: SQLite holds what the journal gathers.
  std::string_view body;
  if (active_->journal) {
    body = active_->journal->append(version, values, bytes);
  } else {
    body_.clear();
    append_body(body_, version, values, bytes);
    body = body_;
  }

  try {
    active_->rows->append(body);
  } catch (...) {
    const std::uint64_t lost = take_back_lost();
    if (lost == 0) {
      if (active_->journal) active_->journal->take_back_last();
      throw;
    }
    throw Error(ErrorCode::local, "out of memory: this record and " + std::to_string(lost) +
                                      " not yet acknowledged before it were not taken; add them again");
  }

  if (body_.capacity() > kBodyRoomKept) std::string().swap(body_);
}

void WriterCore::commit() {
  constexpr int kTries = 3;  // a file that fails is replaced, and the new one may fail, too
  for (int tried = 1;; ++tried) {
    std::shared_ptr<JournalFile> unflushed;
    std::vector<SegmentPtr> sealed;
    {
      const std::lock_guard lock(mutex_);
      if (active_) {
        if (uncommitted_ > 0) commit_group(steady_clock::now() + JournalKeeper::kFlushWithin);
        note_failed_flush();
        if (journals_.folder().flushes()) unflushed = active_->journal->file();
      }
      if (!journal_error_.empty()) {
        heal_journal();
        unflushed.reset();
      }
      std::erase_if(sealed_, [](const SegmentPtr& s) { return s->secured.load(); });
      sealed = sealed_;
    }

    for (const SegmentPtr& segment : sealed) journals_.secure(segment);
    try {
      if (unflushed) unflushed->flush();
      return;
    } catch (const Error&) {
      if (tried == kTries) throw;
    }
  }
}

std::optional<SteadyTime> WriterCore::tick(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (!active_) return {};
  if (uncommitted_ > 0) commit_group(now);
  note_failed_flush();

  std::optional<SteadyTime> heal_at;
  if (!journal_error_.empty() && lost_untold_ == 0) {  // what is lost is for the producer's next call to tell
    heal_at = heal_again_at_;
    if (now >= heal_again_at_) {
      try {
        heal_journal();
        heal_at.reset();
      } catch (const Error&) {  // kept in journal_error_
        heal_at = heal_again_at_ = now + kHealAgainAfter;
      }
    }
  }

  const ActiveUsage usage{active_rows(), active_->record_bytes,
                          std::chrono::duration_cast<std::chrono::milliseconds>(now - active_->first_at)};
  if (const auto reason = seal_reason(usage, limits_)) {  // healed or not: the destination may take the rows
    seal_locked(*reason);
    return {};
  }
  const SteadyTime seal_at = active_->first_at + limits_.interval;
  return heal_at ? std::min(*heal_at, seal_at) : seal_at;
}

void WriterCore::seal(Reason reason) {
  const std::lock_guard lock(mutex_);
  seal_locked(reason);
}

void WriterCore::retire(Reason reason) {
  const std::lock_guard lock(mutex_);
  seal_locked(reason);
  drop_empty_active();
  retired_ = true;
}

/// A segment that was begun for a record which it then could not take: nothing but its file is to be seen of it.
void WriterCore::drop_empty_active() {
  if (!active_) return;
  std::error_code ignored;
  if (active_->journal) std::filesystem::remove(active_->journal->path(), ignored);
  active_.reset();
  publish();
}

SegmentPtr WriterCore::seal_locked(Reason reason) {
  if (!active_ || active_->rows->rows() == 0) return nullptr;

  crash_point("before the trailer");
  finish_active();
  if (active_->rows->rows() == 0) {
    drop_empty_active();
    return nullptr;
  }

  SegmentPtr segment = sealed_active(reason);
  const bool unsecured = journals_.folder().writes_ahead() && !segment->secured.load();
  if (unsecured) {
    std::erase_if(sealed_, [](const SegmentPtr& s) { return s->secured.load(); });
    sealed_.push_back(segment);
  }
  crash_point("after the trailer");
  queue_.add(segment);
  // Only now: who secures it may change what the queue has counted.
  if (unsecured) journals_.keeper().secure_at(segment, steady_clock::now() + JournalKeeper::kFlushWithin);

  active_.reset();
  uncommitted_ = 0;
  if (lost_untold_ == 0) journal_error_.clear();
  active_rows_.store(0, std::memory_order_relaxed);
  publish();
  crash_point("after a seal");
  return segment;
}

/// No more rows, in memory and in the journal.
void WriterCore::finish_active() {
  note_failed_flush();
  try {
    active_->rows->seal();
    if (active_->journal && journal_error_.empty()) active_->journal->finish();
  } catch (const Error& e) {
    lost_untold_ += take_back_lost();
    journal_error_ = e.what();
  }
}

/// Without its trailer, or without a journal that can be trusted, the segment still goes: its rows are in memory, and
/// the keeper writes them to another.
SegmentPtr WriterCore::sealed_active(Reason reason) {
  const bool trusted = active_->journal && journal_error_.empty();
  const SegmentIdentity identity{queue_.buffer_id(), active_->number,      &stream_, active_->rows->rows(), reason,
                                 active_->first_at,  active_->record_bytes};
  auto segment = std::make_shared<Segment>(identity, std::move(active_->rows),
                                           trusted ? active_->journal->path() : std::filesystem::path(),
                                           trusted ? active_->journal->bytes() : 0, /*sent=*/false);
  if (active_->journal && !trusted) segment->stale_journal = active_->journal->path();
  if (trusted && journals_.folder().flushes()) {
    segment->unflushed = active_->journal->file();
    segment->secured.store(false);
  }
  return segment;
}

void WriterCore::publish() {
  if (active_) active_rows_.store(active_->rows->rows(), std::memory_order_relaxed);
  active_bytes_.store(active_ ? active_->rows->bytes() : 0, std::memory_order_relaxed);
  active_disk_bytes_.store(active_ && active_->journal ? active_->journal->bytes() : 0, std::memory_order_relaxed);
}

}  // namespace forebay
