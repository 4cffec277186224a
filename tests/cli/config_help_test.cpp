#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support/run_command.hpp"

namespace forebay::test {
namespace {

/// The commands that --help lists under "Subcommands:".
std::vector<std::string> listed_commands(const std::string& help) {
  std::vector<std::string> names;
  std::istringstream lines(help.substr(std::min(help.find("Subcommands:"), help.size())));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.starts_with("  ")) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    names.push_back(name);
  }
  return names;
}

TEST_CASE("--help of the whole and of each command exits with 0 and has examples", "[threads]") {
  std::vector<std::vector<std::string>> commands = {{}};
  std::size_t leaves = 0;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    std::vector<std::string> arguments = commands[i];
    arguments.push_back("--help");
    const CommandResult result = run_forebay(arguments);
    CAPTURE(arguments, result.out, result.err);
    CHECK(result.status == 0);
    CHECK(says(result.out, "Examples:\n  "));
    CHECK(result.err.empty());
    const auto below = listed_commands(result.out);
    if (below.empty()) ++leaves;
    for (const std::string& name : below) {
      std::vector<std::string> next = commands[i];
      next.push_back(name);
      commands.push_back(next);
    }
  }
  CHECK(leaves >= 7);  // config's three, migrate's three, version
}

TEST_CASE("--help of each command that a script runs says what its exit status means, and where settings come from",
          "[threads]") {
  for (const char* command : {"scan", "status", "force-sync", "errors", "retry-errors", "recover", "restore"}) {
    const CommandResult result = run_forebay({command, "--help"});
    CAPTURE(command, result.out);
    CHECK(says(result.out, "\nExit status: 0 "));
    CHECK(says(result.out, "--env FILE"));
  }
}

TEST_CASE("a mistyped command or option is answered with the nearest one and status 2", "[threads]") {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"verison"}, "there is no command forebay verison; did you mean version?"},
      {{"config", "chekc"}, "there is no command forebay config chekc; did you mean check?"},
      {{"config", "show", "--jsno"}, "forebay config show has no option --jsno; did you mean --json?"},
      {{"config", "init", "--profil=canary"}, "has no option --profil; did you mean --profile?"},
      {{"--evn", "x", "version"}, "has no option --evn; did you mean --env?"},
      {{"frobnicate"}, "there is no command forebay frobnicate; see `forebay --help`"},
      {{"version", "more"}, "forebay version does not take the argument more"},
      {{"migrate", "down", "0"}, "N: "},
      {{"migrate", "down", "two"}, "N"},
      {{"--log-format", "xml", "version"}, "--log-format: xml not in {text,json}"},
  };
  for (const auto& [arguments, message] : cases) {
    const CommandResult result = run_forebay(arguments);
    CAPTURE(arguments, result.err);
    CHECK(result.status == 2);
    CHECK(says(result.err, message));
    CHECK_FALSE(says(result.err, "canary"));
    CHECK(result.out.empty());
  }
}

TEST_CASE("commands of later releases are refused as such, with whatever arguments, and never as unknown",
          "[threads]") {
  for (const char* name : {"ingest", "serve", "pause", "resume", "export", "normalize", "verify"}) {
    for (const std::vector<std::string>& rest :
         {std::vector<std::string>{}, {"--help"}, {"--json"}, {"create", "x"}, {"--stream", "s", "-"}}) {
      std::vector<std::string> arguments{name};
      arguments.insert(arguments.end(), rest.begin(), rest.end());
      const CommandResult result = run_forebay(arguments);
      CAPTURE(arguments, result.err);
      CHECK(result.status == 2);
      CHECK(says(result.err, std::string("forebay ") + name + " is not built yet in this release"));
    }
  }
}

TEST_CASE("without a command the help is shown, as wrong usage", "[threads]") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{}, {"config"}, {"migrate"}}) {
    const CommandResult result = run_forebay(arguments);
    CHECK(result.status == 2);
    CHECK(says(result.err, "Subcommands:"));
    CHECK(result.out.empty());
  }
}

TEST_CASE("a usage error is a JSON line where JSON is asked for", "[threads]") {
  const CommandResult result = run_forebay({"--log-format", "json", "version", "more"});
  CHECK(result.status == 2);
  CHECK(nlohmann::json::parse(result.err).at("level") == "error");
}

TEST_CASE("version names forebay and what it is linked with", "[threads]") {
  const CommandResult text = run_forebay({"version"});
  CHECK(text.status == 0);
  CHECK(says(text.out, "forebay 0."));
  CHECK(says(text.out, "SQLite 3."));
  CHECK(says(text.out, "libpq"));
  const auto json = nlohmann::json::parse(run_forebay({"version", "--json"}).out);
  CHECK(says(text.out, "forebay " + json.at("forebay").get<std::string>() + "\n"));
  CHECK(run_forebay({"--version"}).out == "forebay " + json.at("forebay").get<std::string>() + "\n");
}

}  // namespace
}  // namespace forebay::test
