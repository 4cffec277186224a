#include "cli/destination.hpp"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <filesystem>

namespace forebay::cli {

DestinationOptions destination_options(const Options& options) {
  DestinationOptions limits;
  limits.connect_timeout = options.connect_timeout;
  limits.statement_timeout = options.statement_timeout;
  limits.clock_tolerance = options.clock_tolerance;
  return limits;
}

CLI::Option* add_destination_option(CLI::App& command, std::string& to, const std::string& help) {
  const auto refuse_empty = [](const std::string& given) {
    return given.empty() ? std::string("must name a destination, not be empty") : std::string();
  };
  return command.add_option("--to", to, help)->option_text("URL")->check(CLI::Validator(refuse_empty, ""));
}

bool is_missing_catalog(const Destination& destination) {
  constexpr std::string_view kScheme = "sqlite:";
  const std::string description = destination.description();
  return description.starts_with(kScheme) && !std::filesystem::exists(description.substr(kScheme.size()));
}

}  // namespace forebay::cli
