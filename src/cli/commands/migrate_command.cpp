#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/destination.hpp"
#include "cli/json_output.hpp"
#include "cli/logging.hpp"
#include "cli/output.hpp"
#include "engine/destination.hpp"
#include "forebay/error.hpp"
#include "sink/sink.hpp"
#include "state/state_directory.hpp"

namespace forebay::cli {
namespace {

struct MigrateOptions {
  std::string to;
  int count = 1;
  bool yes = false;
  bool json = false;
};
using SharedOptions = std::shared_ptr<MigrateOptions>;

std::unique_ptr<Destination> destination_of(CommandContext& context, const MigrateOptions& given,
                                            bool make_state = false) {
  std::vector<GivenOption> options;
  if (!given.to.empty()) options.push_back({"DATABASE_URL", "--to", given.to});
  const Settings settings = context.start(std::move(options));

  DestinationOptions limits = destination_options(settings.to_options());
  limits.note = [](const std::string& note) { log_line(LogLevel::info, note); };
  const ChosenDestination chosen = settings.destination();
  auto destination = make_destination(chosen.url, limits);
  if (chosen.embedded_by_default) {
    announce_destination(chosen);
    if (make_state) const StateDirectory made(settings.state_directory());
  }
  return destination;
}

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::cout << safe_line(line) << '\n';
}

int migrate_up(CommandContext& context, const MigrateOptions& options) {
  const auto destination = destination_of(context, options, true);
  const std::vector<std::string> lines = destination->migrate_up();
  print_lines(lines);
  if (lines.empty()) std::cout << "nothing to do: " << safe_line(destination->description()) << " is up to date\n";
  return kDone;
}

int migrate_down(CommandContext& context, const MigrateOptions& options) {
  const auto destination = destination_of(context, options);
  if (is_missing_catalog(*destination)) {
    std::cout << "nothing to take back: there is no " << safe_line(destination->description()) << '\n';
    return kDone;
  }

  if (!options.yes) {
    const std::vector<std::string> lines = destination->migrate_down_preview(options.count);
    if (lines.empty()) {
      std::cout << "nothing to take back in " << safe_line(destination->description()) << '\n';
      return kDone;
    }
    std::cout << "would drop from " << safe_line(destination->description()) << ":\n";
    for (const std::string& line : lines) std::cout << "  " << safe_line(line) << '\n';
    std::cout.flush();
    throw Error(ErrorCode::usage, "nothing was dropped; say --yes to do it");
  }

  const std::vector<std::string> lines = destination->migrate_down(options.count);
  print_lines(lines);
  if (lines.empty()) std::cout << "nothing to take back in " << safe_line(destination->description()) << '\n';
  return kDone;
}

void print_json(const std::string& destination, const std::vector<MigrationState>& states) {
  nlohmann::ordered_json out;
  out["destination"] = destination;
  out["migrations"] = nlohmann::ordered_json::array();
  for (const MigrationState& m : states) {
    out["migrations"].push_back({{"number", m.number},
                                 {"name", m.name},
                                 {"applied", m.applied},
                                 {"changed", m.changed},
                                 {"applied_at", m.applied_at}});
  }
  std::cout << json_text(out, 2) << '\n';
}

int migrate_status(CommandContext& context, const MigrateOptions& options) {
  const auto destination = destination_of(context, options);
  const bool missing = is_missing_catalog(*destination);
  const std::vector<MigrationState> states = missing ? std::vector<MigrationState>() : destination->migration_states();
  if (options.json) {
    print_json(destination->description(), states);
    return kDone;
  }

  std::cout << safe_line(destination->description())
            << (missing ? " does not exist yet; the first scan makes it\n" : "\n");
  Table table({0});
  for (const MigrationState& m : states) {
    const Style style = m.changed ? Style::warning : m.applied ? Style::good : Style::dim;
    table.add({std::to_string(m.number),
               m.name,
               {m.changed   ? "applied, but by another version of forebay"
                : m.applied ? "applied"
                            : "to be applied",
                style},
               m.applied_at});
  }
  table.print(std::cout, colours_belong(STDOUT_FILENO));
  return kDone;
}

CommandSyntax add_leaf(CommandSyntax& migrate, const std::string& name, const std::string& what,
                       const SharedOptions& options) {
  CommandSyntax leaf = migrate.subcommand(name, what);
  add_destination_option(leaf, options->to);
  return leaf;
}

void add_migrate_command(CommandSyntax& app) {
  CommandSyntax migrate = app.subcommand("migrate", "Create, change or drop forebay's tables at the destination");
  migrate.examples({"forebay migrate status", "forebay migrate up", "forebay migrate down"});
  auto options = std::make_shared<MigrateOptions>();

  CommandSyntax up = add_leaf(migrate, "up", "Apply what is missing (a first scan does so by itself)", options);
  up.examples({"forebay migrate up", "forebay migrate up --to postgresql://admin@db.example/backups"});
  up.action([options](CommandContext& context) { return migrate_up(context, *options); });

  CommandSyntax down =
      add_leaf(migrate, "down", "Take the last N migrations back: drops tables and what they hold", options);
  down.option("N", options->count, "How many (default: 1)").between(1, 1000);
  down.flag("--yes", options->yes, "Do it; without this, only say what would be dropped");
  down.examples({"forebay migrate down", "forebay migrate down 2 --yes"});
  down.action([options](CommandContext& context) { return migrate_down(context, *options); });

  CommandSyntax status = add_leaf(migrate, "status", "List the migrations and which are applied", options);
  status.flag("--json", options->json, "Print one JSON object");
  status.examples({"forebay migrate status", "forebay migrate status --json"});
  status.action([options](CommandContext& context) { return migrate_status(context, *options); });
}

const CommandRegistration kMigrate(30, add_migrate_command);

}  // namespace
}  // namespace forebay::cli
