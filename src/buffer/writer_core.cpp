#include "buffer/writer_core.hpp"

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"
#include "buffer/segment_store.hpp"
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

WriterCore::WriterCore(SegmentStore& store, const Stream& stream)
    : store_(store),
      stream_(stream),
      check_rows_(rows_between_checks(store.limits())),
      check_bytes_(bytes_between_checks(store.limits())) {}

void WriterCore::add(std::int64_t version, std::span<const Value> values) {
  const std::uint64_t bytes = check_values(stream_, values);
  store_.admit();
  bool look_at_limits = false;
  SegmentPtr sealed;
  {
    const std::lock_guard lock(mutex_);
    if (retired_) throw Error(ErrorCode::stopped, "the buffer is stopped and takes no more records");
    if (!journal_error_.empty()) heal_journal();
    if (!active_) open_active();
    append_to_active(version, values, bytes);
    crash_point("a record is in its segment");
    const std::uint64_t rows = active_->rows->rows();
    active_rows_.store(rows, std::memory_order_relaxed);
    accepted_rows_.store(accepted_rows() + 1, std::memory_order_relaxed);
    if (++uncommitted_ == 1) store_.wake_timer();
    if (uncommitted_ >= kGroupRows) commit_group(steady_clock::now() + JournalKeeper::kFlushWithin);
    active_->record_bytes += bytes;
    unchecked_bytes_ += bytes;
    if (rows >= store_.limits().batch_rows_max || active_->record_bytes >= store_.limits().batch_bytes_max) {
      sealed = seal_locked(Reason::batch_size_reached);
      look_at_limits = true;
    } else if (rows % check_rows_ == 0 || unchecked_bytes_ >= check_bytes_) {
      publish();
      look_at_limits = true;
    }
    if (look_at_limits) unchecked_bytes_ = 0;
  }
  if (look_at_limits) store_.make_room();
  if (!sealed) return;
  if (store_.keeper().is_behind()) {
    try {
      store_.secure(sealed);  // its own flush, if any
    } catch (const std::exception&) {
      // Told there. The row is taken all the same, and the keeper goes on trying.
    }
  }
  if (store_.unbuffered()) store_.wait_until_landed(sealed);
}

