#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/human.hpp"
#include "base/io.hpp"
#include "base/path.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/hook.hpp"
#include "cli/commands/config_command.hpp"
#include "cli/destination.hpp"
#include "cli/json_output.hpp"
#include "cli/log_file.hpp"
#include "cli/output.hpp"
#include "engine/destination.hpp"
#include "forebay/error.hpp"
#include "sink/sink.hpp"
#include "state/state_directory_check.hpp"

namespace forebay::cli {
namespace {

enum class Verdict : std::uint8_t { ok, warning, problem };

struct Finding {
  Verdict verdict;
  std::string subject, message;
};

const char* to_text(Verdict verdict) {
  return verdict == Verdict::ok ? "ok" : verdict == Verdict::warning ? "warning" : "problem";
}

class Findings {
 public:
  void add(Verdict verdict, std::string subject, std::string message) {
    findings_.push_back({verdict, std::move(subject), std::move(message)});
  }
  /// A problem, and the exit status that it means; the first one counts.
  void add_problem(int status, std::string subject, std::string message) {
    add(Verdict::problem, std::move(subject), std::move(message));
    if (status_ == kDone) status_ = status;
  }
  int status() const { return status_; }

  void print(bool json) const {
    if (json) {
      nlohmann::ordered_json out;
      out["status"] = status_;
      out["findings"] = nlohmann::ordered_json::array();
      for (const Finding& f : findings_) {
        out["findings"].push_back({{"verdict", to_text(f.verdict)}, {"subject", f.subject}, {"message", f.message}});
      }
      std::cout << json_text(out, 2) << '\n';
      return;
    }

    Table table;
    for (const Finding& f : findings_) {
      const Style style = f.verdict == Verdict::ok        ? Style::good
                          : f.verdict == Verdict::warning ? Style::warning
                                                          : Style::bad;
      table.add({{to_text(f.verdict), style}, f.subject, f.message});
    }
    table.print(std::cout, colours_belong(STDOUT_FILENO));
  }

