#include "adoption/adoption.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

#include "base/crash_point.hpp"
#include "base/human.hpp"
#include "forebay/error.hpp"
#include "journal/reader.hpp"
#include "quarantine/aside.hpp"
#include "quarantine/file.hpp"

namespace forebay {
namespace fs = std::filesystem;

namespace {

struct Found {
  fs::path path;
  JournalSummary summary;
};

fs::path damaged_name(const fs::path& journal) { return journal.string() + ".damaged"; }

void note_torn(const JournalSummary& s, AdoptedBuffer& adopted) {
  if (s.end != JournalEnd::torn_tail) return;
  ++adopted.torn_journals;
  adopted.torn_bytes += s.bytes - s.bad_offset;
}

/// Tells how the journal ends, if that is worth telling.
void note_end(const Found& found, AdoptedBuffer& adopted) {
  const JournalSummary& s = found.summary;
  note_torn(s, adopted);
  if (s.end != JournalEnd::damaged) return;
  ++adopted.damaged_journals;
  adopted.lost_rows[s.header.stream.name] += s.lost_rows_min;
  adopted.findings.push_back("journal " + found.path.string() + " " + damage_text(s, "saved") +
                             "; the file is kept as " + damaged_name(found.path).filename().string());
}

/// One whose header tells nothing. What it held is known after an orderly end only.
void set_aside(const fs::path& path, const std::string& why, AdoptedBuffer& adopted) {
  std::string lost;
  if (adopted.end) {
    const auto held = adopted.end->journals.find(path.filename().string());
    if (held != adopted.end->journals.end()) {
      adopted.lost_rows[held->second.stream] += held->second.rows;
      lost = ", and none of its " + human_count(held->second.rows) + " rows is saved";
    }
  }

  std::error_code ignored;
  fs::rename(path, damaged_name(path), ignored);
  ++adopted.damaged_journals;
  adopted.findings.push_back("journal " + path.string() + " cannot be read (" + why + ")" + lost + "; it is kept as " +
                             damaged_name(path).filename().string());
}

/// The journal's summary; nothing when it holds no rows (it is removed) or cannot be read (it is set aside).
std::optional<Found> look_at(const fs::path& path, AdoptedBuffer& adopted) {
  std::vector<std::string>& findings = adopted.findings;
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(path, ignored))) {
    findings.push_back(path.string() + " is not a regular file, and is left alone");
    ++adopted.left_files;
    return std::nullopt;
  }

  const std::string name = path.filename().string();
  const OrderlyEnd* end = adopted.end ? &*adopted.end : nullptr;
  try {
    Found found{path, judge(JournalReader::summarize(path), name, end)};
    if (found.summary.rows == 0 && found.summary.end != JournalEnd::damaged) {
      note_torn(found.summary, adopted);
      fs::remove(path, ignored);
      return std::nullopt;
    }
    return found;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::damaged) {
      // Of a newer format, or not readable at this moment: nothing is wrong with it that renaming would mend.
      findings.push_back("journal " + path.string() + " stays where it is: " + e.what());
      ++adopted.left_files;
      return std::nullopt;
    }
    // The header and the first rows go out in one write: a file that ends within its header holds no acknowledged row,
    // unless it was cut later.
    if (fs::file_size(path, ignored) == 0 && (end == nullptr || !end->journals.contains(name))) {
      fs::remove(path, ignored);
    } else {
      set_aside(path, e.what(), adopted);
    }
    return std::nullopt;
  }
}

/// How the process ended, as far as it could note that.
void look_at_end(AdoptedBuffer& adopted) {
  try {
    adopted.end = read_orderly_end(adopted.folder.path);
  } catch (const Error& e) {
    adopted.findings.push_back(std::string(e.what()) + "; so whether its journals are whole is not known");
  }
}

/// One that is damaged goes aside, and another can be begun; one that cannot be read now stays, and a row that is
/// refused meanwhile holds its batch up.
void open_quarantine_of(AdoptedBuffer& adopted) {
  const fs::path& folder = adopted.folder.path;
  try {
    adopted.quarantine = std::make_shared<Quarantine>(folder, adopted.folder.manifest.buffer);
  } catch (const Error& e) {
    ++adopted.left_files;
    if (e.code() != ErrorCode::damaged) {
      adopted.findings.emplace_back(e.what());
      return;
    }
    try {
      adopted.findings.push_back(std::string(e.what()) + "; it is kept as " + set_quarantine_aside(folder));
    } catch (const Error& stays) {
      adopted.findings.push_back(std::string(e.what()) + "; " + stays.what());
      return;
    }
    adopted.quarantine = std::make_shared<Quarantine>(folder, adopted.folder.manifest.buffer);
  }
}

