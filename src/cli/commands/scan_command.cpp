#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>
#include <optional>

#include "base/clock.hpp"
#include "base/destination_url.hpp"
#include "base/human.hpp"
#include "base/text.hpp"
#include "cli/buffer_run.hpp"
#include "cli/command.hpp"
#include "cli/commands/scan_news.hpp"
#include "cli/commands/slow_answer.hpp"
#include "cli/destination.hpp"
#include "cli/logging.hpp"
#include "cli/run_summary.hpp"
#include "config/locations.hpp"
#include "engine/destination.hpp"
#include "forebay/buffer.hpp"
#include "scan/excludes.hpp"
#include "scan/scanner.hpp"
#include "sqlite/process.hpp"
#include "state/state_directory.hpp"

namespace forebay::cli {
namespace {

using std::chrono::steady_clock;

struct ScanArguments {
  ScanOptions scan;
  std::string set;
  std::string set_id_text;
  std::optional<std::int64_t> set_id;
  std::string to;
  std::string threads;
  std::string exclude_from;
  std::string progress = "auto";
  bool dry_run = false;
  bool no_recover = false;
  bool unreadable_ok = false;
  bool json = false;
  bool quiet = false;
};

/// Patterns of the command line and of the file, all looked at before anything is started.
std::vector<std::string> exclude_globs(const ScanArguments& a) {
  std::vector<std::string> globs = a.scan.exclude_globs;
  for (const std::string& glob : globs) {
    if (const std::string why = why_no_pattern(glob); !why.empty()) throw Error(ErrorCode::usage, why);
  }
  if (a.exclude_from.empty()) return globs;
  const SlowAnswer slow(a.exclude_from);
  std::vector<std::string> of_file = read_exclude_file(a.exclude_from);
  std::move(of_file.begin(), of_file.end(), std::back_inserter(globs));
  return globs;
}

/// check_roots(), which says of one that does not answer that it is waited for.
std::vector<std::string> roots_that_answer(const std::vector<std::string>& roots) {
  std::vector<std::string> canonical;
  for (const std::string& root : roots) {
    const SlowAnswer slow(root);
    const std::string path = check_roots({root}).front();
    if (std::find(canonical.begin(), canonical.end(), path) == canonical.end()) canonical.push_back(path);
  }
  return canonical;
}

/// How many entries the scan will find, where the file system can tell: a single root that is a mount point, not left.
std::optional<std::uint64_t> expected_entries(const ScanOptions& scan) {
  if (scan.roots.size() != 1 || !scan.one_file_system) return std::nullopt;
  const std::string& root = scan.roots.front();
  struct stat here {};
  struct stat above {};
  if (::stat(root.c_str(), &here) != 0 || ::stat((root + "/..").c_str(), &above) != 0) return std::nullopt;
  if (here.st_dev == above.st_dev && here.st_ino != above.st_ino) return std::nullopt;
  struct statvfs fs {};
  if (::statvfs(root.c_str(), &fs) != 0 || fs.f_files <= fs.f_ffree) return std::nullopt;
  return fs.f_files - fs.f_ffree;
}

/// One scanner thread's way into the buffer.
class FileConsumer final : public EntryConsumer {
 public:
  FileConsumer(Buffer& buffer, std::int64_t set_id) : writer_(buffer.writer()), set_id_(set_id) {}
  std::int64_t next_version() override { return writer_.next_version(); }
  void take(std::int64_t version, const FileRecord& record) override {
    FileRecord of_set = record;
    of_set.backup_set_id = set_id_;
    writer_.add_file(version, of_set);
  }

