#include <libpq-fe.h>

#include <algorithm>
#include <cstring>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "support/opengauss_sql.hpp"

// What a server is taken for, at stand-ins: that openGauss answers so is read in its sources, and not shown here.
namespace forebay::test {
namespace {

/// What the log is told of a server.
std::vector<std::string> told_of(const std::string& url) {
  std::vector<std::string> notes;
  DestinationOptions options;
  options.note = [&](const std::string& note) { notes.push_back(note); };
  const auto destination = make_destination(url, options);
  CHECK(destination->server().empty());
  const auto sink = destination->make_sink({});
  opens(*sink);
  sink->close();
  opens(*sink);  // told once
  std::erase_if(notes, [](const std::string& note) { return !note.starts_with("the server is"); });
  if (!notes.empty()) CHECK(destination->server() == notes[0]);
  return notes;
}

TEST_CASE("an openGauss is recognised, and the upsert that it takes is used", "[postgres][threads]") {
  struct Case {
    OpenGaussRelease release;
    const char* told;
  };
  const Case c = GENERATE(Case{kOpenGauss3A,
                               "the server is openGauss 3.0.3 in compatibility mode A, recognised by its function "
                               "opengauss_version(); rows are replaced by ON DUPLICATE KEY UPDATE with "
                               "WHERE, which it took when tried; '' is NULL there"},
                          Case{kOpenGauss3B,
                               "the server is openGauss 3.0.0 in compatibility mode B, recognised by its function "
                               "opengauss_version(); rows are replaced by ON DUPLICATE KEY UPDATE with "
                               "WHERE, which it took when tried"},
                          Case{kOpenGauss5A,
                               "the server is openGauss 5.0.0 in compatibility mode A, recognised by its function "
                               "opengauss_version(); rows are replaced by ON DUPLICATE KEY UPDATE with "
                               "WHERE, which it took when tried; '' is NULL there"},
                          Case{kOpenGauss6PG,
                               "the server is openGauss 6.0.0 in compatibility mode PG, recognised by its function "
                               "opengauss_version(); rows are replaced by ON DUPLICATE KEY UPDATE with "
                               "WHERE, which it took when tried"},
                          Case{kDolphin6B,
                               "the server is openGauss 6.0.0 in compatibility mode B, recognised by its function "
                               "opengauss_version(); rows are replaced by ON DUPLICATE KEY UPDATE with VALUES() and "
                               "WHERE, which it took when "
                               "tried"});
  OpenGaussFixture fixture(c.release);
  if (!fixture.available()) return;
  CHECK(told_of(fixture.url()) == std::vector<std::string>{c.told});
  CHECK(fixture.one("SELECT count(*) FROM pg_class WHERE relname = 'forebay_probe'") == "0");
}

TEST_CASE("what a server calls itself is told without what would change a terminal, and not at any length",
          "[postgres][threads]") {
  static const std::string version = "5\n\x1b[31m\xc3\xa9" + std::string(1000, 'x');
  OpenGaussRelease release = kOpenGauss6PG;
  release.version = version.c_str();
  OpenGaussFixture fixture(release);
  if (!fixture.available()) return;
  const auto told = told_of(fixture.url());
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("the server is openGauss 5??[31m??xxx"));
  CHECK(told[0].size() < 250);
}

TEST_CASE("an openGauss is recognised and named whatever its version() says", "[postgres][threads]") {
  OpenGaussRelease release = kOpenGauss6PG;
  release.version_says = GENERATE("PostgreSQL 9.2.4", "PostgreSQL 16.1 (a build of ours)", "our own build", "");
  OpenGaussFixture fixture(release);
  if (!fixture.available()) return;
  const auto told = told_of(fixture.url());
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("the server is openGauss 6.0.0 in compatibility mode PG, recognised by its "
                                        "function opengauss_version(); rows are replaced by ON DUPLICATE KEY UPDATE"));
}

