#include "adoption/adopt_orphans.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "adoption/adoption_lines.hpp"
#include "adoption/buffer_listing.hpp"
#include "base/human.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/reader.hpp"
#include "checkpoint/sources.hpp"
#include "forebay/error.hpp"
#include "state/marks.hpp"
#include "state/version_reserve.hpp"

namespace forebay {
namespace {

/// Whether there is anything to send in a folder that was left alone; its journals are not read for that.
bool holds_rows(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".journal" && entry.file_size(error) > 0 && !error) return true;
  }
  const auto buffer = list_buffer(folder);
  return buffer && read_left_rows(*buffer).all() > 0;  // level `memory`: in a checkpoint
}

/// Nothing but rows in quarantine, so that there is nothing to adopt. Only where no journal lies is more looked at.
bool is_finished(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".journal") return false;
  }
  const auto buffer = list_buffer(folder);
  return buffer && read_left_rows(*buffer).only_quarantined();
}

/// Rows that are in quarantine to stay, so far.
std::uint64_t quarantined_rows(const AdoptedBuffer& adopted) {
  if (!adopted.quarantine) return 0;
  std::uint64_t rows = 0;
  for (const auto& [stream, n] : adopted.quarantine->rows()) rows += n;
  for (const SegmentPtr& s : adopted.segments) rows -= s->retry ? std::min(rows, s->id.rows) : 0;
  return rows;
}

class Adopter {
 public:
  Adopter(const StateDirectory& state, const AdoptionOptions& options, StreamRegistry& streams)
      : state_(state), options_(options), streams_(streams), now_(clocks_now(options.clocks)) {}

  AdoptedOrphans run() {
    FoundOrphans found = state_.lock_orphans(options_.wanted);
    result_.in_use = found.in_use - (options_.own_buffer && found.in_use > 0 ? 1 : 0);
    left_ = std::move(found.left_alone);
    for (BufferFolder& folder : found.locked) take(std::move(folder));

    for (const std::string& line : grouped_lines(without_checkpoint_, ": ", ": ")) log(LogLevel::warning, line);
    leave_doubtful();
    for (Taken& t : taken_) check_shift(t);
    for (Taken& t : taken_) keep(std::move(t));
    if (options_.shift && options_.shift->count() < 0 && result_.in_use == 0) lower_reserve(found);

    if (!options_.retry_stream) {
      // What is finished has no rows for `recover` to send, here or elsewhere.
      std::erase_if(left_, [](const LeftAlone& left) {
        const bool elsewhere =
            left.cause == LeftAlone::Cause::other_destination || left.cause == LeftAlone::Cause::other_host;
        return elsewhere && is_finished(left.path);
      });
    }

    for (const LeftAlone& left : left_) {
      if (left.cause == LeftAlone::Cause::versions) ++result_.in_doubt;
      if (left.cause == LeftAlone::Cause::unreadable) ++result_.unreadable;
      if (left.cause == LeftAlone::Cause::other_host && holds_rows(left.path)) ++result_.of_other_hosts;
    }
    for (const std::string& line : left_alone_lines(left_)) log(LogLevel::warning, line);

    if (result_.finished > 0 && options_.own_buffer) {
      log(LogLevel::info, counted(result_.finished_rows, "row", "rows") + " of " +
                              counted(result_.finished, "earlier run", "earlier runs") +
                              (result_.finished_rows == 1 ? " is" : " are") +
                              " in quarantine; forebay errors shows why, forebay retry-errors sends them again");
    }
    return std::move(result_);
  }

 private:
  struct Taken {
    AdoptedBuffer buffer;
    std::optional<std::chrono::seconds> shift;
  };

  struct Doubtful {
    std::filesystem::path path;
    VersionDoubt doubt;
  };