 private:
  Writer writer_;
  std::int64_t set_id_;
};

std::vector<std::string> own_paths(const Options& options, const DestinationUrl& destination) {
  std::vector<std::string> own;
  const auto add = [&own](const std::filesystem::path& p) {
    std::error_code error;
    const auto canonical = std::filesystem::weakly_canonical(p, error);
    if (!error) own.push_back(canonical.string());
  };

  add(options.state_directory);
  if (destination.is_catalog()) {
    const std::string file = destination.catalog_file();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) add(file + suffix);
  }
  return own;
}

BackupSet backup_set(const ScanArguments& a, const std::vector<std::string>& roots) {
  BackupSet set;
  set.started_us = wall_us();
  set.host = host_name();
  for (const std::string& root : roots) set.root += (set.root.empty() ? "" : " ") + printable(root);
  set.name = !a.set.empty() ? a.set
             : a.set_id     ? "set " + std::to_string(*a.set_id)
                            : set.host + ":" + set.root + " " + rfc3339_local(set.started_us);
  set.id = a.set_id ? *a.set_id : backup_set_id(set.name);
  return set;
}

/// Walks the trees into the buffer. What stops it short is logged, and told by the result: false.
bool walk(Buffer& buffer, const ScanOptions& options, std::int64_t set_id, ScanNews& news, ScanProgress& progress,
          const std::atomic<bool>& stop, std::string& failure) {
  try {
    scan(
        options, [&](int) { return std::make_unique<FileConsumer>(buffer, set_id); }, news, progress, stop);
    return true;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::stopped) return true;  // interrupted
    failure = e.what();
    log_line(LogLevel::error, "the scan stopped: " + failure);
    return false;
  }
}

/// What the parser can't judge. Throws Error(usage).
void check_arguments(ScanArguments& a) {
  if (!a.set_id_text.empty()) {
    a.set_id = whole_number(a.set_id_text);
    if (!a.set_id || *a.set_id < 0) {
      throw Error(ErrorCode::usage, "--set-id must be a whole number from 0 to 9223372036854775807");
    }
  }
}

/// Rows that can never land are better not taken. One that is away, or wrong, the buffer tells in its own time.
void check_set(Destination& destination, std::int64_t number) {
  std::optional<std::string> why;
  try {
    why = destination.why_not_into_set(number);
  } catch (const Error&) {
    return;
  }
  if (why) throw Error(ErrorCode::usage, *why);
}

int run_scan(const ScanArguments& arguments, CommandContext& context) {
  ScanArguments a = arguments;
  check_arguments(a);
  sqlite_memory_statistics_off();
  std::vector<GivenOption> given;
  if (!a.to.empty()) given.push_back({"DATABASE_URL", "--to", a.to});
  if (!a.threads.empty()) given.push_back({"SCAN_THREADS", "--threads", a.threads});
  const Settings settings = context.start_to_send(std::move(given));

  const ProgressMode mode = progress_mode(a.progress, a.quiet, ::isatty(STDERR_FILENO) == 1);
  if (a.quiet) warnings_only_on_stderr();
  a.scan.roots = roots_that_answer(a.scan.roots);
  a.scan.threads = static_cast<int>(settings.number("SCAN_THREADS"));
  a.scan.exclude_globs = exclude_globs(a);

  Options options = settings.to_options();
  options.recover = !a.no_recover;
  options.send = !a.dry_run;
  options.state_directory = settings.state_directory();
  options.log = log_callback();
  BackupSet set = backup_set(a, a.scan.roots);
  const ChosenDestination chosen = settings.destination();
  a.scan.own_paths = own_paths(options, chosen.url);
  if (!a.dry_run) {
    const auto destination = make_destination(chosen.url, destination_options(options));  // else refused, not announced
    announce_destination(chosen);
    check_set(*destination, set.id);
  }

  const auto start = steady_clock::now();
  RunSummary summary;
  summary.dry_run = a.dry_run;
  summary.backup_set_id = set.id;
  summary.backup_set = set.name;

  std::optional<SlowAnswer> slow(std::in_place, options.state_directory);
  Buffer buffer(options);
  slow.reset();
  // Beside a progress line, two lines for each batch would be noise, unless they were asked for.
  const bool level_given = settings.get("FOREBAY_LOG_LEVEL").source.kind != SourceKind::built_in;
  if (mode == ProgressMode::line && !level_given) warnings_only_on_stderr();

  ScanProgress scanned;
  ScanNews news;
  std::atomic<bool> walking{true};
  BufferRun run(buffer, options, !a.to.empty());
  const auto expected = expected_entries(a.scan);
  std::optional<Progress> progress;
  progress.emplace(mode, [&] {
    const SyncStatus status = buffer.get_sync_status();
    ProgressPicture p = progress_picture(status, status.of("backup_files"));
    p.scanned = scanned.entries.load();
    p.expected_entries = expected;
    p.walking = walking.load();
    if (const std::string waits = news.trouble(); !waits.empty()) p.trouble += (p.trouble.empty() ? "" : " | ") + waits;
    return p;
  });

  std::optional<Writer> sets;
  const auto tell_set = [&] {
    try {
      if (!sets) sets.emplace(buffer.writer("backup_sets"));
      sets->add_set(set);
    } catch (const Error& e) {
      if (e.code() != ErrorCode::stopped) throw;  // else interrupted meanwhile
    }
  };
  tell_set();
  const bool walked = walk(buffer, a.scan, set.id, news, scanned, run.interrupted(), summary.failure);
  summary.scan_s = seconds_since(start);
  const bool whole = walked && !run.interrupted();
  if (whole) {
    set.finished_us = wall_us();
    tell_set();
  }
  sets.reset();
  walking = false;
  const SyncResult result = run.stop();  // the same result when it was stopped already
  progress.reset();

  summary.status = buffer.get_sync_status();
  summary.unsaved_rows = result.unsaved_rows;
  summary.pending_rows = a.dry_run ? 0 : result.pending_rows - result.unsaved_rows;
  summary.scanned = scanned.entries.load();
  summary.unreadable = scanned.unreadable.load();
  summary.vanished = news.vanished();
  summary.denied = news.denied();
  summary.unreadable_ok = a.unreadable_ok;
  summary.total_bytes = scanned.bytes.load();
  summary.times_left_out = scanned.times_left_out.load();
  summary.elapsed_s = seconds_since(start);
  summary.whole = whole;
  summary.interrupted = run.interrupted().load();

  if (a.json) {
    std::cout << summary_json(summary) << '\n';
  } else if (!a.quiet) {
    print_summary(summary, std::cout);
  }

  const std::string remaining = a.dry_run ? "" : remaining_line(summary.status, result, !a.to.empty());
  if (!remaining.empty()) {
    report_failure(remaining);
  } else if (summary.interrupted) {
    report_failure(std::string("interrupted; the scan is ") + (whole ? "" : "not ") + "whole; what was seen is " +
                   outcome_text(summary.status.outcome()));
  }
  if (const std::string left = left_of_other_hosts_line(summary.status); !left.empty()) report_failure(left);
  return exit_status(summary);
}

