#include <unistd.h>

#include <iostream>
#include <map>
#include <optional>

#include "base/clock.hpp"
#include "cli/buffer_run.hpp"
#include "cli/command.hpp"
#include "cli/commands/restore_keys.hpp"
#include "cli/commands/restore_source.hpp"
#include "cli/commands/restore_summary.hpp"
#include "cli/destination.hpp"
#include "cli/logging.hpp"
#include "cli/run_summary.hpp"
#include "control/status_json.hpp"
#include "engine/destination.hpp"
#include "forebay/buffer.hpp"
#include "sink/sink.hpp"
#include "sqlite/process.hpp"

namespace forebay::cli {
namespace {

using std::chrono::steady_clock;

struct RestoreArguments {
  std::vector<std::string> files;
  std::string to;
  std::optional<std::string> set;
  std::optional<std::string> stream;
  std::string progress = "auto";
  bool dry_run = false;
  bool json = false;
  bool quiet = false;
};

ProgressPicture reading_picture(std::string_view verb, std::uint64_t done, std::uint64_t all) {
  ProgressPicture p;
  p.verb = verb;
  p.scanned = done;
  p.sending = false;
  p.expected_entries = all;
  return p;
}

void tell(const RestoreSource& source, const std::string& destination) {
  for (const std::string& line : source.description(destination)) log_line(LogLevel::info, line);
}

Compared compared(Comparer& comparer, const Stream& stream, const RowSet& keys) {
  CompareOutcome outcome = comparer.compare(stream, keys);
  // The server may have ended an idle connection; a second failure says that it is away.
  if (const auto* failure = std::get_if<Failure>(&outcome);
      failure != nullptr && failure->failure_class == FailureClass::reconnect) {
    outcome = comparer.compare(stream, keys);
  }
  if (const auto* failure = std::get_if<Failure>(&outcome)) {
    throw Error(ErrorCode::destination, failure->message, failure->sqlstate);
  }
  return std::get<Compared>(outcome);
}

/// Before anything is compared: all that is to be granted, for the restore that is tried out as well.
void check_grants(Destination& destination, const std::vector<const Stream*>& streams) {
  const Destination::MissingGrants lacks = destination.missing_grants(streams);
  if (lacks.to_write) log_line(LogLevel::warning, "the restore itself cannot be run yet: " + lacks.to_write->message);
  if (lacks.to_compare) throw Error(ErrorCode::destination, lacks.to_compare->message, lacks.to_compare->sqlstate);
}

int dry_run(const RestoreArguments& a, RestoreSource& source, const Settings& settings, ProgressMode mode,
            steady_clock::time_point start) {
  constexpr std::size_t kKeysAtOnce = 5000;
  const auto destination = make_destination(settings.destination().url, destination_options(settings.to_options()));
  tell(source, destination->description());

  std::map<std::string, NewestKeys> by_stream;
  source.for_each_row([&](const Stream& stream, std::int64_t version, std::span<const Value> values) {
    by_stream.try_emplace(stream.name, stream).first->second.add(version, values);
    return true;
  });

  DryRunSummary summary;
  summary.files = source.files();
  summary.destination = destination->description();
  std::vector<const Stream*> streams;
  streams.reserve(by_stream.size());
  for (const auto& [name, keys] : by_stream) streams.push_back(&keys.stream());
  check_grants(*destination, streams);

  const auto comparer = destination->make_comparer();
  std::atomic<std::uint64_t> done{0};
  std::optional<Progress> progress;
  progress.emplace(mode, [&, all = source.all_rows()] { return reading_picture("compared", done, all); });
  for (auto& [name, keys] : by_stream) {
    StreamComparison& c = summary.streams.emplace_back();
    c.stream = name;
    c.table = keys.stream().table;
    c.rows = c.newer_in_files = keys.rows();
    keys.for_each(kKeysAtOnce, [&, &stream = keys.stream()](const RowSet& some) {
      const Compared found = compared(*comparer, stream, some);
      c.found.absent += found.absent;
      c.found.older += found.older;
      c.found.equal += found.equal;
      c.found.newer += found.newer;
      c.newer_in_files -= some.size();
      done += some.size();
    });
  }

  progress.reset();
  summary.elapsed_s = seconds_since(start);
  if (a.json) {
    std::cout << dry_run_json(summary) << '\n';
  } else if (!a.quiet) {
    print_dry_run(summary, std::cout);
  }
  return kDone;
}

Options restore_options(const Settings& settings, const RestoreSource& source) {
  Options o = settings.to_options();
  o.state_directory = settings.state_directory();
  o.streams = source.streams();
  o.log = log_callback();
  // What a restore says is safe has to be: a kill leaves it to `recover`, whatever the level of other commands.
  o.buffered = true;
  if (o.durability == Durability::memory) o.durability = Durability::process;
  // The rows are in files already.
  o.checkpoint_interval = std::chrono::seconds(0);
  // It brings what its files hold, and nothing else.
  o.recover = false;
  return o;
}

/// Reads the files into the buffer. What stops it short is logged, and told by `failure`.
void fill(Buffer& buffer, RestoreSource& source, std::atomic<std::uint64_t>& read, const std::atomic<bool>& stop,
          std::string& failure) {
  std::map<const Stream*, Writer> writers;
  try {
    source.for_each_row([&](const Stream& stream, std::int64_t version, std::span<const Value> values) {
      auto writer = writers.find(&stream);
      if (writer == writers.end()) writer = writers.emplace(&stream, buffer.writer(stream.name)).first;
      writer->second.add(version, values);
      read.fetch_add(1, std::memory_order_relaxed);
      return !stop.load(std::memory_order_relaxed);
    });
  } catch (const Error& e) {
    if (e.code() == ErrorCode::stopped) return;  // interrupted
    failure = e.what();
    log_line(LogLevel::error, "the restore stopped: " + failure);
  }
}

int send(const RestoreArguments& a, RestoreSource& source, const Settings& settings, ProgressMode mode,
         steady_clock::time_point start) {
  const Options options = restore_options(settings, source);
  RestoreSummary summary;
  summary.files = source.files();
  summary.rows = source.rows();
  const std::uint64_t all_rows = source.all_rows();

  if (const ChosenDestination chosen = settings.destination(); chosen.embedded_by_default) announce_destination(chosen);
  Buffer buffer(options);
  tell(source, buffer.get_sync_status().destination);
  // Beside a progress line, two lines for each batch would be noise, unless they were asked for.
  const bool level_given = settings.get("FOREBAY_LOG_LEVEL").source.kind != SourceKind::built_in;
  if (mode == ProgressMode::line && !level_given) warnings_only_on_stderr();

  BufferRun run(buffer, options, !a.to.empty());
  std::atomic<std::uint64_t> read{0};
  std::atomic<bool> reading{true};
  std::optional<Progress> progress;
  progress.emplace(mode, [&] {
    const SyncStatus status = buffer.get_sync_status();
    ProgressPicture p = progress_picture(status, counts_of_rows(status));
    p.verb = "read";
    p.scanned = read.load();
    p.expected_entries = all_rows;
    p.walking = reading.load();
    return p;
  });

  fill(buffer, source, read, run.interrupted(), summary.failure);
  reading = false;
  const SyncResult result = run.stop();
  progress.reset();

  summary.status = buffer.get_sync_status();
  summary.unsaved_rows = result.unsaved_rows;
  summary.elapsed_s = seconds_since(start);
  if (a.json) {
    std::cout << restore_json(summary) << '\n';
  } else if (!a.quiet) {
    print_restore(summary, std::cout);
  }

  const bool interrupted = run.interrupted();
  const std::string remaining = remaining_line(summary.status, result, !a.to.empty());
  if (!remaining.empty()) report_failure(remaining);
  if (read.load() < all_rows) {
    report_failure(
        std::string(interrupted ? "interrupted" : "stopped") + ": " + std::to_string(all_rows - read.load()) +
        " rows of the files were not read; the same restore again sends them, and does no harm to the others");
  } else if (interrupted && remaining.empty()) {
    report_failure("interrupted; the files were read to their end; " + outcome_text(summary.status.outcome()));
  }

  if (interrupted) return kInterrupted;
  if (!summary.failure.empty() || summary.unsaved_rows > 0) return kLocalFailure;
  if (result.pending_rows > 0) return kRowsRemain;
  if (summary.status.missing_rows > 0) {
    report_failure(control::lost_rows_line(summary.status.missing_rows));
    return kLocalFailure;
  }
  return summary.status.outcome() == SyncOutcome::complete ? kDone : kDoneWithLosses;
}

/// What the parser can't judge. Throws Error(usage).
void check_arguments(const RestoreArguments& a) {
  // A variable that is empty by mistake must not restore everything.
  if (a.set && a.set->empty()) throw Error(ErrorCode::usage, "--set: must name a backup set, not be empty");
  if (a.stream && a.stream->empty()) throw Error(ErrorCode::usage, "--stream: must name a stream, not be empty");
}

int run_restore(const RestoreArguments& a, CommandContext& context) {
  check_arguments(a);
  sqlite_memory_statistics_off();
  std::vector<GivenOption> given;
  if (!a.to.empty()) given.push_back({"DATABASE_URL", "--to", a.to});
  const Settings settings = context.start_to_send(std::move(given));
  const ProgressMode mode = progress_mode(a.progress, a.quiet, ::isatty(STDERR_FILENO) == 1);
  if (a.quiet) warnings_only_on_stderr();
  const auto start = steady_clock::now();

  RestoreSource source(a.files);
  {
    std::atomic<std::uint64_t> verified{0};
    const Progress progress(mode, [&, all = source.all_rows()] { return reading_picture("verified", verified, all); });
    source.verify(verified);
  }

  source.choose(a.set.value_or(""), a.stream.value_or(""));
  return a.dry_run ? dry_run(a, source, settings, mode, start) : send(a, source, settings, mode, start);
}

void add_restore_command(CommandSyntax& app) {
  CommandSyntax c = app.subcommand("restore", "Send the rows of checkpoint files to a destination");
  auto a = std::make_shared<RestoreArguments>();
  c.option("FILE", a->files, "Checkpoint files; of rows with one key the newest version wins").required();
  add_destination_option(c, a->to);
  c.option("--set", a->set, "Only the rows of this backup set, by its name or number").shown_as("NAME");
  c.option("--stream", a->stream, "Only the rows of this stream").shown_as("NAME");
  c.flag("--dry-run", a->dry_run, "Verify and compare with the destination; send nothing, make nothing");
  c.flag("--json", a->json, "Print the summary as one JSON object");
  c.flag("--quiet", a->quiet, "No progress and no summary; warnings and errors only");
  c.option("--progress", a->progress, "auto, always or never").shown_as("WHEN").one_of({"auto", "always", "never"});

  c.examples({"forebay restore --dry-run checkpoint-*.db",
              "forebay restore --to postgresql://backup@other-host/catalog checkpoint-*.db",
              "forebay restore --set nightly --stream backup_files checkpoint-*.db"});
  c.exit_statuses(
      "0 all is at the destination · 1 rows are in quarantine · 2 wrong usage · 3 rows remain, for forebay recover · 4 "
      "a file is bad, or a local failure · 130 interrupted");
  c.action([a](CommandContext& context) { return run_restore(*a, context); });
}

const CommandRegistration kRestore(27, add_restore_command);

}  // namespace
}  // namespace forebay::cli
