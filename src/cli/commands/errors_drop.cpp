#include "cli/commands/errors_drop.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>

#include "adoption/quarantine_drop.hpp"
#include "base/clock.hpp"
#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/buffer_view.hpp"
#include "cli/command.hpp"
#include "cli/commands/errors_show.hpp"
#include "cli/known_streams.hpp"
#include "cli/logging.hpp"
#include "cli/output.hpp"
#include "forebay/error.hpp"
#include "quarantine/view.hpp"

namespace forebay::cli {
namespace {

using control::Json;
using control::Outcome;

/// What is to go of one buffer.
struct Chosen {
  ListedBuffer buffer;
  std::vector<QuarantinedRow> rows;
};

/// The rows that have this key as it is shown; where none has, those whose key is this when it is not escaped yet.
std::vector<std::pair<std::size_t, std::size_t>> rows_of(const std::vector<Chosen>& all, const std::string& key) {
  for (const std::string& shown : {key, printable(key)}) {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (std::size_t b = 0; b < all.size(); ++b) {
      for (std::size_t r = 0; r < all[b].rows.size(); ++r) {
        if (all[b].rows[r].key == shown) found.emplace_back(b, r);
      }
    }
    if (!found.empty()) return found;
  }
  return {};
}

/// Who gives a path has left out the number of its set. Empty where it is nothing of the kind.
std::string whole_key_advice(const std::vector<Chosen>& all, const std::string& key) {
  const std::string rest = ", " + printable(key);
  for (const Chosen& of : all) {
    for (const QuarantinedRow& row : of.rows) {
      if (row.stream == "backup_files" && row.key.ends_with(rest))
        return "; the key of a file begins with the number of its set: --drop=" + shell_quoted(row.key);
    }
  }
  if (!key.starts_with('/')) return {};
  return "; the key of a file begins with the number of its set, as in --drop=" + shell_quoted("1, " + printable(key));
}

/// Why the row cannot be dropped now; empty when it can.
std::string why_not(const Chosen& of, const QuarantinedRow& row, const SegmentsInDoubt& in_doubt) {
  if (hands_of(of.buffer) == Hands::adopter) {
    return "process " + pid_text(of.buffer.holder) + " has taken its buffer over; try again when that has ended";
  }
  if (in_doubt.contains({row.buffer, row.segment})) {
    return hands_of(of.buffer) == Hands::nobody
               ? "its batch is still in a journal, too; forebay recover sends that first"
               : "its batch is not committed yet; try again when it is";
  }

  if (!row.being_retried) return {};
  return hands_of(of.buffer) == Hands::nobody ? "it is on its way once more, and the last retry did not get through; "
                                                "forebay retry-errors ends that first"
                                              : "it is being sent again; try again when that has ended";
}

/// A buffer may be taken over for a moment only: by another drop, or who looks for orphans.
ListedBuffer out_of_hands(const ListedBuffer& buffer) {
  ListedBuffer now = buffer;
  soon([&] {
    if (hands_of(now) != Hands::adopter) return true;
    std::optional<ListedBuffer> again = list_buffer(buffer.path);
    if (again) now = std::move(*again);
    return !again;  // it is empty by now, and gone
  });
  return now;
}

std::vector<Chosen> choose(const std::filesystem::path& state, const DropArguments& a) {
  std::vector<Chosen> all;
  for (const ListedBuffer& listed : choose_buffers(state, a.buffer)) {
    ListedBuffer buffer = out_of_hands(listed);
    std::vector<QuarantinedRow> rows = read_quarantine(buffer.path, a.stream, 0, a.show);
    all.push_back({std::move(buffer), std::move(rows)});
  }

  std::vector<std::vector<bool>> wanted;
  wanted.reserve(all.size());
  for (const Chosen& of : all) wanted.emplace_back(of.rows.size());
  for (const std::string& key : a.keys) {
    const auto found = rows_of(all, key);
    if (found.empty()) {
      throw Error(ErrorCode::usage, "--drop: no row in quarantine has the key " + shell_quoted(printable(key)) +
                                        (a.stream.empty() ? "" : " in stream " + printable(a.stream)) +
                                        whole_key_advice(all, key) +
                                        "; nothing was dropped; forebay errors --limit 0 shows the keys");
    }
    for (const auto& [b, r] : found) wanted[b][r] = true;
  }

  std::vector<Chosen> chosen;
  for (std::size_t b = 0; b < all.size(); ++b) {
    Chosen of{all[b].buffer, {}};
    const SegmentsInDoubt in_doubt = segments_in_doubt(of.buffer.path);
    for (std::size_t r = 0; r < all[b].rows.size(); ++r) {
      if (!wanted[b][r]) continue;
      if (const std::string why = why_not(of, all[b].rows[r], in_doubt); !why.empty()) {
        throw Error(ErrorCode::usage,
                    "--drop: " + all[b].rows[r].key + " cannot be dropped now: " + why + "; nothing was dropped");
      }
      of.rows.push_back(std::move(all[b].rows[r]));
    }
    if (!of.rows.empty()) chosen.push_back(std::move(of));
  }
  return chosen;
}

void print_chosen(const std::vector<Chosen>& chosen, bool show) {
  Table table;
  for (const Chosen& of : chosen) {
    for (const QuarantinedRow& row : of.rows) {
      table.add({"  " + row.stream, row.key, "(" + row.sqlstate + ", buffer " + of.buffer.id + ")"});
      if (show) table.add_below(values_text(row));
    }
  }
  table.print(std::cout, colours_belong(STDOUT_FILENO));
  std::cout.flush();
}

void confirm(std::uint64_t rows, const DropArguments& a) {
  if (a.yes) return;
  if (a.json || ::isatty(STDIN_FILENO) != 1) {
    throw Error(ErrorCode::usage, "nothing was dropped; say --yes to do it");
  }
  std::cerr << "drop " << counted(rows, "row", "rows") << " for good? They are nowhere else. [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer != "y" && answer != "Y" && answer != "yes") throw Error(ErrorCode::usage, "nothing was dropped");
}

std::vector<EntryName> names_of(const Chosen& of) {
  std::vector<EntryName> names;
  for (const QuarantinedRow& row : of.rows) names.push_back({row.buffer, row.segment, row.row});
  return names;
}

/// By the process that has the buffer, which counts them. False when it turns out that none has it: it ended, or its
/// lock was taken by somebody else, for a moment in which that does not show.
bool ask_maker_to_drop(const Chosen& of, std::uint64_t& dropped) {
  const std::vector<EntryName> names = names_of(of);
  for (std::size_t first = 0; first < names.size(); first += control::kDropRowsMax) {
    control::Request request;
    request.command = control::Command::drop_errors;
    for (std::size_t i = first; i < std::min(names.size(), first + control::kDropRowsMax); ++i) {
      request.rows.emplace_back(names[i].segment, names[i].row);
    }

    control::AskOptions options;
    options.silence_max = kWorkSilenceMax;
    const control::Answer answer = ask_maker_patiently(of.buffer, request, options);
    if (answer.outcome != Outcome::answered) {
      const auto now = list_buffer(of.buffer.path);
      if (!now || hands_of(*now) != Hands::maker) return false;
      throw Error(ErrorCode::local,
                  "buffer " + of.buffer.id + ": its rows were not dropped: " +
                      (answer.outcome == Outcome::absent ? "process " + pid_text(now->holder) + " has no control socket"
                                                         : answer.why));
    }

    dropped += answer.result.value("dropped", std::uint64_t{0});
  }
  return true;
}

void drop(const std::filesystem::path& state, const Chosen& of, std::uint64_t& dropped) {
  if (hands_of(of.buffer) == Hands::maker && ask_maker_to_drop(of, dropped)) return;
  dropped += drop_quarantined(StateDirectory(state), of.buffer.id, names_of(of));
}

}  // namespace

int drop_errors(const std::filesystem::path& state, const DropArguments& a) {
  check_stream(state, a.stream);
  const std::vector<Chosen> chosen = choose(state, a);
  std::uint64_t rows = 0;
  for (const Chosen& of : chosen) rows += of.rows.size();
  if (!a.json) {
    std::cout << (a.yes ? "dropping " : "would drop ") << counted(rows, "row", "rows") << " for good:\n";
    print_chosen(chosen, a.show);
  }
  confirm(rows, a);

  std::uint64_t dropped = 0;
  std::vector<std::string> problems;
  for (const Chosen& of : chosen) {
    try {
      drop(state, of, dropped);
    } catch (const Error& e) {
      problems.emplace_back(e.what());
    }
  }

  if (a.json) {
    Json j = {{"state_directory", state.string()}, {"dropped", dropped}, {"rows", Json::array()}};
    for (const Chosen& of : chosen) {
      for (const QuarantinedRow& row : of.rows) {
        j["rows"].push_back({{"buffer", of.buffer.id}, {"stream", row.stream}, {"key", row.key}});
        if (a.show) j["rows"].back()["values"] = values_json(row);
      }
    }
    std::cout << printable_json(control::to_text(j)) << '\n';
  } else {
    std::cout << "dropped " << counted(dropped, "row", "rows") << '\n';
  }

  for (const std::string& problem : problems) report_failure(problem);
  if (!problems.empty()) return kLocalFailure;
  if (dropped == rows) return kDone;
  report_failure(counted(rows - dropped, "row was", "rows were") +
                 " not dropped, as they are on their way once more, or gone; look again with forebay errors");
  return kRowsRemain;
}

}  // namespace forebay::cli
