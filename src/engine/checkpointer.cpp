#include "engine/checkpointer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.hpp"
#include "base/human.hpp"
#include "base/timer.hpp"
#include "checkpoint/hook.hpp"
#include "checkpoint/sources.hpp"
#include "forebay/error.hpp"
#include "journal/reader.hpp"

namespace forebay {

using std::chrono::steady_clock;

namespace {

constexpr std::uint64_t kCopiedRowsAtOnce = 5000;

void copy_from_memory(const SegmentCopy& copy, CheckpointWriter& writer) {
  const SegmentIdentity& id = copy.segment->id;
  writer.add_segment(id.buffer, id.number, *id.stream);
  for (std::uint64_t first = 1; first <= id.rows; first += kCopiedRowsAtOnce) {
    writer.add_rows(copy.memory->read(first, std::min(first + kCopiedRowsAtOnce - 1, id.rows)));
  }
}

/// A journal may go while it is read: then its rows have landed, and need not be in the copy. What fails in writing the
/// copy ends it.
void copy_from_journal(const SegmentCopy& copy, const SegmentQueue& queue, CheckpointWriter& writer) {
  const SegmentIdentity& id = copy.segment->id;
  writer.add_segment(id.buffer, id.number, *id.stream);
  std::optional<JournalReader> journal;
  for (std::uint64_t copied = 0; copied < id.rows;) {
    RowSet rows(id.stream->columns.size());
    try {
      if (!journal) journal.emplace(copy.journal);
      journal->next(rows, std::min(kCopiedRowsAtOnce, id.rows - copied));
      if (rows.size() == 0) {
        throw Error(ErrorCode::damaged, "journal " + copy.journal.string() + " no longer holds its rows after row " +
                                            std::to_string(copied));
      }
    } catch (const Error& e) {
      writer.cancel_segment();
      if (!queue.is_settled(copy.segment)) writer.note_missing(e.what());
      return;
    }
    rows.shift_versions(copy.segment->version_shift);
    copied += rows.size();
    writer.add_rows(rows);
  }
}

}  // namespace

Checkpointer::Checkpointer(SegmentStore& store, CheckpointerOptions options)
    : store_(store), options_(std::move(options)), retention_(options_.directory, options_.retention) {}

Checkpointer::~Checkpointer() { stop(); }

void Checkpointer::start() {
  thread_ = start_thread("to write checkpoints", [this] { run(); });
}

void Checkpointer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::run() {
  SteadyTime due = steady_clock::now() + options_.interval;
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!for_hook_.empty()) {
      const std::filesystem::path checkpoint = std::move(for_hook_.front());
      for_hook_.pop_front();
      lock.unlock();
      run_hook(checkpoint);
      lock.lock();
      continue;
    }
    if (stopping_) return;
    const bool periodic = options_.interval.count() > 0;
    if (periodic && steady_clock::now() >= due) {
      lock.unlock();
      create_if_changed();
      lock.lock();
      due = steady_clock::now() + options_.interval;
      continue;
    }
    const auto something = [this] { return stopping_ || !for_hook_.empty(); };
    if (periodic) {
      wake_.wait_until(lock, due, something);
    } else {
      wake_.wait(lock, something);
    }
  }
}

void Checkpointer::create_if_changed() {
  try {
    const std::lock_guard lock(writing_);
    if (store_.accepted_rows() == accepted_before_ || store_.pending_rows() == 0) return;
    if (options_.only_in_memory && nothing_only_in_memory()) return;
    write(options_.only_in_memory ? CheckpointScope::memory_only : CheckpointScope::all);
  } catch (const std::exception& e) {
    log(LogLevel::error, std::string("no checkpoint was made: ") + e.what());
  }
}

/// As after an adoption at level `memory`: what is pending is all in journals.
bool Checkpointer::nothing_only_in_memory() const {
  return store_.queue().snapshot(/*only_in_memory=*/true).empty() &&
         std::ranges::all_of(store_.writers(), [](const auto& writer) { return writer->active_rows() == 0; });
}

CheckpointResult Checkpointer::create() {
  const std::lock_guard lock(writing_);
  return write(CheckpointScope::all);
}

CheckpointResult Checkpointer::write(CheckpointScope scope) {
  CheckpointWriter writer(options_.directory, options_.origin, scope);
  // Before sealing: a row that comes between is in the copy or counts for the next one, or both.
  const std::uint64_t accepted = store_.accepted_rows();
  store_.seal_all(Reason::checkpoint);
  for (const SegmentCopy& copy : store_.queue().snapshot(scope == CheckpointScope::memory_only)) {
    if (copy.memory) {
      copy_from_memory(copy, writer);
    } else {
      copy_from_journal(copy, store_.queue(), writer);
    }
  }
  if (scope == CheckpointScope::all && !options_.folder.empty()) add_quarantine(options_.folder, writer);
  const CheckpointFile file = writer.finish();
  accepted_before_ = accepted;
  {
    const std::lock_guard lock(mutex_);
    last_ = Last{wall_us(), file.rows};  // before anyone is told
  }
  log(LogLevel::info,
      "checkpoint created " + file.path + " (" + counted(file.rows, "row, ", "rows, ") + human_bytes(file.bytes) + ")");
  after(file);
  return {file.path, file.rows, file.bytes};
}

void Checkpointer::after(const CheckpointFile& finished) {
  {
    const std::lock_guard lock(mutex_);
    if (!options_.hook.empty()) for_hook_.emplace_back(finished.path);
  }
  wake_.notify_all();
  retention_.note_good(finished.path);
  for (const std::filesystem::path& gone : retention_.apply(options_.is_finished)) {
    log(LogLevel::info, "checkpoint removed " + gone.string() + ": nothing needs it any more");
  }
}

void Checkpointer::run_hook(const std::filesystem::path& checkpoint) {
  const HookResult result = run_checkpoint_hook(options_.hook, checkpoint, [this](std::string_view line) {
    log(LogLevel::info, "checkpoint hook: " + std::string(line));
  });
  if (!result.succeeded)
    log(LogLevel::warning, result.problem + "; the checkpoint itself is whole: " + checkpoint.string());
}

std::optional<Checkpointer::Last> Checkpointer::last_checkpoint() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace forebay
