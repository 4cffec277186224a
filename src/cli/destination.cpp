#include "cli/destination.hpp"

#include <unistd.h>

#include <filesystem>

#include "base/destination_url.hpp"
#include "cli/logging.hpp"

namespace forebay::cli {

DestinationOptions destination_options(const Options& options) {
  DestinationOptions limits;
  limits.connect_timeout = options.connect_timeout;
  limits.statement_timeout = options.statement_timeout;
  limits.clock_tolerance = options.clock_tolerance;
  return limits;
}

void add_destination_option(CommandSyntax& command, std::string& to, const std::string& help) {
  command.option("--to", to, help).shown_as("URL").not_empty("a destination");
}

void announce_destination(const ChosenDestination& chosen) {
  if (!chosen.embedded_by_default) return log_line(LogLevel::info, "destination named by " + chosen.why);
  const bool seen = ::isatty(STDERR_FILENO) == 1;
  log_line(seen ? LogLevel::info : LogLevel::warning, embedded_default_line(chosen, "--to", seen));
}

bool is_missing_catalog(const Destination& destination) {
  const auto url = DestinationUrl::parse(destination.description());
  return url && url->is_catalog() && !std::filesystem::exists(url->catalog_file());
}

}  // namespace forebay::cli