// That dolphin takes "name" for a text and || for OR then: (R).
TEST_CASE("dolphin's sql_mode without what forebay's SQL rests on is named, with the one to set",
          "[postgres][threads]") {
  struct Case {
    std::string sql_mode, missing;
  };
  const Case c =
      GENERATE(Case{"", "ansi_quotes,pipes_as_concat"}, Case{"sql_mode_strict,ansi_quotes", "pipes_as_concat"},
               Case{"pipes_as_concat", "ansi_quotes"});
  OpenGaussFixture fixture(kDolphin6B);
  if (!fixture.available()) return;
  const auto with = [&](std::string sql_mode) {
    std::string url = fixture.url();
    for (std::size_t at = 0; (at = sql_mode.find(',', at)) != std::string::npos; at += 3)
      sql_mode.replace(at, 1, "%2C");
    url.insert(url.find("-csearch_path"), "-cdolphin.sql_mode%3D" + sql_mode + "%20");
    return make_destination(url, {})->make_sink({})->open();
  };
  const auto failure = with(c.sql_mode);
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK_THAT(failure->message,
             Catch::Contains("openGauss 6.0.0 has its plugin dolphin's sql_mode without " + c.missing + ", so that") &&
                 Catch::Contains("ALTER ROLE … SET dolphin.sql_mode = '"));
  const auto begin = failure->message.find("sql_mode = '") + 12;
  CHECK_FALSE(with(failure->message.substr(begin, failure->message.find('\'', begin) - begin)));
}

TEST_CASE("a standby that is an openGauss is told as one, and waited for", "[postgres][threads]") {
  OpenGaussRelease release = kOpenGauss6PG;
  release.standby = true;
  OpenGaussFixture fixture(release);
  if (!fixture.available()) return;
  const auto failure = make_destination(fixture.url(), {})->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::unfit_for_now);
  CHECK_THAT(failure->message,
             Catch::Contains("(openGauss 6.0.0) is a standby, which takes no writes (25006); name the "
                             "primary, or all servers (host=a,b)"));
}

TEST_CASE("an openGauss before 3.0 is refused with the reason", "[postgres][threads]") {
  const bool by_role_without_temp = GENERATE(false, true);
  const PostgresNoTempFixture makes_the_role;
  OpenGaussFixture fixture(kOpenGauss2A);
  if (!makes_the_role.available() || !fixture.available()) return;
  const std::string role = by_role_without_temp ? "&user=forebay_test_notemp" : "";
  const auto failure = make_destination(fixture.url() + role, {})->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK_THAT(failure->message,
             Catch::Contains("openGauss 2.1.0 takes no ON DUPLICATE KEY UPDATE with WHERE, by which a "
                             "row is replaced only by a newer one (42601); openGauss 3.0 or later is "
                             "needed"));
}

TEST_CASE("the upsert is found out for a role that may not have temporary tables, too", "[postgres][threads]") {
  const PostgresNoTempFixture makes_the_role;
  if (!makes_the_role.available()) return;
  OpenGaussFixture fixture(kOpenGauss3A);
  if (!fixture.available()) return;
  DestinationOptions options;
  const auto destination = make_destination(fixture.url() + "&user=forebay_test_notemp", options);
  const auto failure = destination->make_sink({})->open();  // no schema that it may use: asked later
  REQUIRE(failure);
  CHECK_THAT(destination->server(), Catch::Contains("ON DUPLICATE KEY UPDATE with WHERE, which"));
}

std::string forced(const std::string& url) { return "opengauss" + url.substr(url.find("://")); }

