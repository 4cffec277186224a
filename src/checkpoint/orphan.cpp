#include "checkpoint/orphan.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "checkpoint/folder.hpp"
#include "checkpoint/sources.hpp"
#include "checkpoint/writer.hpp"
#include "forebay/error.hpp"
#include "journal/reader.hpp"
#include "quarantine/view.hpp"
#include "state/marks.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

struct Journal {
  fs::path path;
  JournalSummary summary;
};

/// The journals to copy: of each segment the fullest.
std::vector<Journal> journals_of(const BufferFolder& folder, OrphanCheckpoint& result) {
  std::map<std::pair<std::string, std::uint64_t>, Journal> fullest;
  std::optional<OrderlyEnd> ended;
  try {
    ended = read_orderly_end(folder.path);
  } catch (const Error& e) {
    result.findings.emplace_back(e.what());
  }

  std::error_code error;
  for (fs::directory_iterator at(folder.path, error), end; !error && at != end; at.increment(error)) {
    const fs::path& path = at->path();
    if (path.extension() == ".damaged") {
      result.incomplete = true;
      result.findings.push_back(path.string() +
                                " was set aside as damaged before, and its rows are not in the checkpoint");
      continue;
    }
    if (path.extension() != ".journal") continue;
    try {
      Journal found{path, judge(JournalReader::summarize(path), path.filename().string(), ended ? &*ended : nullptr)};
      Journal& best = fullest[{found.summary.header.buffer, found.summary.header.segment}];
      if (best.path.empty() || found.summary.rows > best.summary.rows) best = std::move(found);
    } catch (const Error& e) {
      const bool held_rows = ended && ended->journals.contains(path.filename().string());
      if (e.code() == ErrorCode::damaged && !held_rows && fs::is_empty(path, error)) continue;  // a spare one
      result.incomplete = true;
      result.findings.push_back("journal " + path.string() + " is not in the checkpoint: " + e.what());
    }
  }

  if (error) {
    throw Error(ErrorCode::local, "cannot read directory " + folder.path.string() + ": " + error.message());
  }

  std::vector<Journal> journals;
  for (auto& [identity, journal] : fullest) {
    const JournalSummary& s = journal.summary;
    if (s.end == JournalEnd::damaged) {
      result.incomplete = true;
      result.findings.push_back("journal " + journal.path.string() + " " + damage_text(s, "in the checkpoint"));
    }
    if (s.rows > 0) journals.push_back(std::move(journal));
  }
  return journals;
}

void copy(const Journal& journal, CheckpointWriter& writer) {
  JournalReader reader(journal.path);
  const JournalHeader& header = reader.header();
  writer.add_segment(header.buffer, header.segment, header.stream);
  constexpr std::uint64_t kRowsAtOnce = 5000;
  for (;;) {
    RowSet rows(header.stream.columns.size());
    if (!reader.next(rows, kRowsAtOnce)) return;
    writer.add_rows(rows);
  }
}

}  // namespace

CheckpointOrigin checkpoint_origin(const Manifest& manifest, const fs::path& state_directory) {
  return {manifest.buffer,     manifest.host,        manifest.boot_id,        manifest.pid,
          manifest.durability, manifest.destination, state_directory.string()};
}

OrphanCheckpoint checkpoint_of_orphan(const BufferFolder& folder, const fs::path& state_directory,
                                      const fs::path& checkpoints) {
  OrphanCheckpoint result;
  result.buffer = folder.manifest.buffer;
  if (folder.manifest.durability == Durability::memory) {
    const fs::path& own = folder.manifest.checkpoint_directory;
    CheckpointJournals restored =
        journals_from_checkpoint(folder, own.empty() ? checkpoints : checkpoints_of_buffer(own, state_directory));
    result.incomplete = !restored.findings.empty() && !restored.checkpoint;
    result.findings = std::move(restored.findings);
  }

  const std::vector<Journal> journals = journals_of(folder, result);
  bool refused = false;
  try {
    refused = !count_quarantined(folder.path, {}).empty();
  } catch (const Error& e) {
    result.incomplete = true;
    result.findings.emplace_back(e.what());
  }
  if (journals.empty() && !refused) return result;

  CheckpointWriter writer(checkpoints, checkpoint_origin(folder.manifest, state_directory));
  for (const Journal& journal : journals) copy(journal, writer);
  add_quarantine(folder.path, writer);
  if (result.incomplete) writer.note_missing(result.findings.back());
  result.file = writer.finish();
  return result;
}

}  // namespace forebay