  void take(BufferFolder folder) {
    const std::filesystem::path path = folder.path;
    try {
      if (folder.manifest.durability == Durability::memory) look_for_checkpoint(folder);
      AdoptedBuffer adopted = adopt(std::move(folder), streams_);
      const std::optional<std::chrono::seconds> shift = options_.shift ? options_.shift : read_shift(path);

      if (!shift && adopted.rows > 0) {
        if (const auto doubt = doubt_versions(adopted.stamped, now_, options_.clock_tolerance)) {
          doubts_.push_back({path, *doubt});
          return;
        }
      }

      if (options_.retry_stream) {
        retry_quarantined(adopted, *options_.retry_stream, options_.retry_rows_max, streams_);
      } else if (only_quarantine_left(adopted)) {
        ++result_.finished;
        result_.finished_rows += quarantined_rows(adopted);
        return;  // until someone asks for a retry
      }

      taken_.push_back({std::move(adopted), shift});
    } catch (const Error& e) {
      left_.push_back({path, LeftAlone::Cause::unreadable, e.what()});
    }
  }

  /// At level `memory` the journals hold all there is only after an orderly end.
  void look_for_checkpoint(const BufferFolder& folder) {
    std::error_code error;
    if (std::filesystem::exists(folder.path / kJournalsCompleteName, error)) return;
    const bool ended = std::filesystem::exists(folder.path / kOrderlyEndName, error);

    const Manifest& m = folder.manifest;
    const auto directory = checkpoints_of_buffer(m.checkpoint_directory, state_.path());
    const CheckpointJournals found = journals_from_checkpoint(folder, directory);
    for (const std::string& finding : found.findings) log(LogLevel::warning, finding);
    result_.damaged_checkpoints += found.findings.size();

    if (found.checkpoint) {
      log(LogLevel::warning,
          "buffer " + m.buffer + " (level memory) continues from its checkpoint " + found.checkpoint->string() +
              " of " + unix_time(CheckpointReader(*found.checkpoint).info().created_us) + ": " +
              counted(found.rows, "row", "rows") +
              (ended ? " besides its journals" : "; rows added after that, and not sent yet, are lost"));
    } else if (!ended) {
      without_checkpoint_.push_back({folder.path, LeftAlone::Cause::unreadable,
                                     "level memory, no orderly end, and no checkpoint in " + directory.string() +
                                         ": rows that only memory held and that were not sent yet are lost"});
    }
  }

  /// One reason, and so one line, for all whose clock was wrong in one direction: the widest.
  void leave_doubtful() {
    for (const bool ahead : {true, false}) {
      const Doubtful* widest = nullptr;
      std::int64_t narrowest_s = 0;
      for (const Doubtful& d : doubts_) {
        if ((d.doubt.shift_s < 0) != ahead) continue;
        const std::int64_t shift_s = std::llabs(d.doubt.shift_s);
        if (widest == nullptr || shift_s > std::llabs(widest->doubt.shift_s)) widest = &d;
        narrowest_s = narrowest_s == 0 ? shift_s : std::min(narrowest_s, shift_s);
      }
      if (widest == nullptr) continue;

      std::string why = widest->doubt.why + "; once the clock is right, forebay recover --shift-versions " +
                        std::to_string(widest->doubt.shift_s) + " moves them and sends them (0: as they are)";
      if (std::llabs(widest->doubt.shift_s) - narrowest_s > options_.clock_tolerance.count()) {
        why += "; others of these are off by as little as " + std::to_string(narrowest_s) +
               " s: --buffer ID takes one at a time";
      }

      for (const Doubtful& d : doubts_) {
        if ((d.doubt.shift_s < 0) == ahead) left_.push_back({d.path, LeftAlone::Cause::versions, why});
      }
    }
  }

  void check_shift(const Taken& t) const {
    if (!t.shift || t.buffer.rows == 0) return;
    const std::string problem = shift_problem(t.buffer.stamped, *t.shift, now_, options_.clock_tolerance);
    if (problem.empty()) return;
    throw Error(ErrorCode::usage, "buffer " + t.buffer.folder.manifest.buffer + " cannot be moved by " +
                                      std::to_string(t.shift->count()) + " s: " + problem +
                                      "; nothing was changed (--buffer names the one to move)");
  }

