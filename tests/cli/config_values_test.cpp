#include <catch2/catch.hpp>

#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

struct BadLine {
  std::string line;
  std::string message;  // after "FILE:LINE: " or "environment: "
};

const std::vector<BadLine>& bad_lines() {
  static const std::vector<BadLine> lines = {
      {"MEMORY_DB_SYNC_BATCH_SIZE=0",
       "MEMORY_DB_SYNC_BATCH_SIZE is \"0\"; it must be a whole number from 1 to 1000000 (rows)"},
      {"MEMORY_DB_SYNC_BATCH_SIZE=-1", "MEMORY_DB_SYNC_BATCH_SIZE is \"-1\"; it must be a whole number"},
      {"MEMORY_DB_SYNC_BATCH_SIZE=abc", "MEMORY_DB_SYNC_BATCH_SIZE is \"abc\"; it must be a whole number"},
      {"MEMORY_DB_SYNC_BATCH_SIZE=1000000000000", "MEMORY_DB_SYNC_BATCH_SIZE is \"1000000000000\"; it must be a whole"},
      {"MEMORY_DB_SYNC_BATCH_SIZE=5000x", "MEMORY_DB_SYNC_BATCH_SIZE is \"5000x\"; it must be a whole number"},
      {"MEMORY_DB_MAX_MB=1.5", "MEMORY_DB_MAX_MB is \"1.5\"; it must be a whole number"},
      {"USE_MEMORY_DB=perhaps", "USE_MEMORY_DB is \"perhaps\"; it must be True or False"},
      {"MEMORY_DB_FULL_POLICY=drop", "MEMORY_DB_FULL_POLICY is \"drop\"; it must be wait or fail"},
      {"MEMORY_DB_DURABILITY=full", "MEMORY_DB_DURABILITY is \"full\"; it must be memory, process or power"},
      {"FOREBAY_LOG_LEVEL=loud", "FOREBAY_LOG_LEVEL is \"loud\"; it must be debug, info, warning or error"},
      {"FOREBAY_STATE_DIR=~/state", "FOREBAY_STATE_DIR is \"~/state\"; it begins with ~, which only a shell expands"},
      {"DATABASE_URL=mysql://u:canary@h/db",
       "DATABASE_URL must begin with postgresql://, postgres://, opengauss:// or sqlite:"},
      {"DATABASE_URL=postgresql+asyncpg://u:canary@h/db", "DATABASE_URL names a Python driver"},
      {"DATABASE_URL=sqlite:", "DATABASE_URL must name a file after sqlite:"},
      {"DATABASE_URL=sqlite::memory:", "DATABASE_URL names no file: a database in memory would end with the process"},
      {"DATABASE_URL=sqlite:x.db?mode=ro",
       "DATABASE_URL has parameters behind a question mark, and sqlite: takes none"},
      {"MEMORY_DB_MAX_FILE=5", "there is no setting MEMORY_DB_MAX_FILE; did you mean MEMORY_DB_MAX_FILES?"},
      {"memory_db_max_mb=5", "there is no setting memory_db_max_mb; did you mean MEMORY_DB_MAX_MB?"},
      {"FOREBAY_COLOUR=5", "there is no setting FOREBAY_COLOUR; docs/settings.md has them all"},
      // What this release does not build is refused as such.
      {"FOREBAY_HTTP_LISTEN=127.0.0.1:9853", "FOREBAY_HTTP_LISTEN needs a part that is not built yet"},
      {"FOREBAY_HTTP_TOKEN_FILE=/x", "FOREBAY_HTTP_TOKEN_FILE needs a part that is not built yet"},
      {"FOREBAY_STREAMS=config/streams", "FOREBAY_STREAMS needs a part that is not built yet"},
      {"FOREBAY_ALERT_HOOK=/x", "FOREBAY_ALERT_HOOK needs a part that is not built yet"},
  };
  return lines;
}

