#include <unistd.h>

#include <charconv>
#include <iostream>

#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/buffer_view.hpp"
#include "cli/command.hpp"
#include "cli/commands/errors_drop.hpp"
#include "cli/commands/errors_show.hpp"
#include "cli/known_streams.hpp"
#include "cli/logging.hpp"
#include "cli/output.hpp"
#include "forebay/error.hpp"
#include "quarantine/aside.hpp"
#include "quarantine/view.hpp"

namespace forebay::cli {
namespace {

using control::Json;

struct ErrorsArguments {
  std::string limit = "100";
  std::string stream;
  std::string buffer;
  bool show = false;
  std::vector<std::string> drop;
  bool yes = false;
  bool json = false;
};

/// What one buffer has in quarantine.
struct Found {
  ListedBuffer buffer;
  std::map<std::string, std::uint64_t> counts;  // by stream, those in doubt, too
  std::vector<QuarantinedRow> rows;
  SegmentsInDoubt in_doubt;
  std::string problem;
};

std::uint64_t parse_limit(const std::string& text) {
  std::uint64_t n = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || at != text.data() + text.size()) {
    throw Error(ErrorCode::usage, "--limit must be a whole number; 0 shows all");
  }
  return n;
}

/// `rows_max` is what is left of the limit; 0: no limit, nothing: no more rows, but counts.
Found look_at(const ListedBuffer& buffer, const ErrorsArguments& a, std::optional<std::uint64_t> rows_max) {
  const std::string& stream = a.stream;
  Found found{buffer, {}, {}, {}, {}};
  found.problem = set_aside_problem(buffer.path);

  try {
    found.counts = count_quarantined(buffer.path, {});
    if (!stream.empty()) std::erase_if(found.counts, [&](const auto& of) { return of.first != stream; });
    if (found.counts.empty() || !rows_max) return found;
    found.rows = read_quarantine(buffer.path, stream, *rows_max, a.show);
    found.in_doubt = segments_in_doubt(buffer.path);
  } catch (const Error& e) {
    // It may have been removed meanwhile, empty.
    if (list_buffer(buffer.path)) found.problem = e.what() + (found.problem.empty() ? "" : "; " + found.problem);
  }
  return found;
}

std::uint64_t sum_of(const std::map<std::string, std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [stream, n] : counts) sum += n;
  return sum;
}

bool is_in_doubt(const Found& f, const QuarantinedRow& row) { return f.in_doubt.contains({f.buffer.id, row.segment}); }

void print_json(const std::filesystem::path& state, const std::vector<Found>& all, bool show) {
  Json j = {{"state_directory", state.string()},
            {"quarantined", 0},
            {"unreadable_quarantines", 0},
            {"buffers", Json::array()}};
  std::uint64_t sum = 0;
  std::uint64_t unreadable = 0;
  for (const Found& f : all) {
    unreadable += f.problem.empty() ? 0 : 1;
    sum += sum_of(f.counts);
    Json rows = Json::array();
    for (const QuarantinedRow& r : f.rows) {
      rows.push_back({{"stream", r.stream},
                      {"key", r.key},
                      {"version", std::to_string(r.version)},  // above 2^53, where jq and JavaScript round
                      {"sqlstate", r.sqlstate},
                      {"constraint", r.constraint},
                      {"message", r.message},
                      {"attempts", r.attempts},
                      {"first_at", rfc3339_utc(r.first_us)},
                      {"last_at", rfc3339_utc(r.last_us)},
                      {"being_retried", r.being_retried},
                      {"in_doubt", is_in_doubt(f, r)}});
      if (show) rows.back()["values"] = values_json(r);
    }

    j["buffers"].push_back({{"buffer", f.buffer.id},
                            {"destination", f.buffer.manifest ? Json(f.buffer.manifest->destination) : Json(nullptr)},
                            {"quarantined", sum_of(f.counts)},
                            {"streams", f.counts},
                            {"problem", f.problem},
                            {"rows", std::move(rows)}});
  }

  j["quarantined"] = sum;
  j["unreadable_quarantines"] = unreadable;
  std::cout << printable_json(control::to_text(j)) << '\n';
}

std::vector<Table::Cell> cells_of(const Found& f, const QuarantinedRow& r) {
  const std::string why = r.constraint.empty() ? r.sqlstate : r.sqlstate + " " + r.constraint;
  const char* note = is_in_doubt(f, r)  ? " (its batch is not committed yet)"
                     : !r.being_retried ? ""
                     : f.buffer.in_use  ? " (being sent again)"
                                        : " (to be sent again: the last retry did not get through)";
  return {"  " + r.stream, r.key, why, std::to_string(r.attempts), rfc3339_local(r.last_us), r.message + note};
}