TEST_CASE("a real PostgreSQL is spoken to as one, whatever the URL says", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const std::string url = fixture.url();
  CHECK(told_of(url).empty());
  const auto told = told_of(forced(url));
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("the server is PostgreSQL ") &&
                          Catch::EndsWith(" and no openGauss, whatever the URL says, and spoken to as a PostgreSQL; "
                                          "begin the destination with postgresql://"));
  CHECK_THAT(make_destination(forced(url), {})->description(), Catch::StartsWith("opengauss://"));
  // Tables that postgresql:// made, by a role whose rows are judged by row-level security.
  const PostgresNoTempFixture makes_the_role;
  fixture.exec("ALTER TABLE backup_sets ENABLE ROW LEVEL SECURITY");
  fixture.exec("CREATE POLICY everything ON backup_sets USING (true) WITH CHECK (true)");
  fixture.exec("GRANT USAGE ON SCHEMA " + fixture.schema() + " TO forebay_test_notemp");
  fixture.exec("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA " + fixture.schema() + " TO forebay_test_notemp");
  const Stream& stream = backup_sets_stream();
  std::vector<std::string> notes;
  DestinationOptions options;
  options.note = [&](const std::string& note) { notes.push_back(note); };
  const auto sink =
      make_destination(forced(url) + (url.find('?') == std::string::npos ? "?" : "&") + "user=forebay_test_notemp",
                       options)
          ->make_sink({&stream, &backup_files_stream()});
  std::vector<Value> row(stream.columns.size());
  row[0] = Value::integer(1);
  row[1] = Value::text("set");
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, row).range()}).ranges.at(0).synced == 1);
  CHECK(notes == told);
  const auto states = make_destination(forced(url), {})->migration_states();
  CHECK(std::none_of(states.begin(), states.end(), [](const MigrationState& s) { return s.changed; }));
}

TEST_CASE("a function of somebody's own named opengauss_version makes no openGauss of a PostgreSQL",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec("CREATE FUNCTION opengauss_version() RETURNS text LANGUAGE sql AS $$ SELECT 'mine'::text $$");
  CHECK(told_of(fixture.url()).empty());
}

TEST_CASE("a syntax error in somebody's trigger on a PostgreSQL is not laid to an openGauss", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.exec(
      "CREATE FUNCTION typo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELEC 1'; RETURN NEW; END $$");
  fixture.exec("CREATE TRIGGER typo BEFORE INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION typo()");
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  CHECK_THAT(failure.message, Catch::Contains("42601") && !Catch::Contains("openGauss"));
}

TEST_CASE("a relative of openGauss that takes ON CONFLICT is spoken to so", "[postgres][threads]") {
  OpenGaussRelease release = kOpenGauss6PG;
  release.takes_on_conflict = true;
  OpenGaussFixture fixture(release);
  if (!fixture.available()) return;
  const auto told = told_of(fixture.url());
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::EndsWith("rows are replaced by ON CONFLICT, which it took when tried"));
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  for (std::int64_t version = 1; version <= 3; ++version) {
    const auto segment = static_cast<std::uint64_t>(version);
    RangeMaker rows(stream, "b", segment);
    rows.add(version, small_row(1, "/a", version)).add(version, small_row(1, "/new " + std::to_string(version)));
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 2);
  }
  CHECK(fixture.query("SELECT size FROM small_files WHERE path = '/a'") == Rows{{"3"}});
}

TEST_CASE("a relative of openGauss that calls itself PostgreSQL is told how to be named, and then taken for one",
          "[postgres][threads]") {
  OpenGaussRelease release = GENERATE(kOpenGauss3A, kOpenGauss5A);
  release.hides = true;
  OpenGaussFixture fixture(release);
  if (!fixture.available()) return;
  const auto failure = make_destination(fixture.url(), {})->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK_THAT(failure->message, Catch::Contains("(42704); the server does not know what PostgreSQL knows") &&
                                   Catch::Contains("begin the destination with opengauss://"));
  const auto told = told_of(forced(fixture.url()));
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("the server is PostgreSQL " + std::string(release.version) +
                                        ", and spoken to as openGauss since the URL says so; rows are replaced by ON "
                                        "DUPLICATE KEY UPDATE "));
}

