#include "adoption/quarantine_drop.hpp"

#include <map>
#include <optional>
#include <utility>

#include "adoption/buffer_listing.hpp"
#include "base/clock.hpp"
#include "base/crash_point.hpp"
#include "forebay/error.hpp"
#include "quarantine/view.hpp"
#include "state/totals.hpp"

namespace forebay {
namespace {

/// Others may have it for a moment: another drop, or one that looks for orphans.
BufferFolder lock_buffer(const StateDirectory& state, const std::string& buffer) {
  StateDirectory::Wanted wanted;
  wanted.any_destination = true;
  wanted.buffer = buffer;
  wanted.only_quarantined = true;

  std::optional<BufferFolder> locked;
  soon([&] {
    FoundOrphans found = state.lock_orphans(wanted);
    if (!found.locked.empty()) locked = std::move(found.locked.front());
    for (const LeftAlone& left : found.left_alone) {
      if (!locked && left.path.filename() == buffer) {
        throw Error(ErrorCode::local, "nothing of buffer " + buffer + " was dropped: " + left.why);
      }
    }
    return locked.has_value() || found.in_use == 0;
  });

  if (locked) return *std::move(locked);
  throw Error(ErrorCode::local, "nothing of buffer " + buffer +
                                    " was dropped: a living process has it by now, or it is gone; look again with "
                                    "forebay errors");
}

/// Puts the file's counts of dropped rows into the totals. Where a kill comes between the drop and this, the next drop
/// or adopter does it: the file keeps its counts.
void record(const StateDirectory& state, const BufferFolder& folder, const Quarantine& quarantine) {
  std::map<std::string, DroppedRows> streams;
  for (const auto& [stream, rows] : quarantine.given_up()) streams[stream].dropped = rows;
  for (const auto& [stream, rows] : quarantine.rows()) {
    if (const auto found = streams.find(stream); found != streams.end()) found->second.left = rows;
  }
  record_dropped(state.path(), folder.manifest.buffer, folder.manifest.destination, streams);
}

}  // namespace

std::uint64_t drop_quarantined(const StateDirectory& state, const std::string& buffer,
                               const std::vector<EntryName>& rows) {
  const BufferFolder folder = lock_buffer(state, buffer);
  Quarantine quarantine(folder.path, folder.manifest.buffer);
  for (const auto& [of, segment] : segments_in_doubt(folder.path)) quarantine.expect(of, segment);

  std::uint64_t gone = 0;
  for (const auto& [stream, n] : quarantine.give_up(rows)) gone += n;
  crash_point("quarantined rows are dropped, and not in the totals");
  record(state, folder, quarantine);

  const auto listed = list_buffer(folder.path);
  const LeftRows left = listed ? read_left_rows(*listed) : LeftRows();
  const bool may_come_back = left.only_to_checkpoint && !left.end;
  if (left.nothing() && left.quarantined.empty() && !may_come_back && quarantine.remove_if_empty()) {
    // Checkpoints that hold what was dropped are left alone: nothing says that it is at its destination.
    StateDirectory::remove_buffer(folder);
  }
  return gone;
}

}  // namespace forebay
