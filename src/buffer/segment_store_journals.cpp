// SegmentStore and its journals: where the files of segments come from, and how sealed segments get one that can be
// trusted.

#include <algorithm>
#include <utility>

#include "base/crash_point.hpp"
#include "buffer/segment_store.hpp"
#include "forebay/error.hpp"

namespace forebay {

SpareJournal SegmentStore::create_journal() {
  const std::uint64_t segment = next_segment_number();
  return {segment, replace_journal(segment, 0)};
}

std::shared_ptr<JournalFile> SegmentStore::replace_journal(std::uint64_t segment, int replacement) const {
  return std::make_shared<JournalFile>(options_.create_file, options_.folder / journal_name(segment, replacement),
                                       flushes() ? options_.flush_folder : FlushFolder{});
}

SpareJournal SegmentStore::begin_journal() {
  if (auto spare = keeper_.take_spare()) return std::move(*spare);
  return create_journal();
}

void SegmentStore::flush_names(const std::vector<SpareJournal>& journals) const {
  if (!flushes() || journals.empty()) return;
  options_.flush_folder(options_.folder);
  for (const SpareJournal& j : journals) j.file->name_is_flushed();
}

/// The writer finds its file failed at the timer's visit, and moves its rows to another.
void SegmentStore::flush_failed(const Error& error) {
  journal_failed(std::string("rows cannot be acknowledged: ") + error.what());
  wake_timer();
}

void SegmentStore::journal_failed(const std::string& line) {
  if (const auto told = trouble_.failed(line, std::chrono::steady_clock::now())) report(LogLevel::error, *told);
}

void SegmentStore::journal_replaced(const std::string& line) {
  if (const auto told = trouble_.tell(line, std::chrono::steady_clock::now())) report(LogLevel::warning, *told);
}

void SegmentStore::secure(const SegmentPtr& segment) {
  if (segment->secured.load()) return;
  const std::lock_guard turn(segment->securing);
  std::shared_ptr<JournalFile> unflushed;
  std::shared_ptr<MemorySegment> rows;
  {
    const std::lock_guard lock(mutex_);
    if (segment->secured.load() || segment->leaving) return;
    unflushed = segment->unflushed;
    rows = segment->memory();
  }
  std::string why = "it could not be written";
  if (unflushed) {
    try {
      unflushed->flush();
      const std::lock_guard lock(mutex_);
      segment->unflushed.reset();
      segment->secured.store(true);
      return;
    } catch (const Error& e) {
      why = e.what();
    }
  }
  try {
    if (!rows) throw Error(ErrorCode::local, "its rows are not in memory any more");
    replace_journal_of(segment, rows, why);
  } catch (const std::exception& e) {
    if (journals()) {
      journal_failed("segment " + std::to_string(segment->id.number) + " has no journal that can be trusted (" + why +
                     "; " + e.what() + "); its rows are in memory and on their way all the same");
    }
    throw;
  }
}

void SegmentStore::replace_journal_of(const SegmentPtr& segment, const std::shared_ptr<MemorySegment>& rows,
                                      const std::string& why) {
  // At level `memory` there was none: then this is the first, and goes by the first one's name.
  constexpr int kAfterAllReplacements = 1000;
  const bool first = !journals() && segment->late_journals == 0;
  const auto file = replace_journal(segment->id.number, first ? 0 : kAfterAllReplacements + segment->late_journals);
  ++segment->late_journals;
  const std::uint64_t bytes = write_journal(segment->id, *rows, file, flushes());
  std::vector<std::filesystem::path> useless;
  {
    const std::lock_guard lock(mutex_);
    if (segment->leaving) {  // landed meanwhile
      useless.push_back(file->path());
    } else {
      count_locked(*segment, -1);
      useless = {segment->journal(), std::exchange(segment->stale_journal, {})};
      segment->set_journal(file->path(), bytes);
      segment->unflushed.reset();
      segment->secured.store(true);
      count_locked(*segment, +1);
    }
  }
  crash_point("a sealed segment's journal is replaced");
  for (const auto& path : useless) {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove(path, ignored);
  }
  if (journals()) {
    journal_replaced("the rows of segment " + std::to_string(segment->id.number) + " are in " +
                     file->path().filename().string() + ", and acknowledged, after: " + why);
  }
}

SegmentStore::Spill SegmentStore::spill() {
  Spill result;
  keeper_.stop();
  if (options_.folder.empty()) return result;
  for (const SegmentPtr& segment : unsettled()) {
    std::string error;
    try {
      secure(segment);
      if (segment->journal().parent_path() == options_.folder) result.saved.push_back(segment);
      continue;
    } catch (const std::exception& e) {
      error = e.what();
    }
    const std::lock_guard lock(mutex_);
    const auto& left = segment->stale_journal.empty() ? segment->journal() : segment->stale_journal;
    const std::uint64_t saved = std::max(segment->next_row - 1, JournalReader::readable_rows(left));
    const std::uint64_t unsaved = segment->id.rows - std::min(saved, segment->id.rows);
    result.unsaved_rows += unsaved;
    result.unsaved_by_stream[segment->id.stream->name] += unsaved;
    if (result.error.empty()) result.error = error;
  }
  return result;
}

}  // namespace forebay