void add_retry(const Retry& retry, AdoptedBuffer& adopted, StreamRegistry& streams) {
  ++adopted.retries;
  adopted.segments.push_back(
      retry_segment(adopted.folder.manifest.buffer, retry, streams.same_as(retry.stream), adopted.quarantine));
}

void count_set_aside(std::uint64_t files, AdoptedBuffer& adopted) {
  if (files == 0) return;
  adopted.left_files += files;
  adopted.findings.push_back("buffer " + adopted.folder.path.string() + " holds " +
                             counted(files, "file that was", "files that were") +
                             " set aside as *.damaged before; look at what you need of it, then remove the folder");
}

}  // namespace

AdoptedBuffer adopt(BufferFolder folder, StreamRegistry& streams) {
  AdoptedBuffer adopted{std::move(folder)};
  look_at_end(adopted);

  std::uint64_t set_aside_before = 0;
  // By buffer, too: a journal that someone put into this folder must not pass for one of its own.
  std::map<std::pair<std::string, std::uint64_t>, Found> newest;
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator entry(adopted.folder.path, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".journal") paths.push_back(entry->path());
    if (entry->path().extension() == ".damaged") ++set_aside_before;
  }
  if (error) {
    throw Error(ErrorCode::local, "cannot read directory " + adopted.folder.path.string() + ": " + error.message());
  }

  count_set_aside(set_aside_before, adopted);
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    auto found = look_at(path, adopted);
    if (!found) continue;
    const JournalHeader& header = found->summary.header;
    const auto [other, first] = newest.try_emplace({header.buffer, header.segment}, *found);
    if (first) continue;
    // A replacement was written because its elder failed. Killed on the way, it may hold less than the elder does.
    if (found->summary.rows >= other->second.summary.rows) std::swap(other->second, *found);
    fs::remove(found->path, error);
  }

  crash_point("an orphan's journals are read");
  open_quarantine_of(adopted);
  const SteadyTime now = std::chrono::steady_clock::now();
  StampedRows& stamped = adopted.stamped;
  stamped.boot_id = adopted.folder.manifest.boot_id;
  stamped.wall_minus_boot_us = adopted.folder.manifest.wall_minus_boot_us;
  stamped.refused_ahead_us = read_clock_apart(adopted.folder.path);

  for (auto& [identity, found] : newest) {
    const JournalSummary& s = found.summary;
    const bool damaged = s.end == JournalEnd::damaged;
    note_end(found, adopted);
    if (s.rows == 0) {
      fs::rename(found.path, damaged_name(found.path), error);
      continue;
    }

    stamped.version_min = adopted.rows == 0 ? s.version_min : std::min(stamped.version_min, s.version_min);
    stamped.version_max = adopted.rows == 0 ? s.version_max : std::max(stamped.version_max, s.version_max);
    adopted.rows += s.rows;
    auto segment =
        std::make_shared<Segment>(SegmentIdentity{s.header.buffer, s.header.segment, streams.same_as(s.header.stream),
                                                  s.rows, Reason::recover, now, s.bytes},
                                  nullptr, found.path, s.bytes, /*sent=*/true);
    if (damaged) segment->set_aside_as = damaged_name(found.path);
    segment->quarantine = adopted.quarantine;
    if (adopted.quarantine) adopted.quarantine->expect(segment->id.buffer, segment->id.number);
    adopted.segments.push_back(std::move(segment));
  }

  if (adopted.quarantine) {
    for (const Retry& retry : adopted.quarantine->retries()) add_retry(retry, adopted, streams);
  }
  return adopted;
}

bool only_quarantine_left(const AdoptedBuffer& adopted) {
  return adopted.segments.empty() && adopted.findings.empty() && adopted.left_files == 0 &&
         adopted.torn_journals == 0 && adopted.quarantine && !adopted.quarantine->rows().empty();
}

void retry_quarantined(AdoptedBuffer& adopted, const std::string& stream, std::uint64_t rows_max,
                       StreamRegistry& streams) {
  if (!adopted.quarantine) return;
  std::uint64_t unreadable = 0;
  for (const Retry& retry : adopted.quarantine->begin_retries(stream, rows_max, unreadable)) {
    add_retry(retry, adopted, streams);
  }

  if (unreadable > 0) {
    adopted.findings.push_back("quarantine " + (adopted.folder.path / kQuarantineName).string() + ": " +
                               counted(unreadable, "row is damaged and stays", "rows are damaged and stay"));
  }
}

}  // namespace forebay
