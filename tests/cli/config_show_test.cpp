#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "support/places.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

TEST_CASE("config show names the source of each value, the command line before the environment before the file",
          "[threads]") {
  const TemporaryDirectory directory;
  directory.write(".env", "SCAN_THREADS=5\nSYNC_CONNECTIONS=6\nFOREBAY_LOG_LEVEL=error\n");
  const CommandResult result =
      run_forebay({"config", "show", "--json", "--log-level", "debug"},
                  {{"SYNC_CONNECTIONS", "7"}, {"FOREBAY_STATE_DIR", "state"}}, directory.path());
  REQUIRE(result.status == 0);
  const auto shown = nlohmann::json::parse(result.out);
  const auto& settings = shown.at("settings");
  CHECK(settings.at("SCAN_THREADS") == nlohmann::json{{"value", 5}, {"source", ".env:1"}});
  CHECK(settings.at("SYNC_CONNECTIONS") == nlohmann::json{{"value", 7}, {"source", "environment"}});
  CHECK(settings.at("FOREBAY_LOG_LEVEL") == nlohmann::json{{"value", "debug"}, {"source", "--log-level"}});
  CHECK(settings.at("USE_MEMORY_DB") == nlohmann::json{{"value", true}, {"source", "default"}});
  CHECK(settings.at("DATABASE_URL").at("value").is_null());
  CHECK(shown.at("env_file") == ".env");
  const std::string state = std::filesystem::canonical(directory.path()) / "state";
  CHECK(shown.at("state_directory") == state);
  CHECK(shown.at("destination").at("url") == "sqlite:" + state + "/catalog.db");
}

TEST_CASE("PG* lines of the .env decide the destination as the environment's would", "[threads]") {
  const TemporaryDirectory directory;
  directory.write(".env", "PGHOST=db.example\n");
  const auto shown = nlohmann::json::parse(run_forebay({"config", "show", "--json"}, {}, directory.path()).out);
  CHECK(shown.at("destination").at("why") == "PGHOST is set");
  CHECK(shown.at("libpq").at("PGHOST") == nlohmann::json{{"value", "db.example"}, {"source", ".env:1"}});
}

TEST_CASE("a password is in no output, whatever is asked and wherever it stands", "[threads]") {
  // Port 1 of this machine: nobody listens, so the connection is refused at once.
  const std::string url = "postgresql://user:canary-7f3a@127.0.0.1:1/db?password=canary-7f3a";
  const TemporaryDirectory directory;
  directory.write(".env", "DATABASE_URL=" + url + "\nPGPASSWORD=canary-7f3a\n");
  directory.write("conninfo.env", "DATABASE_URL=host=127.0.0.1 password=canary-7f3a\n");
  directory.write("misplaced.env", "SCAN_THREADS=" + url + "\nFOREBAY_LOG_FILE=/nowhere/" + url + "\n");
  directory.write("malformed.env", "DATABASE_URL=\"" + url + "\n");
  const std::map<std::string, std::string> state = {{"FOREBAY_STATE_DIR", (directory / "state").string()},
                                                    {"SYNC_CONNECT_TIMEOUT", "5"}};
  for (const std::string file : {".env", "conninfo.env", "misplaced.env", "malformed.env"}) {
    for (const std::vector<std::string>& command : {std::vector<std::string>{"config", "show"},
                                                    {"config", "show", "--json"},
                                                    {"config", "check"},
                                                    {"config", "check", "--json"},
                                                    {"migrate", "status"},
                                                    {"migrate", "up"},
                                                    {"config", "init"}}) {
      std::vector<std::string> arguments = {"--env", file, "--log-level", "debug"};
      arguments.insert(arguments.end(), command.begin(), command.end());
      const CommandResult result = run_forebay(arguments, state, directory.path());
      CAPTURE(file, command, result.out, result.err);
      CHECK_FALSE(says(result.out, "canary"));
      CHECK_FALSE(says(result.err, "canary"));
    }
  }
  auto environment = state;
  environment["DATABASE_URL"] = url;
  environment["PGPASSWORD"] = "canary-7f3a";
  for (const std::string what : {"show", "check"}) {
    const CommandResult result = run_forebay({"config", what}, environment);
    CHECK_FALSE(says(result.out + result.err, "canary"));
  }
}

TEST_CASE("colours are for terminals, and never with NO_COLOR", "[threads]") {
  const TemporaryDirectory directory;
  CommandLine line;
  line.arguments = {"config", "show"};
  line.directory = directory.path();
  line.environment = {{"TERM", "xterm"}, {"SCAN_SOMETHING", "a warning to colour"}};
  CHECK_FALSE(says(run_command(line).out, "\033["));
  line.on_terminal = true;
  const std::string on_terminal = run_command(line).out;
  CHECK(says(on_terminal, "\033["));
  CHECK(says(on_terminal, "SCAN_SOMETHING"));
  line.environment["NO_COLOR"] = "1";
  CHECK_FALSE(says(run_command(line).out, "\033["));
  line.environment.erase("NO_COLOR");
  line.environment["TERM"] = "dumb";
  CHECK_FALSE(says(run_command(line).out, "\033["));
}

TEST_CASE("log lines are one event a line with time, zone and level, as text or JSON, and in the log file too",
          "[threads]") {
  const TemporaryDirectory directory;
  // A name that would begin a line of its own, were it written as it is.
  std::map<std::string, std::string> environment = {{"SCAN_X\nforged line", "1"},
                                                    {"FOREBAY_LOG_FILE", (directory / "log").string()},
                                                    {"DATABASE_URL", "sqlite:" + (directory / "no/such/c.db").string()},
                                                    {"TZ", "XST-5:30"}};
  const CommandResult text = run_forebay({"migrate", "status"}, environment, directory.path());
  CHECK(says(text.err, "+05:30 warning environment: SCAN_X\\nforged line is none"));
  CHECK(says(directory.read("log"), "+05:30 warning environment: SCAN_X\\nforged line is none"));

  const CommandResult json = run_forebay({"migrate", "status", "--log-format", "json"}, environment, directory.path());
  const auto event = nlohmann::json::parse(json.err.substr(0, json.err.find('\n')));
  CHECK(event.at("level") == "warning");
  CHECK(says(event.at("message"), "SCAN_X"));
  CHECK(says(event.at("time"), "+05:30"));
}

TEST_CASE("a log file that cannot be opened is refused before anything starts", "[threads]") {
  const CommandResult result = run_forebay({"migrate", "status"}, {{"FOREBAY_LOG_FILE", "/proc/nowhere/log"}});
  CHECK(result.status == 2);
  CHECK(says(result.err, "forebay: FOREBAY_LOG_FILE"));
}

TEST_CASE("output that cannot be written whole is a failure", "[threads]") {
  CommandLine line;
  line.program = "/bin/sh";
  line.arguments = {"-c", forebay_binary() + " config show >/dev/full"};
  const CommandResult result = run_command(line);
  CHECK(result.status == 4);
  CHECK(says(result.err, "stdout"));
}

}  // namespace
}  // namespace forebay::test
