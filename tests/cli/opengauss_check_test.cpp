// scripts/opengauss-check.sh, as a person runs it: at PostgreSQL, at stand-ins (what they are and are not,
// tests/support/opengauss_stand_in.hpp says), and where something fails.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "support/own_database.hpp"
#include "support/places.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

using Catch::Contains;
using Catch::EndsWith;

CommandLine check(const std::string& url, const std::string& forebay = forebay_binary()) {
  CommandLine line;
  line.program = source_directory() + "/scripts/opengauss-check.sh";
  line.arguments = {url};
  line.environment = {{"FOREBAY", forebay}};
  return line;
}

/// A program of a few lines of shell.
std::string script(const TemporaryDirectory& folder, const std::string& name, const std::string& text) {
  const std::filesystem::path path = folder / name;
  std::ofstream(path) << "#!/bin/bash\n" << text;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

/// psql, but for the statements, which an editing of sed changes.
std::string editing_client(const TemporaryDirectory& folder, const std::string& edit) {
  return script(folder, "psql",
                "case \"$*\" in\n"
                "*' -f '*) for last; do :; done; sed '" +
                    edit +
                    "' \"$last\" >edited.sql; exec /usr/bin/psql -X -a \"$3\" -f edited.sql ;;\n"
                    "*) exec /usr/bin/psql \"$@\" ;;\n"
                    "esac\n");
}

std::string schemas_left(const OwnDatabase& database) {
  return database.one("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'forebay_check%'");
}

TEST_CASE("scripts/opengauss-check.sh is green against PostgreSQL", "[postgres][threads]") {
  PostgresFixture there;
  if (!there.available()) return;
  const OwnDatabase database(there);
  const CommandResult result = run_command(check(database.owner_url()));
  CAPTURE(result.out, result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("ok      upserts that are whole: 0\n") && Contains("\nrefused upsert_1: 42601") &&
                             EndsWith("\nall ok\n"));
  CHECK_THAT(result.out, Contains("# forebay: forebay ") && Contains("# client: psql ") && Contains("# checkout: "));
  CHECK(schemas_left(database) == "0");
}

TEST_CASE("scripts/opengauss-check.sh is green against stand-ins, each with the upserts that its release takes",
          "[postgres][threads]") {
  const bool old = GENERATE(true, false);
  OpenGaussFixture there(old ? kOpenGauss3A : kOpenGauss6PG);
  if (!there.available()) return;
  const OwnDatabase database(there);
  std::string url = there.server().url("&dbname=" + database.role());
  if (old) url.replace(0, url.find(':'), "opengauss");
  const CommandResult result = run_command(check(url));
  CAPTURE(result.out, result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out,
             Contains("upserts that are whole: 1\n") &&
                 Contains(old ? "scan by postgresql://, found to be one" : "by opengauss://, named as one") &&
                 EndsWith("\nall ok\n"));
}

// gsql's libpq has a SQLSTATE on a line of its own, and at times a number before the text: fe-protocol3.cpp of 6.0.0,
// pqGetErrorNotice3(). So this client says it.
TEST_CASE("scripts/opengauss-check.sh reads a gsql's errors, too", "[postgres][threads]") {
  OpenGaussFixture there(kOpenGauss6PG);
  if (!there.available()) return;
  const OwnDatabase database(there);
  const TemporaryDirectory folder;
  const std::string numbered = GENERATE("", "\\nGAUSS-00509: ");
  const std::string as_gsql =
      "sed -E 's/((ERROR|FATAL):  )([0-9A-Z]{5}): (.*)$/\\1" + numbered + "\\4\\nSQLSTATE: \\3/'";
  CommandLine line = check(there.server().url("&dbname=" + database.role()));
  line.arguments.push_back(script(folder, "gsql", "set -o pipefail\n/usr/bin/psql -X \"$@\" 2>&1 | " + as_gsql + "\n"));
  const CommandResult result = run_command(line);
  CAPTURE(result.out, result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("SQLSTATE: 42601") && Contains("\nok      upserts that are whole: 1\n") &&
                             Contains("ok      errors: a key that is there (23505)\n") && EndsWith("\nall ok\n"));
}

TEST_CASE("a check that errs, answers otherwise, or is lost with the connection makes the report not all ok",
          "[postgres][long][threads]") {
  struct Fault {
    std::string edit, told;
  };
  const auto fault = GENERATE(
      values<Fault>({{"s/forebay_path_bytes(.%.a/no_&/", "FAILED  migrations: the bytes of a stored path: 42883: "},
                     {"s/'2f61ff62'/'2f'/", "FAILED  migrations: the bytes of a stored path: FAILED\n"},
                     {"s/^SELEC 1/SELECT 1/", "FAILED  errors: a statement that is none: no answer\n"},
                     {"s/^INSERT INTO types VALUES (9/-- &/", "FAILED  errors: a CHECK: no answer\n"},
                     {"s/^DEALLOCATE tried/SELECT no_such_thing/", "FAILED  an error that is not expected: 42703: "},
                     {"s/EXCLUDED.\"row_version\"$/0/;s/ WHERE .*\"row_version\" < EXCLUDED.\"row_version\"//",
                      "FAILED  upsert_0: an older row loses, with all of its columns: FAILED\n"},
                     {"s/^.echo == the ledger/SELECT pg_terminate_backend(pg_backend_pid());/",
                      "FAILED  values: NULL stays NULL: it was not run\n"},
                     {"/^.echo == values/,$d", "FAILED  the statements did not come to their end\n"}}));
  PostgresFixture there;
  if (!there.available()) return;
  const OwnDatabase database(there);
  const TemporaryDirectory folder;
  CommandLine line = check(database.owner_url());
  line.arguments.push_back(editing_client(folder, fault.edit));
  const CommandResult result = run_command(line);
  CAPTURE(fault.edit, result.out, result.err);
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains(fault.told) && EndsWith("\nnot all ok\n"));
  CHECK(schemas_left(database) == "0");
}

