// How a Buffer ends: what stays in its folder, what is noted of it, and what is recorded in the totals.

#include <algorithm>
#include <utility>

#include "adoption/finish_adoption.hpp"
#include "base/clock.hpp"
#include "base/crash_point.hpp"
#include "base/human.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/sources.hpp"
#include "engine/buffer_core.hpp"
#include "forebay/error.hpp"
#include "state/marks.hpp"

namespace forebay {

/// What has landed leaves nothing behind; what has not stays in its folder, unlocked, for an adopter.
void BufferCore::leave_state(SyncResult& result) {
  const JournalSet::Spill spill = store_->journals().spill();
  if (spill.unsaved_rows > 0) {
    result.unsaved_rows = spill.unsaved_rows;
    store_->queue().unsaved(spill.unsaved_by_stream);
    log_(LogLevel::error,
         counted(spill.unsaved_rows, "row", "rows") + " that only memory held could not be saved: " + spill.error);
  }
  note_errors_of_adopted();
  adopted_.buffers.clear();
  if (!folder_) return;
  const bool refused_rows_stay = quarantine_stays(result);
  record_own_totals(spill.unsaved_by_stream);
  note_own_error(result);
  note_orderly_end(spill);
  // What is left is all in journals now: an adopter need not look at checkpoints.
  const bool whole = (result.pending_rows > 0 || refused_rows_stay) && spill.unsaved_rows == 0;
  try {
    if (options_.durability == Durability::memory && whole) mark_journals_complete(folder_->path);
  } catch (const Error& e) {
    log_(LogLevel::debug, e.what());  // then a checkpoint is looked at, too, and brings nothing new
  }
  // At level `memory` a checkpoint may hold what the disk did not take: then there is something to adopt.
  const bool may_come_back = options_.durability == Durability::memory && spill.unsaved_rows > 0;
  const bool gone = !may_come_back && StateDirectory::remove_buffer(*folder_);
  if (gone && spill.unsaved_rows == 0) {
    note_all_landed(folder_->manifest.checkpoint_directory, folder_->manifest.buffer);
  }
  folder_.reset();
}

LastError BufferCore::last_error() const {
  const Scheduler::State state = scheduler_->state();
  const auto missing = state.missing_by_buffer.find(store_->queue().buffer_id());
  return {state.last_error, state.last_error_us.value_or(wall_us()),
          missing == state.missing_by_buffer.end() ? 0 : missing->second};
}

/// For who looks at what this process could not send either.
void BufferCore::note_errors_of_adopted() {
  const std::map<std::string, std::uint64_t> missing = scheduler_->state().missing_by_buffer;
  for (const AdoptedBuffer& adopted : adopted_.buffers) {
    if (landed(adopted)) continue;
    LastError now = last_error();
    const auto before = read_last_error(adopted.folder.path);
    const auto found = missing.find(adopted.folder.manifest.buffer);
    now.missing_rows = (before ? before->missing_rows : 0) + (found == missing.end() ? 0 : found->second);
    if (now.message.empty() && before) now = {before->message, before->at_us, now.missing_rows};
    ErrorNote(adopted.folder.path, options_.durability, log_).note_last(now);
  }
}

/// The totals know of missing rows by now.
void BufferCore::note_own_error(const SyncResult& result) {
  LastError now = last_error();
  now.missing_rows = 0;
  if (result.pending_rows == 0) now.message.clear();
  error_note_->note_last(now);
}

bool BufferCore::landed(const AdoptedBuffer& adopted) const {
  return std::ranges::all_of(adopted.segments, [this](const SegmentPtr& s) { return store_->queue().is_settled(s); });
}

/// The file goes when it holds nothing; else it stays, and its folder with it.
bool BufferCore::quarantine_stays(const SyncResult& result) {
  bool stays = true;
  try {
    stays = !quarantine_->remove_if_empty();
  } catch (const Error& e) {
    log_(LogLevel::error, e.what());
  }
  if (result.quarantined_rows > 0) {
    const std::string them = result.quarantined_rows == 1 ? "it" : "them";
    // Not that it is for what they contain: a timeout or a lost session may be the reason, too.
    log_(LogLevel::warning, counted(result.quarantined_rows, "row is", "rows are") +
                                " in quarantine: the destination does not take " + them +
                                "; forebay errors shows why, and when the cause is fixed, forebay retry-errors sends " +
                                them + " again");
  }
  return stays;
}

/// For whoever adopts what is left: from here on a journal that is cut short is damaged.
void BufferCore::note_orderly_end(const JournalSet::Spill& spill) {
  if (spill.saved.empty() && spill.unsaved_rows == 0) return;
  OrderlyEnd end;
  for (const SegmentPtr& s : spill.saved) {
    end.journals[s->journal().filename().string()] = {s->id.stream->name, s->id.rows};
  }
  end.lost_rows = spill.unsaved_by_stream;
  end.why_lost = spill.error;
  crash_point("journals are sealed at the end, and not marked as such");
  try {
    write_orderly_end(folder_->path, end, options_.durability == Durability::power);
  } catch (const Error& e) {
    log_(LogLevel::warning, std::string("that this buffer came to an orderly end is not noted: ") + e.what());
  }
  crash_point("journals are sealed at the end, and marked as such");
}

void BufferCore::finish_adopted() {
  const std::map<std::string, std::uint64_t> missing = scheduler_->state().missing_by_buffer;
  const auto ledger = [&](const std::string& buffer) {
    BufferTotals totals{buffer, destination_->description(), {}};
    if (const auto found = missing.find(buffer); found != missing.end()) totals.missing = found->second;
    for (const LedgerTotals& t : destination_->ledger_totals(buffer)) {
      totals.streams[t.stream].synced = t.synced;
      totals.streams[t.stream].superseded = t.superseded;
      totals.streams[t.stream].quarantined = t.quarantined;
    }
    return totals;
  };
  for (const AdoptedBuffer& adopted : adopted_.buffers) {
    if (!landed(adopted)) continue;
    if (!finish_adoption(*state_, adopted, ledger, log_)) {
      log_(LogLevel::debug, "buffer " + adopted.folder.path.string() + " stays");
    }
  }
}

/// What this buffer brought itself. Rows that it leaves are counted by whoever brings those.
void BufferCore::record_own_totals(const std::map<std::string, std::uint64_t>& unsaved) {
  BufferTotals totals{folder_->manifest.buffer, folder_->manifest.destination, {}};
  totals.missing = last_error().missing_rows;
  std::uint64_t taken = 0;
  std::map<std::string, std::uint64_t> missing = scheduler_->state().missing_by_stream;
  for (const auto& [stream, counts] : store_->accounts().streams) {
    const Counts there = without_missing(counts, missing[stream]);
    totals.streams[stream] = {there.synced, there.superseded, there.quarantined, 0, there.dropped};
    taken += counts.accepted;
  }
  for (const auto& [stream, rows] : unsaved) totals.streams[stream].lost = rows;
  if (taken + totals.missing == 0) return;
  try {
    record_totals(state_->path(), totals);
  } catch (const Error& e) {
    log_(LogLevel::warning, std::string("the totals of this buffer are not recorded: ") + e.what());
  }
}

}  // namespace forebay