void WriterCore::open_active() {
  Active a;
  a.first_at = steady_clock::now();
  a.rows = std::make_unique<MemorySegment>(stream_);
  if (store_.journals()) {
    SpareJournal journal = store_.begin_journal();
    a.number = journal.segment;
    a.journal.emplace(std::move(journal.file), JournalHeader{store_.buffer_id(), a.number, stream_, {}});
  } else {
    a.number = store_.next_segment_number();
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

/// After a failure of SQLite, which may have rolled the open group back: then the journal forgets it, too. How many
/// rows are gone.
std::uint64_t WriterCore::take_back_lost() {
  const std::uint64_t lost = active_rows() - active_->rows->rows();
  if (lost == 0) return 0;
  if (active_->journal) active_->journal->take_back_uncommitted();
  uncommitted_ = 0;
  accepted_rows_.fetch_sub(lost, std::memory_order_relaxed);
  publish();
  return lost;
}

/// A failure is kept and told by the next add() or commit(): the rows are in memory and on their way all the same.
void WriterCore::commit_group(SteadyTime flush_at) noexcept {
  crash_point("before a group commit");
  try {
    active_->rows->commit();
    crash_point("SQLite has committed, the journal has not");
    if (active_->journal && journal_error_.empty()) {
      active_->journal->commit();
      if (store_.flushes()) store_.keeper().flush_at(active_->journal->file(), flush_at);
    }
    uncommitted_ = 0;
    crash_point("after a group commit");
  } catch (const std::exception& e) {
    lost_untold_ += take_back_lost();
    journal_error_ = e.what();
    store_.journal_failed("rows cannot be acknowledged: " + journal_error_);
  }
  publish();
}

void WriterCore::note_failed_flush() {
  if (active_->journal && active_->journal->file()->has_failed() && journal_error_.empty()) {
    journal_error_ = active_->journal->file()->error();
  }
}

/// After a failed write or flush the file is never trusted again: the segment's rows go to a new one, whose header
/// names the old. Waits for the new one's flush: until it is known to be good, this writer has nothing to write to.
void WriterCore::heal_journal() {
  if (active_ && active_->journal) {
    const std::filesystem::path old = active_->journal->path();
    std::shared_ptr<JournalFile> file;
    try {
      file = store_.replace_journal(active_->number, ++active_->replacements);
      JournalWriter fresh(file, {store_.buffer_id(), active_->number, stream_, old.filename().string()});
      active_->rows->commit();
      constexpr std::uint64_t kRowsAtOnce = 1000;
      for (std::uint64_t first = 1; first <= active_->rows->rows(); first += kRowsAtOnce) {
        const RowSet rows = active_->rows->read(first, first + kRowsAtOnce - 1);
        for (std::size_t i = 0; i < rows.size(); ++i) fresh.append(rows.row(i).version, rows.values(i));
        fresh.commit();
      }
      if (store_.flushes()) file->flush();
      active_->journal.emplace(std::move(fresh));
    } catch (const Error& e) {
      std::error_code ignored;
      if (file) std::filesystem::remove(file->path(), ignored);
      lost_untold_ += take_back_lost();
      journal_error_ = e.what();
      store_.journal_failed("rows cannot be acknowledged: " + journal_error_);
      throw;
    }
    crash_point("a journal is replaced");
    std::error_code ignored;
    std::filesystem::remove(old, ignored);
    uncommitted_ = 0;
    store_.journal_replaced("the rows of journal " + old.string() + " are in " + file->path().filename().string() +
                            ", and acknowledged, after: " + journal_error_);
  }
  journal_error_.clear();
  publish();
  if (const std::uint64_t lost = std::exchange(lost_untold_, 0); lost > 0) {
    throw Error(ErrorCode::local, "out of memory: " + std::to_string(lost) +
                                      " records not yet acknowledged were not taken; add them again");
  }
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
        if (store_.flushes()) unflushed = active_->journal->file();
      }
      if (!journal_error_.empty()) {
        heal_journal();
        unflushed.reset();
      }
      std::erase_if(sealed_, [](const SegmentPtr& s) { return s->secured.load(); });
      sealed = sealed_;
    }
    for (const SegmentPtr& segment : sealed) store_.secure(segment);
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
  if (const auto reason = seal_reason(usage, store_.limits())) {  // healed or not: the destination may take the rows
    seal_locked(*reason);
    return {};
  }
  const SteadyTime seal_at = active_->first_at + store_.limits().interval;
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
  std::filesystem::path journal;
  std::filesystem::path stale;
  std::uint64_t journal_bytes = 0;
  crash_point("before the trailer");
  note_failed_flush();
  try {
    active_->rows->seal();
    if (active_->journal && journal_error_.empty()) active_->journal->finish();
  } catch (const Error& e) {
    lost_untold_ += take_back_lost();
    journal_error_ = e.what();
  }
  if (active_->rows->rows() == 0) {
    drop_empty_active();
    return nullptr;
  }
  if (active_->journal) {
    // Without its trailer, or without a journal that can be trusted, the segment still goes: its rows are in memory,
    // and the keeper writes them to another.
    (journal_error_.empty() ? journal : stale) = active_->journal->path();
    if (journal_error_.empty()) journal_bytes = active_->journal->bytes();
  }
  const SegmentIdentity identity{store_.buffer_id(), active_->number,      &stream_, active_->rows->rows(), reason,
                                 active_->first_at,  active_->record_bytes};
  auto segment = std::make_shared<Segment>(identity, std::move(active_->rows), std::move(journal), journal_bytes,
                                           /*sent=*/false);
  segment->stale_journal = std::move(stale);
  if (store_.flushes() && journal_error_.empty()) {
    segment->unflushed = active_->journal->file();
    segment->secured.store(false);
  }
  if (store_.journals() && !segment->secured.load()) {
    std::erase_if(sealed_, [](const SegmentPtr& s) { return s->secured.load(); });
    sealed_.push_back(segment);
  }
  crash_point("after the trailer");
  store_.take_over(segment);
  active_.reset();
  uncommitted_ = 0;
  if (lost_untold_ == 0) journal_error_.clear();
  active_rows_.store(0, std::memory_order_relaxed);
  publish();
  crash_point("after a seal");
  return segment;
}

void WriterCore::publish() {
  if (active_) active_rows_.store(active_->rows->rows(), std::memory_order_relaxed);
  active_bytes_.store(active_ ? active_->rows->bytes() : 0, std::memory_order_relaxed);
  active_disk_bytes_.store(active_ && active_->journal ? active_->journal->bytes() : 0, std::memory_order_relaxed);
}

}  // namespace forebay
