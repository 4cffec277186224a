#include "config/settings.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "config/locations.hpp"
#include "config/secrets.hpp"
#include "forebay/error.hpp"
#include "support/temporary_directory.hpp"

namespace forebay {
namespace {

Settings load(const test::TemporaryDirectory& directory, Environment environment = {},
              std::vector<GivenOption> options = {}) {
  return Settings::load({{}, directory.path(), std::move(environment), std::move(options)});
}

bool any_contains(const std::vector<std::string>& lines, std::string_view text) {
  for (const std::string& line : lines) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

TEST_CASE("with nothing set, settings and Options have the same defaults") {
  const test::TemporaryDirectory directory;
  const Settings settings = load(directory);
  CHECK(settings.problems().empty());
  CHECK(settings.warnings().empty());
  const Options from_settings = settings.to_options();
  const Options plain;
  CHECK(from_settings.destination == plain.destination);
  CHECK(from_settings.state_directory == plain.state_directory);
  CHECK(from_settings.durability == plain.durability);
  CHECK(from_settings.batch_rows_max == plain.batch_rows_max);
  CHECK(from_settings.interval == plain.interval);
  CHECK(from_settings.memory_rows_max == plain.memory_rows_max);
  CHECK(from_settings.memory_bytes_max == plain.memory_bytes_max);
  CHECK(from_settings.disk_bytes_max == plain.disk_bytes_max);
  CHECK(from_settings.full_policy == plain.full_policy);
  CHECK(from_settings.buffered == plain.buffered);
  CHECK(from_settings.connections == plain.connections);
  CHECK(from_settings.connect_timeout == plain.connect_timeout);
  CHECK(from_settings.statement_timeout == plain.statement_timeout);
  CHECK(from_settings.drain_timeout == plain.drain_timeout);
  CHECK(from_settings.clock_tolerance == plain.clock_tolerance);
}

TEST_CASE("every setting of the library reaches its place in Options") {
  const test::TemporaryDirectory directory;
  const Options o = load(directory, {{"DATABASE_URL", "sqlite:/x/c.db"},
                                     {"USE_MEMORY_DB", "no"},
                                     {"MEMORY_DB_SYNC_BATCH_SIZE", "11"},
                                     {"MEMORY_DB_SYNC_INTERVAL", "12"},
                                     {"MEMORY_DB_MAX_FILES", "13"},
                                     {"MEMORY_DB_MAX_MB", "14"},
                                     {"MEMORY_DB_DISK_MAX_MB", "15"},
                                     {"MEMORY_DB_FULL_POLICY", "fail"},
                                     {"MEMORY_DB_DURABILITY", "Memory"},
                                     {"SYNC_CONNECTIONS", "16"},
                                     {"SYNC_CONNECT_TIMEOUT", "17"},
                                     {"SYNC_STATEMENT_TIMEOUT", "18"},
                                     {"SYNC_DRAIN_TIMEOUT", "19"},
                                     {"SYNC_CLOCK_TOLERANCE", "20"},
                                     {"FOREBAY_STATE_DIR", "/x/state/../s"}})
                        .to_options();
  using namespace std::chrono_literals;
  CHECK(o.destination == "sqlite:/x/c.db");
  CHECK_FALSE(o.buffered);
  CHECK(o.batch_rows_max == 11);
  CHECK(o.interval == 12s);
  CHECK(o.memory_rows_max == 13);
  CHECK(o.memory_bytes_max == 14U << 20U);
  CHECK(o.disk_bytes_max == 15U << 20U);
  CHECK(o.full_policy == FullPolicy::fail);
  CHECK(o.durability == Durability::memory);
  CHECK(o.connections == 16);
  CHECK(o.connect_timeout == 17s);
  CHECK(o.statement_timeout == 18s);
  CHECK(o.drain_timeout == 19s);
  CHECK(o.clock_tolerance == 20s);
  CHECK(o.state_directory == "/x/s");
}

TEST_CASE("the command line wins over the environment, that over the .env, that over the default") {
  const test::TemporaryDirectory directory;
  directory.write(".env", "SCAN_THREADS=5\nSYNC_CONNECTIONS=6\nMEMORY_DB_MAX_MB=7\n");
  const Settings s =
      load(directory, {{"SCAN_THREADS", "8"}, {"SYNC_CONNECTIONS", "9"}}, {{"SCAN_THREADS", "--threads", "10"}});
  CHECK(s.number("SCAN_THREADS") == 10);
  CHECK(s.get("SCAN_THREADS").source.place == "--threads");
  CHECK(s.number("SYNC_CONNECTIONS") == 9);
  CHECK(s.get("SYNC_CONNECTIONS").source.place == "environment");
  CHECK(s.number("MEMORY_DB_MAX_MB") == 7);
  CHECK(s.get("MEMORY_DB_MAX_MB").source.place == ".env:3");
  CHECK(s.number("SYNC_CONNECT_TIMEOUT") == 10);
  CHECK(s.get("SYNC_CONNECT_TIMEOUT").source.place == "default");
}

TEST_CASE("a wrong value that is overridden is warned about and does no harm") {
  const test::TemporaryDirectory directory;
  directory.write(".env", "SCAN_THREADS=none\n");
  const Settings s = load(directory, {{"SCAN_THREADS", "8"}});
  CHECK(s.problems().empty());
  CHECK(any_contains(s.warnings(), ".env:1: SCAN_THREADS"));
  CHECK(s.number("SCAN_THREADS") == 8);
}

TEST_CASE("an empty value counts as not set in the environment, and in a .env only where none is meant") {
  const test::TemporaryDirectory directory;
  directory.write(".env", "SCAN_THREADS=7\nFOREBAY_LOG_FILE=\nDATABASE_URL=\n");
  const Settings s = load(directory, {{"SCAN_THREADS", ""}});
  CHECK(s.problems().empty());
  CHECK(s.number("SCAN_THREADS") == 7);
  CHECK(s.get("FOREBAY_LOG_FILE").source.kind == SourceKind::built_in);

  directory.write(".env", "SCAN_THREADS=\n");
  CHECK(any_contains(load(directory).problems(), ".env:1: SCAN_THREADS is \"\"; it must be a whole number"));
}

TEST_CASE("of a name that stands twice in a .env the last counts, with a warning") {
  const test::TemporaryDirectory directory;
  directory.write(".env", "SCAN_THREADS=3\nOTHER=1\nOTHER=2\nSCAN_THREADS=4\n");
  const Settings s = load(directory);
  CHECK(s.number("SCAN_THREADS") == 4);
  REQUIRE(s.warnings().size() == 1);
  CHECK(s.warnings()[0] == ".env:4: SCAN_THREADS is set on line 1 too; line 4 counts");
}

TEST_CASE("values that would be expanded elsewhere are refused, those of other programs are theirs") {
  const test::TemporaryDirectory directory;
  directory.write(".env", "FOREBAY_STATE_DIR=${HOME}/state\nCOMPOSE_PROJECT=${USER}\n");
  const Settings s = load(directory);
  REQUIRE(s.problems().size() == 1);
  CHECK(s.problems()[0].starts_with(".env:1: FOREBAY_STATE_DIR holds ${"));
}

TEST_CASE("a blank between '=' and a path is left out, with a warning, as other readers do otherwise") {
  const test::TemporaryDirectory directory;
  directory.write(".env", "FOREBAY_STATE_DIR= /srv/x\n");
  const Settings s = load(directory);
  CHECK(s.problems().empty());
  CHECK(s.state_directory() == "/srv/x");
  CHECK(any_contains(s.warnings(), ".env:1: FOREBAY_STATE_DIR has a blank after the '='"));
  directory.write(".env", "FOREBAY_STATE_DIR = /srv/x\nFOREBAY_LOG_FILE= # none\nSCAN_THREADS= 2\n");
  CHECK(load(directory).warnings().empty());
}

TEST_CASE("limits that do not go together are told with their places") {
  const test::TemporaryDirectory directory;
  const Settings s = load(directory, {{"MEMORY_DB_MAX_FILES", "100"},
                                      {"MEMORY_DB_DISK_MAX_MB", "10"},
                                      {"SYNC_DRAIN_TIMEOUT", "1"},
                                      {"USE_MEMORY_DB", "False"},
                                      {"MEMORY_DB_DURABILITY", "process"}});
  CHECK(any_contains(s.warnings(),
                     "MEMORY_DB_SYNC_BATCH_SIZE=5000 (default) is above MEMORY_DB_MAX_FILES=100 (environment)"));
  CHECK(any_contains(s.warnings(), "MEMORY_DB_MAX_MB=512 (default) is above MEMORY_DB_DISK_MAX_MB=10"));
  CHECK(any_contains(s.warnings(), "SYNC_CONNECT_TIMEOUT=10 (default) is above SYNC_DRAIN_TIMEOUT=1"));
  CHECK(any_contains(s.warnings(), "MEMORY_DB_DURABILITY is without effect"));
  CHECK(s.problems().empty());
}

TEST_CASE("a .env with a password that others may read is warned about") {
  const test::TemporaryDirectory directory;
  const auto file = directory.write(".env", "DATABASE_URL=postgresql://u:canary@h/db\n");
  ::chmod(file.c_str(), 0640);
  const Settings open = load(directory);
  CHECK(any_contains(open.warnings(), ".env:1: DATABASE_URL holds a password"));
  CHECK_FALSE(any_contains(open.warnings(), "canary"));
  ::chmod(file.c_str(), 0600);
  CHECK(load(directory).warnings().empty());

  directory.write(".env", "DATABASE_URL=postgresql://u@h/db\n");
  ::chmod(file.c_str(), 0644);
  CHECK(load(directory).warnings().empty());
  directory.write(".env", "PGPASSWORD=canary\n");
  CHECK(any_contains(load(directory).warnings(), "PGPASSWORD holds a password"));
}

TEST_CASE("check() says usage for what is wrong and not_built_yet for what is only early") {
  const test::TemporaryDirectory directory;
  const auto code = [&](const Environment& environment) {
    try {
      load(directory, environment).check();
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::stopped;
  };
  CHECK(code({{"FOREBAY_STREAMS", "x"}}) == ErrorCode::not_built_yet);
  CHECK(code({{"FOREBAY_STREAMS", "x"}, {"SCAN_THREADS", "0"}}) == ErrorCode::usage);
  CHECK(code({{"MEMORY_DB_CHECKPOINT_INTERVAL", "0"}}) == ErrorCode::stopped);  // nothing thrown
}

TEST_CASE("PG* lines of a .env are handed on below the environment's own") {
  const test::TemporaryDirectory directory;
  directory.write(".env", "PGHOST=from-file\nPGPORT=1\nPG_NOT=x1\n");
  const Settings s = load(directory, {{"PGPORT", "2"}});
  CHECK(variable(s.environment(), "PGHOST") == "from-file");
  CHECK(variable(s.environment(), "PGPORT") == "2");
  REQUIRE(!s.file_variables().empty());
  CHECK(s.file_variables()[0].source.place == ".env:1");
}

TEST_CASE("the state directory is root's own, else XDG's, else home's") {
  CHECK(default_state_directory({{"HOME", "/h"}, {"XDG_STATE_HOME", "/x"}}, true) == "/var/lib/forebay");
  CHECK(default_state_directory({{"HOME", "/h"}, {"XDG_STATE_HOME", "/x"}}, false) == "/x/forebay");
  CHECK(default_state_directory({{"HOME", "/h"}, {"XDG_STATE_HOME", "relative"}}, false) == "/h/.local/state/forebay");
  CHECK(default_state_directory({{"HOME", "/h"}}, false) == "/h/.local/state/forebay");
}

TEST_CASE(
    "the destination is DATABASE_URL, else what libpq's variables name, else the catalog in the state directory") {
  CHECK(choose_destination("sqlite:/a", "/s", {{"PGHOST", "h"}}).url.text() == "sqlite:/a");
  for (const char* name : {"PGHOST", "PGSERVICE", "PGHOSTADDR"}) {
    const ChosenDestination chosen = choose_destination("", "/s", {{name, "x"}});
    CHECK(chosen.url.text().empty());
    CHECK(chosen.why == std::string(name) + " is set");
  }
  const ChosenDestination embedded = choose_destination("", "/s", {{"PGHOST", ""}, {"PGUSER", "u"}});
  CHECK(embedded.url.text() == "sqlite:/s/catalog.db");
  CHECK(embedded.embedded_by_default);
}

TEST_CASE("a password never survives in a shown URL, however it is written") {
  CHECK(without_secrets("postgresql://u@h:5432/db?sslmode=require") == "postgresql://u@h:5432/db?sslmode=require");
  CHECK(without_secrets("postgresql://u:canary@h/db") == "postgresql://u:****@h/db");
  CHECK(without_secrets("sqlite:/a/b") == "sqlite:/a/b");
  for (const char* url :
       {"postgresql://u:canary@h/db", "postgresql://u:x@canary@h/db", "postgresql://u:x/canary@h/db",
        "postgresql://u:x?canary@h/db", "postgresql://u:x?a=canary@h/db", "postgresql://h/db?user=u&password=canary",
        "postgresql://h:1/db?password=x@canary", "postgresql://u@h/db?password=x@canary&a=b",
        "postgresql:///db?PassWord=canary", "postgresql://h/db?sslpassword=canary&x=y",
        "postgresql://h/db?%70assword=canary", "postgresql://u:canary@h1:1,h2:2/db",
        "postgresql+asyncpg://u:canary@h/db", "host=h password=canary", "u:canary@h/db"}) {
    CAPTURE(url);
    CHECK(without_secrets(url).find("canary") == std::string::npos);
    CHECK(holds_secret(url));
  }
}

}  // namespace
}  // namespace forebay
