// The scripts that run the tests on other versions of PostgreSQL and libpqxx: what they refuse, and what they skip.
#include <catch2/catch.hpp>

#include "support/places.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

using Catch::Contains;

CommandResult run_script(const std::string& name, const std::vector<std::string>& arguments,
                         const std::map<std::string, std::string>& environment = {}) {
  CommandLine line;
  line.program = source_directory() + "/scripts/" + name;
  line.arguments = arguments;
  line.environment = environment;
  return run_command(line);
}

TEST_CASE("a PostgreSQL that npm cannot be reached for is named and counted as skipped", "[threads]") {
  const TemporaryDirectory cache;
  // A port where nobody listens. Where npm is not even installed, that is the reason.
  const CommandResult result = run_script("postgres-versions.sh", {"--no-install", "--cache", cache.path(), "18"},
                                          {{"npm_config_registry", "http://127.0.0.1:1/"}});
  CAPTURE(result.out, result.err);
  CHECK(result.status == 3);
  CHECK(result.out == "0 passed, 0 failed, 1 skipped\n");
  CHECK_THAT(result.err,
             Contains("skipped            PostgreSQL 18: npm ") && Contains("PostgreSQL 18 cannot be fetched"));
}

TEST_CASE("versions of PostgreSQL that cannot be are refused before anything is fetched or built", "[threads]") {
  for (const std::string version : {"12", "9.6", "new"}) {
    const CommandResult result = run_script("postgres-versions.sh", {"--no-install", version});
    CAPTURE(result.err);
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains("so no '" + version + "'") && Contains("13 to 18"));
  }
}

TEST_CASE("folders without a server or a libpqxx are refused with what to name or do", "[threads]") {
  const TemporaryDirectory empty;
  const CommandResult server = run_script("with-postgres.sh", {"--bin", empty.path(), "true"});
  CHECK(server.status == 2);
  CHECK_THAT(server.err, Contains("no PostgreSQL server programs (initdb, pg_ctl, postgres) in " +
                                  empty.path().string() + "; give the bin folder"));
  const CommandResult library = run_script("libpqxx-versions.sh", {"--no-install", "--prefix", empty.path()});
  CHECK(library.status == 2);
  CHECK_THAT(library.err, Contains("no libpqxx in " + empty.path().string()) &&
                              Contains("-DCMAKE_INSTALL_PREFIX=" + empty.path().string()));
}

TEST_CASE("a script whose option lacks its value ends with 2 and says what is wanted", "[threads]") {
  for (const auto& [script, option, wanted] : std::initializer_list<std::tuple<const char*, const char*, const char*>>{
           {"test.sh", "--filter", "a Catch2 test spec"},
           {"with-postgres.sh", "--bin", "a folder with initdb"},
           {"crash-soak.sh", "--seed", "a number"},
           {"field-cases.sh", "--command", "a program"}}) {
    const CommandResult result = run_script(script, {option});
    CHECK(result.status == 2);
    CHECK(result.err == std::string(script) + ": " + option + " needs " + wanted + "\n");
  }
}

}  // namespace
}  // namespace forebay::test
