#include "adoption/finish_adoption.hpp"

#include <cstdint>
#include <map>
#include <string>

#include "checkpoint/folder.hpp"
#include "checkpoint/retention.hpp"
#include "checkpoint/sources.hpp"
#include "forebay/error.hpp"
#include "quarantine/aside.hpp"
#include "state/marks.hpp"

namespace forebay {

bool finish_adoption(const StateDirectory& state, const AdoptedBuffer& adopted, const LedgerLookup& ledger,
                     const LogCallback& log) {
  const auto say = [&](LogLevel level, const std::string& line) {
    if (log) log(level, line);
  };
  BufferTotals totals;
  try {
    totals = ledger(adopted.folder.manifest.buffer);
  } catch (const Error& e) {
    say(LogLevel::warning, "what buffer " + adopted.folder.manifest.buffer +
                               " delivered cannot be counted now, so its folder stays for the next start: " + e.what());
    return false;
  }

  if (const auto error = read_last_error(adopted.folder.path)) totals.missing += error->missing_rows;
  for (const auto& [stream, rows] : adopted.lost_rows) totals.streams[stream].lost += rows;

  // What is in quarantine, its file knows, and the ledger where that cannot be read. What the ledger counts beyond the
  // file was in one that was set aside.
  std::map<std::string, std::uint64_t> quarantined;
  if (!adopted.quarantine) {
    totals.quarantine = BufferTotals::Quarantine::unread;
  } else {
    try {
      quarantined = adopted.quarantine->rows();
      for (const auto& [stream, rows] : adopted.quarantine->given_up()) totals.streams[stream].dropped = rows;
    } catch (const Error& e) {
      say(LogLevel::warning, e.what());
      return false;
    }

    const bool some_set_aside = !set_aside_quarantines(adopted.folder.path).empty();
    if (some_set_aside) totals.quarantine = BufferTotals::Quarantine::set_aside;
    for (auto& [stream, of] : totals.streams) {
      const auto found = quarantined.find(stream);
      const std::uint64_t there = found == quarantined.end() ? 0 : found->second;
      const std::uint64_t known = there + of.dropped;
      if (some_set_aside && of.quarantined > known) of.lost += of.quarantined - known;
      of.quarantined = 0;
    }
    for (const auto& [stream, rows] : quarantined) totals.streams[stream].quarantined = rows;
  }

  try {
    record_totals(state.path(), totals);
  } catch (const Error& e) {
    say(LogLevel::warning, "the totals of buffer " + adopted.folder.manifest.buffer + " are not recorded: " + e.what());
  }
  try {
    write_last_error(adopted.folder.path, {}, false);
  } catch (const Error& e) {
    say(LogLevel::debug, e.what());
  }

  if (!quarantined.empty()) {
    // At level `memory`, too, there is nothing else to look for from here on.
    try {
      if (adopted.folder.manifest.durability == Durability::memory) mark_journals_complete(adopted.folder.path);
    } catch (const Error& e) {
      say(LogLevel::debug, e.what());
    }
    return false;
  }

  if (adopted.quarantine && !adopted.quarantine->remove_if_empty()) return false;
  if (!StateDirectory::remove_buffer(adopted.folder)) return false;
  const Manifest& m = adopted.folder.manifest;
  note_all_landed(checkpoints_of_buffer(m.checkpoint_directory, state.path()), m.buffer);
  return true;
}

}  // namespace forebay
