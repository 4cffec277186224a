#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adoption/version_shift.hpp"
#include "base/stream_registry.hpp"
#include "buffer/segment.hpp"
#include "state/marks.hpp"
#include "state/state_directory.hpp"

namespace forebay {

/// A dead process's buffer, taken over where it lies.
struct AdoptedBuffer {
  BufferFolder folder;
  std::shared_ptr<Quarantine> quarantine{};  // null: it cannot be read, and stays
  std::vector<SegmentPtr> segments{};  // replayed from their journals when their turn comes; may have been sent before
  std::uint64_t rows = 0;
  std::uint64_t torn_journals = 0;  // without an orderly end: their last bytes make no whole row, and are left out
  std::uint64_t torn_bytes = 0;
  std::uint64_t damaged_journals = 0;
  std::uint64_t left_files = 0;  // journals that cannot be read now, and what was set aside before: they stay
  std::map<std::string, std::uint64_t> lost_rows{};  // of those, by stream: at least
  StampedRows stamped{};                             // of all rows
  std::optional<OrderlyEnd> end{};                   // none: it was killed
  std::uint64_t retries = 0;                         // of segments: quarantined rows that were being sent again
  /// What a person should know, a line each: damage, and what was set aside or cannot be read.
  std::vector<std::string> findings{};
};

/// The folder holds refused rows and nothing else that an adopter has to see to.
bool only_quarantine_left(const AdoptedBuffer& adopted);

/// Sends what the quarantine holds again, with the rest of the segments: rows of `stream`, or all.
void retry_quarantined(AdoptedBuffer& adopted, const std::string& stream, std::uint64_t rows_max,
                       StreamRegistry& streams);

/// Reads every journal of the folder once. Journals that hold nothing are removed; of a segment that was written twice
/// (its first journal failed) the fuller one counts; damaged ones are set aside as *.damaged, and what cannot be read
/// now stays. After an orderly end one that is not whole is damaged. Throws Error(local) when the folder can't be read.
AdoptedBuffer adopt(BufferFolder folder, StreamRegistry& streams);

}  // namespace forebay
