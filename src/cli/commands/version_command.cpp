#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "forebay/version.hpp"
#include "sink/postgres/client_versions.hpp"
#include "sqlite/process.hpp"

namespace forebay::cli {
namespace {

void add_version_command(CommandSyntax& app) {
  CommandSyntax command = app.subcommand("version", "Print the versions of forebay and of what it is linked with");
  auto json = std::make_shared<bool>(false);
  command.flag("--json", *json, "Print one JSON object");
  command.examples({"forebay version", "forebay version --json"});
  command.action([json](CommandContext&) {
    if (*json) {
      const nlohmann::ordered_json versions = {{"forebay", FOREBAY_VERSION},
                                               {"sqlite", sqlite_version()},
                                               {"postgresql_client", postgres_client_versions()}};
      std::cout << versions.dump() << '\n';
    } else {
      std::cout << "forebay " << FOREBAY_VERSION << "\nSQLite " << sqlite_version() << '\n'
                << postgres_client_versions() << '\n';
    }
    return kDone;
  });
}

const CommandRegistration kVersion(90, add_version_command);

}  // namespace
}  // namespace forebay::cli