void add_scan_command(CommandSyntax& app) {
  CommandSyntax c = app.subcommand("scan", "Walk directory trees into the destination");
  auto a = std::make_shared<ScanArguments>();
  c.option("DIR", a->scan.roots, "Directories to walk").required();
  c.option("--set", a->set, "Name of the backup set (default: host, directory and start time)")
      .shown_as("NAME")
      .not_empty("the set");
  c.option("--set-id", a->set_id_text, "Number of the backup set, instead of one made from its name").shown_as("N");
  add_destination_option(c, a->to);
  c.option("--threads", a->threads, "Threads that walk (default: SCAN_THREADS)").shown_as("N");
  c.flag("-x,--one-file-system", a->scan.one_file_system, "Do not enter other file systems");
  c.option("--exclude", a->scan.exclude_globs, "Leave out names, or with a '/' paths, that match (repeatable)")
      .shown_as("GLOB")
      .repeatable();
  c.option("--exclude-from", a->exclude_from, "The same from a file, one a line; '#' begins a comment")
      .shown_as("FILE");
  c.flag("--dry-run", a->dry_run, "Walk and buffer in memory; send nothing, leave nothing");
  c.flag("--no-recover", a->no_recover, "Leave alone what earlier runs of the same destination left behind");
  c.flag("--unreadable-ok", a->unreadable_ok,
         "Exit with 0, not 1, when nothing is amiss but paths that vanished or may not be read");
  c.flag("--json", a->json, "Print the summary as one JSON object, with --quiet, too");
  c.flag("--quiet", a->quiet, "No progress and no summary; warnings and errors only");
  c.option("--progress", a->progress, "auto, always or never").shown_as("WHEN").one_of({"auto", "always", "never"});

  c.examples({"forebay scan /srv/data", "forebay scan --set nightly -x / --to postgresql://backup@db/catalog",
              "forebay scan --exclude '*.tmp' --exclude '/srv/data/cache/*' --json /srv/data"});
  c.exit_statuses(
      "0 all is at the destination · 1 done, but rows are in quarantine or paths were unreadable (--json: reasons) · 2 "
      "wrong usage · 3 rows remain, for forebay recover · 4 local failure · 130 interrupted");
  c.action([a](CommandContext& context) { return run_scan(*a, context); });
}

const CommandRegistration kScan(10, add_scan_command);

}  // namespace
}  // namespace forebay::cli