void print_rows(const Found& f, bool show, bool colours) {
  std::cout << '\n' << styled(Style::bold, safe_line(f.buffer.id), colours);
  if (f.buffer.manifest) std::cout << "  " << safe_line(f.buffer.manifest->destination);
  std::cout << '\n';
  const std::vector<Table::Cell> head = {{"  stream", Style::bold}, {"key", Style::bold},  {"refused by", Style::bold},
                                         {"attempts", Style::bold}, {"last", Style::bold}, {"message", Style::bold}};
  Table table;
  table.add(head);
  for (const QuarantinedRow& r : f.rows) {
    table.add(cells_of(f, r));
    if (show) table.add_below(values_text(r));
  }
  table.print(std::cout, colours);
}

void print_text(const std::filesystem::path& state, const std::vector<Found>& all, bool show, bool colours) {
  std::uint64_t sum = 0;
  std::uint64_t shown = 0;
  std::uint64_t buffers = 0;
  std::uint64_t unreadable = 0;
  for (const Found& f : all) {
    sum += sum_of(f.counts);
    shown += f.rows.size();
    buffers += f.counts.empty() ? 0 : 1;
    unreadable += f.problem.empty() ? 0 : 1;
  }

  std::cout << "state directory " << safe_line(state.string()) << ": ";
  if (unreadable > 0) {
    std::cout << counted(unreadable, "quarantine", "quarantines") << " cannot be read, and what is in "
              << (unreadable == 1 ? "it" : "them") << " is not counted" << (sum > 0 ? "; " : "\n");
  }

  if (sum == 0) {
    if (unreadable == 0) std::cout << "nothing is in quarantine\n";
    return;
  }

  std::cout << counted(sum, "row", "rows") << " in quarantine, of " << counted(buffers, "buffer", "buffers") << '\n';
  for (const Found& f : all) {
    if (!f.rows.empty()) print_rows(f, show, colours);
  }
  if (shown < sum) std::cout << "\n" << human_count(sum - shown) << " more; --limit 0 shows all\n";
  std::cout << "\nwhen the cause is fixed: forebay retry-errors\n";
}

int run_errors(const ErrorsArguments& a, CommandContext& context) {
  const std::uint64_t limit = parse_limit(a.limit);
  const std::filesystem::path state = context.start().state_directory();
  if (!a.drop.empty()) return drop_errors(state, {a.drop, a.stream, a.buffer, a.yes, a.show, a.json});
  if (a.yes) throw Error(ErrorCode::usage, "--yes needs --drop");
  std::vector<Found> all;
  std::uint64_t shown = 0;
  const std::vector<ListedBuffer> buffers = choose_buffers(state, a.buffer);
  check_stream(state, a.stream);
  for (const ListedBuffer& buffer : buffers) {
    std::optional<std::uint64_t> left = 0;
    if (limit > 0) left = shown < limit ? std::optional(limit - shown) : std::nullopt;
    Found found = look_at(buffer, a, left);
    shown += found.rows.size();
    if (!found.counts.empty() || !found.problem.empty()) all.push_back(std::move(found));
  }

  if (a.json) {
    print_json(state, all, a.show);
  } else {
    print_text(state, all, a.show, colours_belong(STDOUT_FILENO));
  }

  bool any = false;
  bool unread = false;
  for (const Found& f : all) {
    any = any || !f.counts.empty();
    unread = unread || !f.problem.empty();
    if (!f.problem.empty()) report_failure("buffer " + f.buffer.id + ": " + f.problem);
  }
  if (unread) return kLocalFailure;
  return any ? kDoneWithLosses : kDone;
}

void add_errors_command(CommandSyntax& app) {
  CommandSyntax c = app.subcommand("errors", "Show the rows that destinations refused, which are kept in quarantine");
  auto a = std::make_shared<ErrorsArguments>();
  c.option("--limit", a->limit, "Rows to show at most; 0: all (default: 100)").shown_as("N");
  c.option("--stream", a->stream, "Only rows of this stream").shown_as("NAME");
  c.option("--buffer", a->buffer, "Only this one").shown_as("ID");
  c.flag("--show", a->show, "Show the values of these rows, too, and how to drop each");
  c.option("--drop", a->drop, "Drop the refused rows of this key for good, as it is shown here (repeatable)")
      .shown_as("KEY")
      .repeatable();
  c.flag("--yes", a->yes, "Drop without asking; otherwise nothing is dropped without a terminal");
  c.flag("--json", a->json, "Print one JSON object");

  c.examples({"forebay errors", "forebay errors --show --limit 1", "forebay errors --drop='7, /srv/data/bad'",
              "forebay errors --json --limit 0 | jq '.buffers[].rows[].key'"});
  c.exit_statuses(
      "0 nothing is in quarantine, or --drop is done · 1 rows are in quarantine · 2 wrong usage, or nothing was "
      "dropped · 4 a quarantine cannot be read");
  c.action([a](CommandContext& context) { return run_errors(*a, context); });
}

const CommandRegistration kErrors(17, add_errors_command);

}  // namespace
}  // namespace forebay::cli
