#include "checkpoint/quarantine.hpp"

#include <cstdint>
#include <string>

#include "forebay/error.hpp"
#include "quarantine/view.hpp"
#include "state/state_directory.hpp"

namespace forebay {

void add_quarantine(const std::filesystem::path& folder, CheckpointWriter& writer) {
  // Segments of a buffer of their own: at level `memory` an adopter makes journals of its buffer's segments, and these
  // rows have their quarantine.
  const std::string buffer = StateDirectory::new_buffer_id();
  std::uint64_t segment = 0;
  bool damaged = false;
  const auto copy = [&](const QuarantineCopy& some) {
    if (some.rows.row(0).number == 1) writer.add_segment(buffer, ++segment, some.stream);
    writer.add_rows(some.rows);
  };
  try {
    damaged = copy_quarantine(folder, copy) > 0;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::damaged && e.code() != ErrorCode::not_built_yet) throw;
    writer.note_missing(e.what());
  }
  if (damaged) writer.note_missing("quarantine in " + folder.string() + ": some of its rows are damaged");
}

}  // namespace forebay