 private:
  std::vector<Finding> findings_;
  int status_ = kDone;
};

void check_settings(const Settings& settings, Findings& findings) {
  for (const std::string& problem : settings.problems()) findings.add_problem(kUsage, "settings", problem);
  for (const std::string& warning : settings.warnings()) findings.add(Verdict::warning, "settings", warning);
  if (!settings.problems().empty()) return;

  const auto given = std::count_if(settings.values().begin(), settings.values().end(),
                                   [](const SettingValue& v) { return v.source.kind != SourceKind::built_in; });
  findings.add(Verdict::ok, "settings",
               std::to_string(given) + " set, the rest at their defaults; file: " + settings.file().value_or("none"));
}

void check_state(const std::filesystem::path& directory, Findings& findings) {
  const StateDirectoryReport report = check_state_directory(directory);
  if (report.problem) {
    findings.add_problem(kUsage, "state directory", directory.string() + ": " + *report.problem);
    return;
  }

  const std::string named = directory.string() + (report.exists ? "" : " (will be made when it is needed)");
  if (report.room.no_bytes || report.room.no_inodes) {
    findings.add_problem(kLocalFailure, "state directory",
                         named + ": no row can be kept" + disk_advice(ENOSPC, directory, "FOREBAY_STATE_DIR"));
    return;
  }
  findings.add(Verdict::ok, "state directory", named + ", " + human_bytes(report.room.free_bytes) + " free");
}

/// What a scan opens at once: its event loops, lock, socket, journals and catalog, and for each thread and connection
/// what that needs. No scan is refused for it, since many make do with fewer.
void check_descriptors(const Settings& settings, Findings& findings) {
  constexpr rlim_t kBesides = 40;
  constexpr rlim_t kOfThread = 3;
  constexpr rlim_t kOfConnection = 4;
  const rlim_t needed = kBesides + kOfThread * static_cast<rlim_t>(settings.number("SCAN_THREADS")) +
                        kOfConnection * static_cast<rlim_t>(settings.number("SYNC_CONNECTIONS"));

  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
  findings.add_problem(kLocalFailure, "open files",
                       "the limit is " + std::to_string(limit.rlim_cur) + ", and a scan may need " +
                           std::to_string(needed) + std::string(descriptors_advice(EMFILE)));
}

/// What only shows when a run writes its log, or makes a checkpoint.
void check_places(const Settings& settings, Findings& findings) {
  const auto judge = [&](const char* name, const std::filesystem::path& path, const std::optional<std::string>& why) {
    if (why) findings.add_problem(kUsage, "settings", std::string(name) + ": " + path.string() + ": " + *why);
  };

  if (const std::filesystem::path log = settings.text("FOREBAY_LOG_FILE"); !log.empty())
    judge("FOREBAY_LOG_FILE", log, LogFile::problem(log));
  if (const std::string& given = settings.text("MEMORY_DB_CHECKPOINT_DIR"); !given.empty()) {
    const auto directory = checkpoint_directory(given, settings.state_directory());
    judge("MEMORY_DB_CHECKPOINT_DIR", directory, why_no_checkpoints(directory));
  }
  if (const std::filesystem::path hook = settings.text("MEMORY_DB_CHECKPOINT_HOOK"); !hook.empty())
    judge("MEMORY_DB_CHECKPOINT_HOOK", hook, checkpoint_hook_problem(hook));
}

/// False when nothing more can be learnt without changing the destination.
bool check_schema(Destination& destination, Findings& findings) {
  const std::vector<MigrationState> states = destination.migration_states();
  findings.add(Verdict::ok, "destination", "reachable");
  const auto pending = std::count_if(states.begin(), states.end(), [](const auto& m) { return !m.applied; });
  for (const MigrationState& m : states) {
    if (m.changed) {
      findings.add(
          Verdict::warning, "schema",
          "migration " + std::to_string(m.number) + " " + m.name + " was applied by another version of forebay");
    }
  }

  if (pending == 0) {
    findings.add(Verdict::ok, "schema", std::to_string(states.size()) + " migrations applied");
    return true;
  }

  const std::string to_apply =
      std::to_string(pending) + " of " + std::to_string(states.size()) + " migrations are still to be applied";
  if (const auto failure = destination.takes_no_migrations(pending == std::ssize(states))) {
    findings.add_problem(kRowsRemain, "schema", to_apply + ", and nothing can be made there: " + failure->message);
    return false;
  }

  std::vector<std::string> tables;
  try {
    tables = destination.preview_adoption();
  } catch (const Error& e) {
    findings.add_problem(kRowsRemain, "schema", e.what());
    return false;
  }
  if (!tables.empty()) {
    findings.add_problem(kRowsRemain, "schema",
                         to_apply + ": by `forebay migrate up`, as no scan changes a table of yours");
    for (const std::string& line : tables) findings.add(Verdict::warning, "schema", line);
    return false;
  }

  findings.add(Verdict::warning, "schema",
               to_apply + ": by `forebay migrate up`, or by the first scan; columns and clock are checked after that");
  return false;
}

void check_destination(const Settings& settings, Findings& findings) {
  std::vector<std::string> notes;
  try {
    const ChosenDestination chosen = settings.destination();
    DestinationOptions limits = destination_options(settings.to_options());
    limits.note = [&](const std::string& note) { notes.push_back(note); };
    limits.warn = [&](const std::string& warning) { findings.add(Verdict::warning, "destination", warning); };
    const auto destination = make_destination(chosen.url, limits);
    // Whoever runs this looks at it, so it is not asked whether there is a terminal.
    findings.add(chosen.embedded_by_default ? Verdict::warning : Verdict::ok, "destination",
                 destination->description() + " (" + chosen.why +
                     (chosen.embedded_by_default ? "; no server: set DATABASE_URL if one is meant)" : ")"));

    if (is_missing_catalog(*destination)) {
      const auto file = std::filesystem::absolute(chosen.url.catalog_file());
      // The folder of the default is the state directory, which is made.
      const auto why = chosen.embedded_by_default ? std::nullopt : why_not_to_be_made(file);
      std::error_code ignored;
      if (why || (!chosen.embedded_by_default && !std::filesystem::exists(file.parent_path(), ignored))) {
        findings.add_problem(kRowsRemain, "destination",
                             file.string() + (why ? ": " + *why : " cannot be made: make its folder first (mkdir -p)"));
        return;
      }
      findings.add(Verdict::ok, "schema", "the catalog does not exist yet; the first scan makes it");
      return;
    }

    if (check_schema(*destination, findings)) {
      const std::vector<const Stream*> streams = {&backup_files_stream(), &backup_sets_stream()};
      const auto sink = destination->make_sink(streams);
      if (const auto failure = sink->open()) {
        findings.add_problem(kRowsRemain, "destination", failure->message);
      } else {
        findings.add(Verdict::ok, "destination", "ready: encoding, clock, schema and columns fit");
      }
      sink->close();

      for (const Foreseen& foreseen : destination->foresee(streams)) {
        if (foreseen.stops) {
          findings.add_problem(kRowsRemain, "destination", foreseen.message);
        } else {
          findings.add(Verdict::warning, "destination", foreseen.message);
        }
      }
    }
  } catch (const Error& e) {
    const bool usage = e.code() == ErrorCode::usage || e.code() == ErrorCode::not_built_yet;
    findings.add_problem(usage ? kUsage : kRowsRemain, "destination", e.what());
  }

  for (const std::string& note : notes) findings.add(Verdict::ok, "destination", note);
}

}  // namespace

int check_config(CommandContext& context, bool json) {
  const Settings settings = context.read_settings();
  Findings findings;
  check_settings(settings, findings);
  if (settings.problems().empty()) {
    try {
      context.hand_on_libpq_variables(settings);
      check_state(settings.state_directory(), findings);
      check_places(settings, findings);
      check_descriptors(settings, findings);
      check_destination(settings, findings);
    } catch (const Error& e) {
      findings.add_problem(kUsage, "state directory", e.what());
    }
  }

  findings.print(json);
  return findings.status();
}

}  // namespace forebay::cli
