#include "buffer/journal_set.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "base/crash_point.hpp"
#include "forebay/error.hpp"
#include "journal/reader.hpp"

namespace forebay {

using std::chrono::steady_clock;

JournalSet::JournalSet(JournalOptions options, SegmentQueue& queue)
    : wake_timer_(std::move(options.wake_timer)),
      log_(std::move(options.log)),
      queue_(queue),
      folder_(std::move(options.folder), options.durability, std::move(options.create_file),
              std::move(options.flush_folder)),
      keeper_(folder_, {[this](const SegmentPtr& segment) { secure(segment); },
                        [this](const Error& error) { flush_failed(error); }}) {}

void JournalSet::start() {
  if (folder_.writes_ahead()) keeper_.start();
}

EmptyJournal JournalSet::begin() {
  if (!folder_.writes_ahead()) return {folder_.next_segment(), nullptr};
  if (auto spare = keeper_.take_spare()) return std::move(*spare);
  return folder_.create_next();
}

// --- What is wrong

/// The writer finds its file failed at the timer's visit, and moves its rows to another.
void JournalSet::flush_failed(const Error& error) {
  tell_failed(std::string("rows cannot be acknowledged: ") + error.what());
  if (wake_timer_) wake_timer_();
}

void JournalSet::tell_failed(const std::string& line) {
  const auto told = trouble_.failed(line, steady_clock::now());
  if (told && log_) log_(LogLevel::error, *told);
}

void JournalSet::tell_replaced(const std::string& line) {
  const auto told = trouble_.tell(line, steady_clock::now());
  if (told && log_) log_(LogLevel::warning, *told);
}

// --- A journal that can be trusted

void JournalSet::secure(const SegmentPtr& segment) {
  if (segment->secured.load()) return;

  const std::lock_guard turn(segment->securing);
  const std::optional<SegmentQueue::Unsecured> has = queue_.unsecured(segment);
  if (!has) return;

  std::string why = "it could not be written";
  if (has->unflushed) {
    try {
      has->unflushed->flush();
      queue_.secured(segment);
      return;
    } catch (const Error& e) {
      why = e.what();
    }
  }

  try {
    if (!has->memory) throw Error(ErrorCode::local, "its rows are not in memory any more");
    rewrite(segment, has->memory, why);
  } catch (const std::exception& e) {
    if (folder_.writes_ahead()) {
      tell_failed("segment " + std::to_string(segment->id.number) + " has no journal that can be trusted (" + why +
                  "; " + e.what() + "); its rows are in memory and on their way all the same");
    }
    throw;
  }
}

/// From memory, to a new file.
void JournalSet::rewrite(const SegmentPtr& segment, const std::shared_ptr<MemorySegment>& rows,
                         const std::string& why) {
  // At level `memory` there was none: then this is the first, and goes by the first one's name.
  constexpr int kAfterAllReplacements = 1000;
  const bool first = !folder_.writes_ahead() && segment->late_journals == 0;
  const auto file = replace(segment->id.number, first ? 0 : kAfterAllReplacements + segment->late_journals);
  ++segment->late_journals;
  const std::uint64_t bytes = write_journal(segment->id, *rows, file, folder_.flushes());

  const std::vector<std::filesystem::path> useless = queue_.secured_by(segment, file->path(), bytes);
  crash_point("a sealed segment's journal is replaced");
  for (const auto& path : useless) {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }

  if (folder_.writes_ahead()) {
    tell_replaced("the rows of segment " + std::to_string(segment->id.number) + " are in " +
                  file->path().filename().string() + ", and acknowledged, after: " + why);
  }
}

// --- The end

JournalSet::Spill JournalSet::spill() {
  Spill result;
  keeper_.stop();
  if (!folder_.exists()) return result;

  for (const SegmentPtr& segment : queue_.unsettled()) {
    std::string error;
    try {
      secure(segment);
      if (segment->journal().parent_path() == folder_.path()) result.saved.push_back(segment);
      continue;
    } catch (const std::exception& e) {
      error = e.what();
    }

    const std::optional<SegmentQueue::Unsecured> has = queue_.unsecured(segment);
    if (!has) continue;  // it has landed at this moment
    const std::uint64_t saved = std::max(has->landed_rows, JournalReader::readable_rows(has->journal));
    const std::uint64_t unsaved = segment->id.rows - std::min(saved, segment->id.rows);
    result.unsaved_rows += unsaved;
    result.unsaved_by_stream[segment->id.stream->name] += unsaved;
    if (result.error.empty()) result.error = error;
  }
  return result;
}

}  // namespace forebay