TEST_CASE("the stand-in has no TLS, and says so to who asks for it", "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  std::string url = fixture.url();
  url.replace(url.find("sslmode=disable&gssencmode=disable"), std::strlen("sslmode=disable&gssencmode=disable"),
              "sslmode=prefer&gssencmode=prefer&connect_timeout=5");
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), &PQfinish);
  CHECK(PQstatus(connection.get()) == CONNECTION_OK);
}

TEST_CASE("the stand-in refuses what openGauss has not as PostgreSQL refuses what it does not know",
          "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss3A);
  if (!fixture.available()) return;
  struct Case {
    const char *sql, *sqlstate;
  };
  const auto connection = std::unique_ptr<PGconn, decltype(&PQfinish)>(PQconnectdb(fixture.url().c_str()), &PQfinish);
  REQUIRE(PQstatus(connection.get()) == CONNECTION_OK);
  CHECK(PQserverVersion(connection.get()) == 90204);
  for (const Case& c : {Case{"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO NOTHING", "42601"},
                        Case{"SELECT to_regclass('t')", "42883"},
                        Case{"SET lock_timeout = 1", "42704"},
                        Case{"SET LOCAL idle_in_transaction_session_timeout = 1", "42704"},
                        Case{"SELECT attidentity FROM pg_attribute", "42703"},
                        Case{"LISTEN x", "42601"},
                        Case{"DISCARD ALL", "42601"},
                        Case{"SELECT unnest(ARRAY[1]), 2", ""},
                        Case{"SELECT * FROM unnest(ARRAY[1], ARRAY[2])", "42883"},
                        Case{"CREATE TEMPORARY TABLE x (n integer) ON COMMIT DROP", "42P16"},
                        Case{"CREATE TABLE x (n bigint GENERATED BY DEFAULT AS IDENTITY)", "42601"},
                        Case{"CREATE INDEX IF NOT EXISTS x ON y (z)", "42601"},
                        Case{"COPY t (a) FROM STDIN (FORMAT binary)", "42601"},
                        Case{"CREATE TABLE x (n timestamptz DEFAULT (now()))", "42601"},
                        Case{"SET enable_sort = on", "42601"},
                        Case{"INSERT INTO pg_temp.t (a) VALUES (1)", "0A000"},
                        Case{"DEALLOCATE none", "26010"},
                        Case{"CREATE TABLE no_such_schema.t (n integer)", "3F001"},
                        Case{"ALTER TABLE t ALTER COLUMN a SET DEFAULT 0, ALTER COLUMN a SET NOT NULL", "0A000"},
                        Case{"INSERT INTO t (a, b) VALUES (1, 2) ON DUPLICATE KEY UPDATE b = VALUES(b)", "42601"}}) {
    INFO(c.sql);
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), c.sql), &PQclear);
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    CHECK(std::string(state != nullptr ? state : "") == c.sqlstate);
  }
}

TEST_CASE("the stand-in translates an upsert by the columns that it does not assign") {
  CHECK(as_postgres_runs_it(R"(INSERT INTO "t" ("a", "b", "v") SELECT 1, '', 3 ON DUPLICATE KEY UPDATE "b" = )"
                            R"(EXCLUDED."b", "v" = EXCLUDED."v" WHERE "t"."v" < EXCLUDED."v")",
                            kOpenGauss5A) ==
        R"(INSERT INTO "t" ("a", "b", "v") SELECT 1, NULL, 3 ON CONFLICT ("a") DO UPDATE SET "b" = EXCLUDED."b", )"
        R"("v" = EXCLUDED."v" WHERE "t"."v" < EXCLUDED."v")");
  CHECK(as_postgres_runs_it("SET LOCAL idle_in_transaction_session_timeout = 120", kOpenGauss5A) ==
        "SET LOCAL idle_in_transaction_session_timeout = 120000");
  CHECK(as_postgres_runs_it("SELECT 'ON CONFLICT', 'it''s' -- LATERAL\n", kOpenGauss3A) ==
        "SELECT 'ON CONFLICT', 'it''s' -- LATERAL\n");
}

}  // namespace
}  // namespace forebay::test