TEST_CASE("a checkout without a build says that forebay itself was not tried", "[postgres][threads]") {
  PostgresFixture there;
  if (!there.available()) return;
  const OwnDatabase database(there);
  const TemporaryDirectory checkout;
  for (const std::string folder : {"scripts", "tests/sink/postgres"}) {
    std::filesystem::create_directories(checkout / folder);
    std::filesystem::copy(source_directory() + "/" + folder, checkout / folder);
  }
  CommandLine line = check(database.owner_url());
  line.program = checkout / "scripts/opengauss-check.sh";
  line.environment.clear();
  line.arguments.push_back(script(checkout, "gsql", "exec /usr/bin/psql \"$@\"\n"));
  const CommandResult result = run_command(line);
  CAPTURE(result.out, result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Contains("\n# forebay: no build at hand\n") &&
                             Contains("\nall ok that was tried; not tried: forebay itself, as no build"));
  CHECK(schemas_left(database) == "0");
}

TEST_CASE("what forebay says when its scan fails is in the report", "[postgres][threads]") {
  PostgresFixture there;
  if (!there.available()) return;
  const OwnDatabase database(there);
  const TemporaryDirectory folder;
  const CommandResult result =
      run_command(check(database.owner_url(), script(folder, "forebay",
                                                     "echo 'forebay: migration 3 was not adopted'\n"
                                                     "exit 3\n")));
  CAPTURE(result.out, result.err);
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("FAILED  forebay scan by postgresql://, first:\n"
                                  "          forebay: migration 3 was not adopted\n") &&
                             EndsWith("\nnot all ok\n"));
  CHECK(schemas_left(database) == "0");
}

TEST_CASE("no password is shown by scripts/opengauss-check.sh, and only who was asked for one is told of passwords",
          "[postgres][threads]") {
  const std::string url = GENERATE("opengauss://you:canary-word@127.0.0.1:1/files", "og://you:canary-word@h/files");
  const CommandResult result = run_command(check(url));
  CAPTURE(result.out, result.err);
  CHECK((result.status == 4 || result.status == 2));
  CHECK_THAT(result.out + result.err, !Contains("canary-word") && !Contains("docs/opengauss.md"));
  CHECK_THAT(result.err, Contains("could not connect") || Contains("name the server"));

  OpenGaussFixture there(kOpenGauss6PG);
  if (!there.available()) return;
  there.server().offers_authentication = 10;
  const CommandResult asked = run_command(check(there.server().url("&password=canary-word")));
  CAPTURE(asked.err);
  CHECK(asked.status == 4);
  CHECK_THAT(asked.err, Contains("see docs/opengauss.md") && !Contains("canary-word"));
}

TEST_CASE("an interrupted scripts/opengauss-check.sh ends and drops what it made", "[postgres][threads]") {
  const bool early = GENERATE(true, false);
  PostgresFixture there;
  if (!there.available()) return;
  const OwnDatabase database(there);
  const TemporaryDirectory folder;
  CommandLine line = check(database.owner_url());
  if (early) {  // amid the statements, with locks held
    line.arguments.push_back(editing_client(folder,
                                            "s/^.echo == values/BEGIN; LOCK TABLE sync_batches; SELECT "
                                            "pg_sleep(50);/"));
  } else {
    line.environment["FOREBAY"] = script(folder, "forebay", "[ \"$1\" = --version ] || exec sleep 50\n");
  }
  RunningCommand running(line);
  // Read, or the report would fill the pipe.
  if (!early) REQUIRE(running.wait_for("# forebay itself"));
  const std::string reached =
      early ? "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
            : "SELECT count(*) FROM pg_namespace WHERE nspname = 'forebay_check_run'";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (database.one(reached) == "0" && std::chrono::steady_clock::now() < deadline) {
  }
  REQUIRE(database.one(reached) != "0");
  running.send_signal(SIGINT);
  const CommandResult result = running.wait();
  CAPTURE(result.out, result.err);
  CHECK_FALSE(result.timed_out);
  CHECK(result.status == 130);
  CHECK(schemas_left(database) == "0");
}

TEST_CASE("a role that may not create a schema is told so in place of a report", "[postgres][threads]") {
  PostgresFixture there;
  if (!there.available()) return;
  const OwnDatabase database(there);
  const CommandResult result = run_command(check(database.url()));
  CAPTURE(result.out, result.err);
  CHECK(result.status == 4);
  CHECK(result.out.empty());
  CHECK_THAT(result.err, Contains("GRANT CREATE ON DATABASE"));
}

}  // namespace
}  // namespace forebay::test
