#include "cli/commands/config_command.hpp"

#include <iostream>

#include "base/text.hpp"
#include "config/env_init.hpp"
#include "forebay/error.hpp"

namespace forebay::cli {
namespace {

int init_config(CommandContext& context, const std::string& profile_name) {
  const Profile profile = profile_of(profile_name).value();  // the parser let no other name through
  const std::filesystem::path file = context.global().env_file.empty() ? ".env" : context.global().env_file;
  const EnvInit done = init_env_file(file, profile);
  const std::string name = printable(file.string());

  if (done.created) {
    std::cout << "wrote " << name << " for " << profile_name
              << " servers; set DATABASE_URL in it, then run `forebay config check`\n";
    return kDone;
  }

  if (done.added.empty()) {
    std::cout << name << " has every setting; nothing was changed\n";
  } else {
    std::cout << "added to " << name << ":";
    for (const std::string_view setting : done.added) std::cout << ' ' << setting;
    std::cout << "\nkept the file as it was: " << printable(done.backup.string()) << '\n';
  }
  for (const std::string& line : done.kept) std::cout << line << '\n';
  return kDone;
}

void add_show(CommandSyntax& config) {
  CommandSyntax show = config.subcommand("show", "Print each setting, its value and where it comes from");
  auto json = std::make_shared<bool>(false);
  show.flag("--json", *json, "Print one JSON object");
  show.examples({"forebay config show", "forebay --env /etc/forebay/.env config show --json"});
  show.action([json](CommandContext& context) { return show_config(context, *json); });
}

void add_check(CommandSyntax& config) {
  CommandSyntax check = config.subcommand("check", "Check settings, state directory and destination; change nothing");
  auto json = std::make_shared<bool>(false);
  check.flag("--json", *json, "Print one JSON object");
  check.examples({"forebay config check", "DATABASE_URL=postgresql://db.example/backups forebay config check"});
  check.exit_statuses("0 it can begin · 2 a setting or the state directory cannot be used · 3 the destination cannot");
  check.action([json](CommandContext& context) { return check_config(context, *json); });
}

void add_init(CommandSyntax& config) {
  CommandSyntax init = config.subcommand("init", "Write a .env, or add what an existing one lacks (its lines stay)");
  auto profile = std::make_shared<std::string>("ordinary");
  init.option("--profile", *profile, "Sizing: strong, ordinary or small (default: ordinary)")
      .shown_as("PROFILE")
      .one_of({"strong", "ordinary", "small"});
  init.examples({"forebay config init", "forebay --env /etc/forebay/.env config init --profile strong"});
  init.action([profile](CommandContext& context) { return init_config(context, *profile); });
}

void add_config_command(CommandSyntax& app) {
  CommandSyntax config = app.subcommand("config", "Show, check or write the settings");
  config.examples({"forebay config show", "forebay config check", "forebay config init --profile small"});
  add_show(config);
  add_check(config);
  add_init(config);
}

const CommandRegistration kConfig(40, add_config_command);

}  // namespace
}  // namespace forebay::cli