TEST_CASE("a value that cannot be meant ends a command with status 2, naming file and line", "[threads]") {
  const TemporaryDirectory directory;
  for (const BadLine& bad : bad_lines()) {
    CAPTURE(bad.line);
    directory.write(".env", "# first\n\n" + bad.line + "\n");
    const CommandResult result = run_forebay({"migrate", "status"}, {}, directory.path());
    CAPTURE(result.err);
    CHECK(result.status == 2);
    CHECK(says(result.err, "forebay: .env:3: " + bad.message));
    CHECK(result.out.empty());
    CHECK_FALSE(says(result.err, "canary"));
  }
}

TEST_CASE("a value that cannot be meant in the environment is refused the same way", "[threads]") {
  for (const BadLine& bad : bad_lines()) {
    CAPTURE(bad.line);
    const std::size_t equals = bad.line.find('=');
    const CommandResult result =
        run_forebay({"migrate", "status"}, {{bad.line.substr(0, equals), bad.line.substr(equals + 1)}});
    CAPTURE(result.err);
    CHECK(result.status == 2);
    CHECK(says(result.err, "forebay: environment: " + bad.message));
    CHECK_FALSE(says(result.err, "canary"));
  }
}

TEST_CASE("the file of --env is named in front of its lines, wherever the option stands", "[threads]") {
  const TemporaryDirectory directory;
  const std::string file = directory.write("x.env", "SCAN_THREADS=0\n").string();
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--env", file, "migrate", "status"},
                                                    {"migrate", "--env", file, "status"},
                                                    {"migrate", "status", "--env=" + file}}) {
    const CommandResult result = run_forebay(arguments);
    CHECK(result.status == 2);
    CHECK(says(result.err, file + ":1: SCAN_THREADS is \"0\""));
  }
}

TEST_CASE("--env with a file that is missing, a folder or nothing is refused", "[threads]") {
  const TemporaryDirectory directory;
  for (const std::string& file : {std::string("missing.env"), directory.path().string(), std::string()}) {
    const CommandResult result = run_forebay({"--env", file, "config", "show"}, {}, directory.path());
    CAPTURE(file, result.err);
    CHECK(result.status == 2);
    CHECK(says(result.err, file.empty() ? "--env" : file));
  }
}

TEST_CASE("--env leaves ./.env unread", "[threads]") {
  const TemporaryDirectory directory;
  directory.write(".env", "SCAN_THREADS=0\n");
  directory.write("other.env", "SCAN_THREADS=9\n");
  const CommandResult result = run_forebay({"--env", "other.env", "config", "show"}, {}, directory.path());
  CHECK(result.status == 0);
  CHECK(says(result.out, "other.env:1"));
}

TEST_CASE("a malformed line is refused with line and column", "[threads]") {
  const TemporaryDirectory directory;
  directory.write(".env", "SCAN_THREADS=2\nDATABASE_URL 'canary'\n");
  const CommandResult result = run_forebay({"config", "show"}, {}, directory.path());
  CHECK(result.status == 2);
  CHECK(result.err == "forebay: .env:2:14: expected '=' after the name\n");
}

TEST_CASE("names of other programs are none of ours; near misses of SCAN_ and SYNC_ are warned about", "[threads]") {
  const TemporaryDirectory directory;
  directory.write(".env", "NODE_ENV=x\nSYNC_CONECTIONS=3\nDATABASE_URI=x\nDATABASE_URL=sqlite:c.db\n");
  const CommandResult result = run_forebay({"config", "show"}, {{"SCAN_SOMETHING", "1"}}, directory.path());
  CHECK(result.status == 0);
  CHECK_FALSE(says(result.err, "NODE_ENV"));
  CHECK(says(result.err,
             ".env:2: SYNC_CONECTIONS is none of forebay's settings and is ignored; did you mean "
             "SYNC_CONNECTIONS?"));
  CHECK(says(result.err, ".env:3: DATABASE_URI is not a name that forebay reads; did you mean DATABASE_URL?"));
  CHECK(says(result.err, "environment: SCAN_SOMETHING is none of forebay's settings"));
}

