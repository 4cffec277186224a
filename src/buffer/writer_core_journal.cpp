// What WriterCore does with its active segment's journal: group commits, and another journal for one that failed.

#include <utility>

#include "base/crash_point.hpp"
#include "buffer/writer_core.hpp"
#include "forebay/error.hpp"

namespace forebay {

/// A failure is kept and told by the next add() or commit(): the rows are in memory and on their way all the same.
void WriterCore::commit_group(SteadyTime flush_at) noexcept {
  crash_point("before a group commit");
  try {
    active_->rows->commit();
    crash_point("SQLite has committed, the journal has not");
    if (active_->journal && journal_error_.empty()) {
      active_->journal->commit();
      if (journals_.folder().flushes()) journals_.keeper().flush_at(active_->journal->file(), flush_at);
    }
    uncommitted_ = 0;
    crash_point("after a group commit");
  } catch (const std::exception& e) {
    lost_untold_ += take_back_lost();
    journal_error_ = e.what();
    journals_.tell_failed("rows cannot be acknowledged: " + journal_error_);
  }
  publish();
}

void WriterCore::note_failed_flush() {
  if (active_->journal && active_->journal->file()->has_failed() && journal_error_.empty()) {
    journal_error_ = active_->journal->file()->error();
  }
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

/// After a failed write or flush the file is never trusted again: the segment's rows go to a new one, whose header
/// names the old. Waits for the new one's flush: until it is known to be good, this writer has nothing to write to.
void WriterCore::heal_journal() {
  if (active_ && active_->journal) {
    const std::filesystem::path old = active_->journal->path();
    std::shared_ptr<JournalFile> file;
    try {
      file = journals_.replace(active_->number, ++active_->replacements);
      JournalWriter fresh(file, {queue_.buffer_id(), active_->number, stream_, old.filename().string()});
      MemorySegment& rows = *active_->rows;
      rows.commit();
      fresh.append_all(rows.rows(), [&](std::uint64_t first, std::uint64_t last) { return rows.read(first, last); });
      if (journals_.folder().flushes()) file->flush();
      active_->journal.emplace(std::move(fresh));
    } catch (const Error& e) {
      std::error_code ignored;
      if (file) std::filesystem::remove(file->path(), ignored);
      lost_untold_ += take_back_lost();
      journal_error_ = e.what();
      journals_.tell_failed("rows cannot be acknowledged: " + journal_error_);
      throw;
    }

    crash_point("a journal is replaced");
    std::error_code ignored;
    std::filesystem::remove(old, ignored);
    uncommitted_ = 0;
    journals_.tell_replaced("the rows of journal " + old.string() + " are in " + file->path().filename().string() +
                            ", and acknowledged, after: " + journal_error_);
  }

  journal_error_.clear();
  publish();
  if (const std::uint64_t lost = std::exchange(lost_untold_, 0); lost > 0) {
    throw Error(ErrorCode::local, "out of memory: " + std::to_string(lost) +
                                      " records not yet acknowledged were not taken; add them again");
  }
}

}  // namespace forebay