  void keep(Taken taken) {
    AdoptedBuffer& adopted = taken.buffer;
    if (taken.shift) {
      for (const SegmentPtr& s : adopted.segments) s->version_shift = version_shift(*taken.shift);
      if (adopted.rows > 0) {
        newest_us_ =
            std::max(newest_us_, version_us_since_2020(adopted.stamped.version_max + version_shift(*taken.shift)));
      }
      if (options_.shift) note_shift(adopted, *taken.shift);
    }

    for (const std::string& finding : adopted.findings) log(LogLevel::warning, finding);
    result_.damaged_journals += adopted.damaged_journals;
    for (const auto& [stream, rows] : adopted.lost_rows) result_.lost_rows += rows;
    if (adopted.left_files > 0) ++result_.unreadable;
    if (adopted.end) {
      const std::string lost = lost_at_end_text(*adopted.end);
      if (!lost.empty()) {
        log(LogLevel::warning, "process " + std::to_string(adopted.folder.manifest.pid) + " of buffer " +
                                   adopted.folder.manifest.buffer + " " + lost +
                                   "; they are lost, but for what a checkpoint holds of them");
      }
    }

    if (const auto error = read_last_error(adopted.folder.path); error && adopted.rows > 0 && !error->message.empty()) {
      result_.last_errors.push_back({adopted.folder.manifest.buffer, error->message, error->at_us});
    }

    if (adopted.rows > 0) {
      log(LogLevel::info, adopted_line(adopted, options_.wanted.destination, taken.shift));
    } else if (adopted.torn_journals > 0) {
      log(LogLevel::info, "buffer " + adopted.folder.manifest.buffer + ": " + torn_text(adopted));
    }

    result_.quarantined += quarantined_rows(adopted);
    std::uint64_t retried = 0;
    for (const SegmentPtr& s : adopted.segments) retried += s->retry ? s->id.rows : 0;
    if (retried > 0) {
      log(LogLevel::info, "buffer " + adopted.folder.manifest.buffer + ": " + counted(retried, "row", "rows") +
                              " of quarantine " + (retried == 1 ? "is" : "are") + " sent again");
    }
    result_.buffers.push_back(std::move(adopted));
  }

  void note_shift(const AdoptedBuffer& adopted, std::chrono::seconds shift) {
    try {
      write_shift(adopted.folder.path, shift, adopted.folder.manifest.durability == Durability::power);
    } catch (const Error& e) {
      // The disk may be full of what is about to be sent.
      log(LogLevel::warning, std::string(e.what()) + "; if this run is cut short, name the shift again");
    }
  }

  void lower_reserve(const FoundOrphans& found) {
    const VersionReserve reserve(state_.path() / "version-reserve");
    const std::int64_t needed = std::max(newest_us_, now_.wall_us - kVersionEpochUnixUs);
    try {
      if (reserve.lower(needed, options_.clocks, [&] { return state_.all_free(found); })) {
        log(LogLevel::info, "new rows are stamped by the clock again: the version reserve is down to " +
                                version_time(version_of(needed, 0)));
      }
    } catch (const Error& e) {
      log(LogLevel::warning, e.what());
    }
  }

  void log(LogLevel level, const std::string& line) const {
    if (options_.log) options_.log(level, line);
  }

  const StateDirectory& state_;
  const AdoptionOptions& options_;
  StreamRegistry& streams_;
  const ClocksNow now_;
  std::vector<Taken> taken_;
  std::vector<Doubtful> doubts_;
  std::vector<LeftAlone> without_checkpoint_;
  std::vector<LeftAlone> left_;
  std::int64_t newest_us_ = 0;
  AdoptedOrphans result_;
};

}  // namespace

AdoptedOrphans adopt_orphans(const StateDirectory& state, const AdoptionOptions& options, StreamRegistry& streams) {
  return Adopter(state, options, streams).run();
}

}  // namespace forebay
