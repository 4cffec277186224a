#include "buffer/writer_core.hpp"

#include <utility>

#include "base/crash_point.hpp"
#include "buffer/segment_store.hpp"
#include "forebay/error.hpp"

namespace forebay {

namespace {
constexpr std::uint64_t kGroupRows = 1000;
}

WriterCore::WriterCore(SegmentStore& store, const Stream& stream)
    : store_(store), stream_(stream), check_rows_(rows_between_checks(store.limits())) {}

void WriterCore::add(std::int64_t version, std::span<const Value> values) {
  check_values(stream_, values);
  store_.admit();
  bool look_at_limits = false;
  SegmentPtr sealed;
  {
    const std::lock_guard lock(mutex_);
    if (retired_) throw Error(ErrorCode::stopped, "the buffer is stopped and takes no more records");
    if (!journal_error_.empty()) heal_journal();
    if (!active_) open_active();
    // The journal first: it only gathers bytes, and refuses what is too large before SQLite holds it.
    if (active_->journal) active_->journal->append(version, values);
    try {
      active_->rows->append(version, values);
    } catch (const Error&) {
      const std::uint64_t lost = active_rows() - active_->rows->rows();
      if (active_->journal) {
        // Back to the last group commit; what SQLite kept beyond it is encoded anew.
        active_->journal->take_back_uncommitted();
        const std::uint64_t from = active_->rows->committed_rows() + 1;
        if (active_->rows->rows() >= from) {
          const RowSet kept = active_->rows->read(from, active_->rows->rows());
          for (std::size_t i = 0; i < kept.size(); ++i) {
            active_->journal->append(kept.row(i).version, kept.values(i));
          }
        }
      }
      uncommitted_ = active_->rows->rows() - active_->rows->committed_rows();
      accepted_rows_.fetch_sub(lost, std::memory_order_relaxed);
      publish();
      if (lost == 0) throw;
      throw Error(ErrorCode::local, "out of memory: this record and " + std::to_string(lost) +
                                        " not yet acknowledged before it were not taken; add them again");
    }
    crash_point("a record is in its segment");
    const std::uint64_t rows = active_->rows->rows();
    active_rows_.store(rows, std::memory_order_relaxed);
    accepted_rows_.store(accepted_rows() + 1, std::memory_order_relaxed);
    if (++uncommitted_ == 1) store_.wake_timer();
    if (uncommitted_ >= kGroupRows) commit_group();
    if (rows >= store_.limits().batch_rows_max) {
      sealed = seal_locked(Reason::batch_size_reached);
      look_at_limits = true;
    } else if (rows % check_rows_ == 0) {
      publish();
      look_at_limits = true;
    }
  }
  if (look_at_limits) store_.make_room();
  if (sealed && store_.unbuffered()) store_.wait_until_landed(sealed);
}

void WriterCore::open_active() {
  Active a;
  a.number = store_.next_segment_number();
  a.first_at = std::chrono::steady_clock::now();
  a.rows = std::make_unique<MemorySegment>(stream_);
  if (store_.journals()) {
    a.journal.emplace(store_.create_file(), store_.journal_path(a.number),
                      JournalHeader{store_.buffer_id(), a.number, stream_, {}});
  }
  active_since_.store(a.first_at.time_since_epoch().count(), std::memory_order_relaxed);
  active_.emplace(std::move(a));
}

/// A failure is kept and told by the next add() or commit(): the rows are in memory and on their way all the same.
void WriterCore::commit_group() noexcept {
  crash_point("before a group commit");
  try {
    active_->rows->commit();
    crash_point("SQLite has committed, the journal has not");
    if (active_->journal && journal_error_.empty()) active_->journal->commit();
    uncommitted_ = 0;
    crash_point("after a group commit");
  } catch (const std::exception& e) {
    journal_error_ = e.what();
    store_.report(LogLevel::error, "rows cannot be acknowledged: " + journal_error_);
  }
  publish();
}

/// After a failed write the file is never trusted again: the segment's rows go to a new one, whose header names the
/// old.
void WriterCore::heal_journal() {
  if (!active_ || !active_->journal) {
    journal_error_.clear();
    return;
  }
  const std::filesystem::path old = active_->journal->path();
  const std::filesystem::path path = store_.journal_path(active_->number, active_->replacements + 1);
  try {
    ++active_->replacements;
    JournalWriter fresh(store_.create_file(), path,
                        {store_.buffer_id(), active_->number, stream_, old.filename().string()});
    active_->rows->commit();
    constexpr std::uint64_t kRowsAtOnce = 1000;
    for (std::uint64_t first = 1; first <= active_->rows->rows(); first += kRowsAtOnce) {
      const RowSet rows = active_->rows->read(first, first + kRowsAtOnce - 1);
      for (std::size_t i = 0; i < rows.size(); ++i) fresh.append(rows.row(i).version, rows.values(i));
      fresh.commit();
    }
    active_->journal.emplace(std::move(fresh));
  } catch (const Error& e) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    journal_error_ = e.what();
    throw;
  }
  crash_point("a journal is replaced");
  std::error_code ignored;
  std::filesystem::remove(old, ignored);
  journal_error_.clear();
  uncommitted_ = 0;
  publish();
}

void WriterCore::commit() {
  const std::lock_guard lock(mutex_);
  if (!active_) return;
  if (uncommitted_ > 0) commit_group();
  if (!journal_error_.empty()) heal_journal();
}

WriterCore::Next WriterCore::tick(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (!active_) return {};
  if (uncommitted_ > 0) commit_group();
  if (!journal_error_.empty()) {
    try {
      heal_journal();
    } catch (const Error&) {
      return {.uncommitted = true, .seal_at = {}};  // kept in journal_error_, and tried again
    }
  }
  const ActiveUsage usage{active_rows(),
                          std::chrono::duration_cast<std::chrono::milliseconds>(now - active_->first_at)};
  if (const auto reason = seal_reason(usage, store_.limits())) {
    seal_locked(*reason);
    return {};
  }
  return {.uncommitted = false, .seal_at = active_->first_at + store_.limits().interval};
}

void WriterCore::seal(Reason reason) {
  const std::lock_guard lock(mutex_);
  seal_locked(reason);
}

void WriterCore::retire(Reason reason) {
  const std::lock_guard lock(mutex_);
  seal_locked(reason);
  retired_ = true;
}

SegmentPtr WriterCore::seal_locked(Reason reason) {
  if (!active_ || active_->rows->rows() == 0) return nullptr;
  std::filesystem::path journal;
  std::filesystem::path stale;
  std::uint64_t journal_bytes = 0;
  crash_point("before the trailer");
  try {
    active_->rows->seal();
    if (active_->journal && !journal_error_.empty()) heal_journal();
    if (active_->journal) {
      active_->journal->finish();
      journal = active_->journal->path();
      journal_bytes = active_->journal->bytes();
    }
  } catch (const Error& e) {
    // Without its trailer, or without a journal at all, the segment still goes: its rows are in memory.
    store_.report(LogLevel::error, std::string("segment ") + std::to_string(active_->number) +
                                       " goes on without a journal that can be trusted: " + e.what());
    stale = active_->journal->path();
  }
  const SegmentIdentity identity{store_.buffer_id(),    active_->number, &stream_,
                                 active_->rows->rows(), reason,          active_->first_at};
  auto segment = std::make_shared<Segment>(identity, std::move(active_->rows), std::move(journal), journal_bytes,
                                           /*sent=*/false);
  segment->stale_journal = std::move(stale);
  crash_point("after the trailer");
  store_.take_over(segment);
  active_.reset();
  uncommitted_ = 0;
  journal_error_.clear();
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