TEST_CASE("a name that is nearly DATABASE_URL or one of libpq's is refused as long as no destination is named",
          "[threads]") {
  const TemporaryDirectory directory;
  struct Slip {
    const char *typed, *meant;
  };
  for (const Slip& slip : {Slip{"DATABASE_URI", "DATABASE_URL"},
                           {"DATABASE_URLS", "DATABASE_URL"},
                           {"DATABSE_URL", "DATABASE_URL"},
                           {"database_url", "DATABASE_URL"},
                           {"PGHOTS", "PGHOST"},
                           {"PG_HOST", "PGHOST"},
                           {"pghost", "PGHOST"},
                           {"PGPASSWD", "PGPASSWORD"},
                           {"PGDATABSE", "PGDATABASE"}}) {
    const std::string line = slip.typed + std::string(" is not a name that forebay reads; did you mean ") + slip.meant;
    for (const char* command : {"scan", "check"}) {
      const std::vector<std::string> arguments = command == std::string("scan")
                                                     ? std::vector<std::string>{"scan", directory.path().string()}
                                                     : std::vector<std::string>{"config", "check"};
      const CommandResult environment = run_forebay(arguments, {{slip.typed, "canary"}}, directory.path());
      CAPTURE(slip.typed, environment.out, environment.err);
      CHECK(environment.status == 2);
      CHECK(says(environment.out + environment.err, "environment: " + line));
      CHECK_FALSE(says(environment.out + environment.err, "canary"));
    }
    directory.write(".env", slip.typed + std::string("=canary\n"));
    const CommandResult file = run_forebay({"migrate", "status"}, {}, directory.path());
    CHECK(file.status == 2);
    CHECK(says(file.err, ".env:1: " + line));
    // What the message advises for another program's variable.
    const CommandResult named =
        run_forebay({"migrate", "status", "--to", "sqlite:" + (directory / "c.db").string()}, {}, directory.path());
    CHECK(named.status == 0);
    CHECK(says(named.err, "warning .env:1: " + line));
    std::filesystem::remove(directory / ".env");
    CHECK(run_forebay({"migrate", "status"}, {{slip.typed, "x"}, {"DATABASE_URL", "sqlite:c.db"}}, directory.path())
              .err.empty());
  }
  for (const char* other : {"PGDATA", "PGCLUSTER", "PG_VERSION", "PG_MAJOR", "PGBACKREST_STANZA", "PGSSLCERTMODE",
                            "DB_URL", "DATABASE_SSL", "SQLALCHEMY_DATABASE_URI"}) {
    CAPTURE(other);
    CHECK(run_forebay({"config", "show"}, {{other, "x"}}).status == 0);
  }
}

TEST_CASE("the first of several problems is told with the number of the others, and config check lists them all",
          "[threads]") {
  const TemporaryDirectory directory;
  directory.write(".env", "SCAN_THREADS=0\nSYNC_CONNECTIONS=0\nFOREBAY_X=1\n");
  CHECK(says(run_forebay({"migrate", "status"}, {}, directory.path()).err, "(and 2 more: `forebay config check`"));
  const CommandResult check = run_forebay({"config", "check"}, {}, directory.path());
  CHECK(check.status == 2);
  for (const char* place : {".env:1", ".env:2", ".env:3"}) CHECK(says(check.out, place));
}

TEST_CASE("--log-level is a setting like the others, and its own name is told", "[threads]") {
  const CommandResult result = run_forebay({"--log-level", "loud", "migrate", "status"});
  CHECK(result.status == 2);
  CHECK(says(result.err, "--log-level: FOREBAY_LOG_LEVEL is \"loud\"; it must be debug, info, warning or error"));
}

}  // namespace
}  // namespace forebay::test
