#include "checkpoint/sources.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "base/crash_point.hpp"
#include "base/io.hpp"
#include "buffer/segment.hpp"
#include "checkpoint/folder.hpp"
#include "forebay/error.hpp"
#include "journal/reader.hpp"
#include "journal/writer.hpp"
#include "quarantine/view.hpp"
#include "state/state_directory.hpp"

namespace forebay {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kTemporaryEnd = ".from-checkpoint";

/// The journals that lie in the folder, by segment.
std::map<std::uint64_t, std::vector<fs::path>> journals_there(const BufferFolder& folder) {
  std::map<std::uint64_t, std::vector<fs::path>> there;
  std::error_code error;
  for (fs::directory_iterator at(folder.path, error), end; !error && at != end; at.increment(error)) {
    const fs::path& path = at->path();
    if (path.filename().string().ends_with(kTemporaryEnd)) {
      ::unlink(path.c_str());  // half-written when its writer was killed: the folder is locked, so it is dead
      continue;
    }
    if (path.extension() != ".journal") continue;
    try {
      const JournalReader reader(path);
      if (reader.header().buffer == folder.manifest.buffer) there[reader.header().segment].push_back(path);
    } catch (const Error&) {
      // Adoption tells what is wrong with it. The checkpoint's rows go to another name.
    }
  }

  if (error) {
    throw Error(ErrorCode::local, "cannot read directory " + folder.path.string() + ": " + error.message());
  }
  return there;
}

/// A name for the segment's journal that nothing has, not even a damaged one that was set aside.
fs::path free_name(const fs::path& folder, std::uint64_t segment) {
  for (int replacement = 0;; ++replacement) {
    fs::path path = folder / journal_name(segment, replacement);
    std::error_code ignored;
    if (!fs::exists(fs::symlink_status(path, ignored)) && !fs::exists(path.string() + ".damaged", ignored)) return path;
  }
}

void write_journal(CheckpointReader& reader, const CheckpointSegment& segment, const fs::path& path,
                   const std::string& instead_of) {
  const fs::path temporary = path.string() + std::string(kTemporaryEnd);
  try {
    JournalWriter journal(create_posix_file, temporary, {segment.buffer, segment.number, *segment.stream, instead_of});
    journal.append_all(segment.rows,
                       [&](std::uint64_t first, std::uint64_t last) { return reader.read(segment, first, last); });
    journal.finish();
    journal.file()->flush();  // the mark will say that it is there
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }

  crash_point("a journal from a checkpoint has not its name yet");
  std::error_code error;
  fs::rename(temporary, path, error);
  if (error) {
    throw Error(ErrorCode::local, "cannot rename " + temporary.string() + ": " + error.message());
  }
}

}  // namespace

CheckpointJournals journals_from_checkpoint(const BufferFolder& folder, const fs::path& checkpoints) {
  CheckpointJournals result;
  std::error_code ignored;
  if (fs::exists(folder.path / kJournalsCompleteName, ignored)) return result;

  auto there = journals_there(folder);
  if (const auto problem = checkpoint_directory_problem(checkpoints)) {
    result.findings.push_back("checkpoints in " + checkpoints.string() + " are not looked at: " + *problem);
    return result;
  }

  auto reader = open_newest_good_checkpoint(checkpoints, folder.manifest.buffer, 0, result.findings);
  if (!reader) {
    if (result.findings.empty()) mark_journals_complete(folder.path);
    return result;
  }

  result.checkpoint = reader->path();
  CheckpointSegment segment;
  while (reader->next_segment(segment)) {
    // Adopted from another buffer, which keeps them in journals of its own folder until they have landed.
    if (segment.buffer != folder.manifest.buffer) continue;
    std::uint64_t rows = 0;
    std::string instead_of;
    for (const fs::path& journal : there[segment.number]) {
      rows = std::max(rows, JournalReader::readable_rows(journal));
      instead_of = journal.filename().string();
    }
    if (rows >= segment.rows) continue;
    write_journal(*reader, segment, free_name(folder.path, segment.number), instead_of);
    ++result.journals;
    result.rows += segment.rows;
  }

  mark_journals_complete(folder.path);
  return result;
}

void mark_journals_complete(const fs::path& folder) {
  flush_posix_folder(folder);
  crash_point("journals from a checkpoint are not marked as complete yet");
  const fs::path mark = folder / kJournalsCompleteName;
  const UniqueFd file(::open(mark.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) {
    throw Error(ErrorCode::local, "cannot create " + mark.string() + ": " + std::generic_category().message(errno));
  }
  flush_posix_folder(folder);
}

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
