// What a server says of a row may quote its name: nobody's terminal, log or error class is the name's to choose.

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Steers a terminal, begins lines of a log, and looks like libpq's verbose errors.
const std::string kForgingName =
    "a\x1b[2J\x1b]0;owned\x07\r\n"
    "2026-01-01T00:00:00.000+00:00 error forged\nFATAL:  28P01: forged\nCONSTRAINT NAME:  small_files_key\n"
    "right\xe2\x80\xaeleft\xc2\x9b";

/// The same within the 63 bytes of an identifier.
const std::string kForgingConstraint = "a\x1b[2J\x07\r\n2026-01-01T00:00:00 forged\nFATAL:  28P01\xe2\x80\xae\xc2\x9b";

void refuse_with_its_name(PostgresFixture& fixture, const std::string& table, const std::string& column,
                          const std::string& sqlstate) {
  fixture.exec("CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW." + column +
               " LIKE '%forged%' THEN RAISE EXCEPTION USING ERRCODE = '" + sqlstate +
               "', MESSAGE = 'not wanted: ' || NEW." + column + "; END IF; RETURN NEW; END $$");
  fixture.exec("DROP TRIGGER IF EXISTS refusing ON " + table);
  fixture.exec("CREATE TRIGGER refusing BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION refuse()");
}

/// Nothing below U+0020 but the ends of lines, no DEL, no C1 control, no mark that turns the direction of text.
void check_forges_nothing(const std::string& text) {
  CAPTURE(text);
  CHECK(std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == '\x7f'; }));
  CHECK_FALSE(says(text, "\xe2\x80\xae"));
  CHECK_FALSE(says(text, "\xc2\x9b"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CHECK_FALSE(line.starts_with("2026-01-01T00:00:00"));
    CHECK_FALSE(line.starts_with("FATAL"));
  }
}

TEST_CASE("a name in a server's message does not choose the error's class, SQLSTATE or constraint",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  opens(*fixture.destination()->make_sink({&stream}));
  const bool staged = GENERATE(true, false);
  const std::string sqlstate = GENERATE(as<std::string>(), "P0001", "23505");
  CAPTURE(staged, sqlstate);
  refuse_with_its_name(fixture, "small_files", "path", sqlstate);
  if (!staged) {  // the direct way is taken, and COMMIT says it
    fixture.exec("DROP TRIGGER refusing ON small_files");
    fixture.exec(
        "CREATE CONSTRAINT TRIGGER refusing AFTER INSERT ON small_files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
        "EXECUTE FUNCTION refuse()");
  }
  const auto sink = fixture.destination()->make_sink({&stream});
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, kForgingName)).range()});
  CAPTURE(failure.message);
  CHECK(failure.failure_class == FailureClass::row_refused);
  CHECK(failure.sqlstate == sqlstate);
  // What a trigger says may be the row's own text: who it was is told, and not its words.
  CHECK_THAT(failure.message, Catch::Contains("refuse()") && !Catch::Contains("forged") && !Catch::Contains("\n"));
}

TEST_CASE("what a server quotes is shown escaped on the terminal, in logs and in JSON", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  REQUIRE(make_destination(fixture.url(), {})->migrate_up().size() > 3);
  // A name that the server does tell: that of a constraint.
  fixture.exec("ALTER TABLE backup_files ADD CONSTRAINT \"" + kForgingConstraint +
               "\" CHECK (file_name NOT LIKE '%forged%')");
  const Tree tree;
  tree.file(kForgingName);
  const std::string form = GENERATE(as<std::string>(), "terminal", "text", "json");
  CAPTURE(form);
  ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  site.set("FOREBAY_LOG_FILE", (site.directory() / "log").string());
  std::vector<std::string> arguments = {"--log-level", "debug", "scan", tree.path()};
  if (form == "json") {
    arguments.insert(arguments.begin(), {"--log-format", "json"});
    arguments.emplace_back("--json");
  }
  CommandLine line = site.line(arguments);
  line.on_terminal = form == "terminal";
  line.environment["NO_COLOR"] = "1";
  const auto result = run_command(line);
  const std::string log = site.directory().read("log");
  CHECK(says(log, "constraint a\\"));
  check_forges_nothing(log);
  if (form != "terminal") {
    CHECK(says(result.err, "constraint a\\"));
    check_forges_nothing(result.err);
    check_forges_nothing(result.out);
  } else {  // the progress line returns to its beginning and erases itself
    std::string shown = result.out;
    for (const std::string own : {"\x1b[K", "\x1b[2K", "\r"}) {
      for (auto at = shown.find(own); at != std::string::npos; at = shown.find(own)) shown.erase(at, own.size());
    }
    CHECK(says(shown, "constraint a\\"));
    check_forges_nothing(shown);
  }
  if (form == "json") {
    std::istringstream lines(result.err);
    for (std::string each; std::getline(lines, each);) CHECK(nlohmann::json::accept(each));
    CHECK(nlohmann::json::accept(result.out));
  }
}

}  // namespace
}  // namespace forebay::test
