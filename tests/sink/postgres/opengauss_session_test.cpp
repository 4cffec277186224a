#include <libpq-fe.h>

#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "support/libpq_handles.hpp"
#include "support/private_postgres.hpp"

// Logins and sessions, at stand-ins of openGauss.
namespace forebay::test {
namespace {

TEST_CASE("passwords that only openGauss's own libpq can send are told with what to change at the server",
          "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  // 10 is sha256, 11 md5 over sha256, 13 SM3: what libpq says of each was tried with a stock libpq 15.
  fixture.server().offers_authentication = GENERATE(10, 11, 13);
  INFO(fixture.server().offers_authentication);
  const auto failure = make_destination(fixture.url() + "&password=canary", {})->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::login_or_target);
  CHECK_THAT(failure->message,
             Catch::Contains("if it is an openGauss: ") && Catch::Contains("password_encryption_type = 1") &&
                 Catch::Contains("give the role a new password") && Catch::Contains("pg_hba.conf") &&
                 Catch::Contains("docs/opengauss.md") && !Catch::Contains("canary") && !Catch::Contains("\n"));
}

TEST_CASE("an idle session is not ended by openGauss's session_timeout, since it is set to 0", "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  fixture.server().session_timeout_ms = 200;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  // Somebody else's session ends, and so ours would have by now.
  const std::unique_ptr<PGconn, decltype(&PQfinish)> other(PQconnectdb(fixture.url().c_str()), &PQfinish);
  while (fixture.server().idle_drops() == 0) std::this_thread::yield();
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
  CHECK(fixture.server().connections() == 2);
}

TEST_CASE("a session that openGauss ended while it was idle is replaced before a batch is sent",
          "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss6PG);
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.server().ends_all_idle = true;
  fixture.server().session_timeout_ms = 50;
  while (fixture.server().idle_drops() == 0) std::this_thread::yield();
  fixture.server().session_timeout_ms = 0;
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
  CHECK(fixture.server().connections() == 2);
}

TEST_CASE("a '' that is sent comes back as it was in every mode, and NULL stays NULL", "[postgres][threads]") {
  const OpenGaussRelease release = GENERATE(kOpenGauss3A, kOpenGauss5A, kOpenGauss6PG);
  INFO(release.version);
  OpenGaussFixture fixture(release);
  if (!fixture.available()) return;
  Stream stream = small_stream();
  stream.columns[3].not_null = true;  // said of rows, and not enforced there
  const auto sink = fixture.destination()->make_sink({&stream});
  for (std::int64_t version = 1; version <= 2; ++version) {
    RangeMaker rows(stream, "b", static_cast<std::uint64_t>(version));
    rows.add(version, small_row(1, "/empty", version, "")).add(version, small_row(1, "/some", version, "x"));
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 2);
    CHECK(fixture.query("SELECT note FROM small_files ORDER BY path") == Rows{{""}, {"x"}});
  }
}

std::string state_of(const PgResult& result) {
  const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  return state != nullptr ? state : "";
}

// As read in gram.y, copy.cpp and arrayfuncs.cpp.
TEST_CASE("the stand-in of mode A makes '' NULL in literals and text COPY, and keeps it in parameters and arrays",
          "[postgres][threads]") {
  const OpenGaussRelease release = GENERATE(kOpenGauss3A, kOpenGauss5A, kOpenGauss6PG);
  INFO(release.version);
  OpenGaussFixture fixture(release);
  if (!fixture.available()) return;
  const PgConnection connection(PQconnectdb(fixture.url().c_str()), &PQfinish);
  const auto run = [&](const char* sql) {
    const PgResult result(PQexec(connection.get(), sql), &PQclear);
    CHECK(state_of(result).empty());
  };
  run("CREATE TABLE told (n integer, a text, b text)");
  run("INSERT INTO told VALUES (1, '', 'it''s')");
  run("COPY told FROM STDIN");
  for (const char* piece : {"2\t", "\tx\n3\ta\\\t", "\t", "\n4\t\\N\t\\\\\n"}) {  // cut anywhere
    REQUIRE(PQputCopyData(connection.get(), piece, static_cast<int>(std::strlen(piece))) == 1);
  }
  REQUIRE(PQputCopyEnd(connection.get(), nullptr) == 1);
  while (const PgResult result = PgResult(PQgetResult(connection.get()), &PQclear)) CHECK(state_of(result).empty());
  const std::array<const char*, 2> values = {"", R"({"",x,"\"\"",NULL})"};
  const PgResult bound(PQexecParams(connection.get(), "INSERT INTO told SELECT 5, $1::text, unnest($2::text[])", 2,
                                    nullptr, values.data(), nullptr, nullptr, 0),
                       &PQclear);
  CHECK(state_of(bound).empty());
  const bool mode_a = release.empty_is_null();
  const std::string copied = mode_a ? kNull : "";
  CHECK(fixture.query("SELECT a, b FROM told") == Rows{{copied, "it's"},
                                                       {copied, "x"},
                                                       {"a\t", copied},
                                                       {kNull, "\\"},
                                                       {"", ""},
                                                       {"", "x"},
                                                       {"", "\"\""},
                                                       {"", kNull}});
}

TEST_CASE("a '' that is sent by arrays lands, and NULL stays NULL", "[postgres][threads]") {
  OpenGaussFixture fixture(GENERATE(kOpenGauss3A, kOpenGauss5A, kOpenGauss6PG));
  const PostgresNoTempFixture makes_the_role;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  opens(*fixture.destination()->make_sink({&stream}));
  fixture.exec("GRANT USAGE ON SCHEMA " + fixture.schema() + " TO forebay_test_notemp");
  fixture.exec("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA " + fixture.schema() + " TO forebay_test_notemp");
  const auto sink = make_destination(fixture.url() + "&user=forebay_test_notemp", {})->make_sink({&stream});
  for (std::int64_t version = 1; version <= 2; ++version) {
    RangeMaker rows(stream, "b", static_cast<std::uint64_t>(version));
    rows.add(version, small_row(1, "/empty", version, "")).add(version, small_row(1, "/some", version, "x"));
    rows.add(version, {Value::integer(1), Value::text("/null"), Value::integer(version), Value()});
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 3);
  }
  CHECK(fixture.query("SELECT note, size FROM small_files ORDER BY path") == Rows{{"", "2"}, {kNull, "2"}, {"x", "2"}});
}

// Rests on: openGauss applies duplicates inside one statement in turn, PostgreSQL raises 21000. Here PostgreSQL stands
// behind, so that one statement with a key twice would fail.
TEST_CASE("no upsert holds a key twice, so that it does not matter what openGauss does with it",
          "[postgres][threads]") {
  OpenGaussFixture fixture(GENERATE(kOpenGauss3A, kOpenGauss6PG));
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a", 1)).range()});
  const PgConnection connection(PQconnectdb(fixture.url().c_str()), &PQfinish);
  const std::string twice = fixture.dialect().upsert(stream, "small_files",
                                                     "VALUES (1, '/a', 2, 'x', 2, now()), (1, '/a', 3, 'x', 3, now())");
  CHECK(state_of(PgResult(PQexec(connection.get(), twice.c_str()), &PQclear)) == "21000");

  RangeMaker some(stream, "b", 2), more(stream, "c", 1);
  for (std::int64_t i = 0; i < 30; ++i) {
    some.add(2 + i * 7 % 30, small_row(1, "/a", 2 + i * 7 % 30)).add(2, small_row(1, "/" + std::to_string(i)));
    more.add(40 - i, small_row(1, "/a", 40 - i));
  }
  const Written both = written(*sink, {some.range(), more.range()});
  CHECK(both.ranges.at(0).superseded + both.ranges.at(1).superseded == 59);
  CHECK(both.ranges.at(0).synced + both.ranges.at(1).synced == 31);
  CHECK(fixture.query("SELECT size, row_version FROM small_files WHERE path = '/a'") == Rows{{"40", "40"}});
}

// Rests on: a role may not limit waits for locks there, and pg_locks and pg_stat_activity are as in PostgreSQL.
TEST_CASE("who holds a lock is named where a wait for it ends with the statement", "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  DestinationOptions options;
  options.statement_timeout = std::chrono::seconds(1);
  const auto sink = fixture.destination(options)->make_sink({&stream});
  opens(*sink);
  const auto row = [&] { return RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range(); };
  const std::string pid = fixture.one("SELECT pg_backend_pid()");
  fixture.exec("SET application_name = 'reporting'; BEGIN");
  fixture.exec("LOCK TABLE small_files IN ACCESS EXCLUSIVE MODE");
  const Failure locked = refused(*sink, {row()});
  fixture.exec("ROLLBACK");
  CHECK(locked.sqlstate == "57014");
  CHECK(locked.failure_class == FailureClass::retry_half);  // it may have been slow besides
  CHECK_THAT(locked.message, Catch::Contains("another session holds a lock for long (pid " + pid + ", reporting"));
  // Slow by itself, with nobody in the way: halves help.
  fixture.exec(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$");
  fixture.exec("CREATE TRIGGER slow BEFORE INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION slow()");
  const Failure slow = refused(*sink, {row()});
  CHECK(slow.failure_class == FailureClass::retry_half);
  CHECK_THAT(slow.message, !Catch::Contains("lock"));
}

TEST_CASE("who holds a lock is named to a role that may not see since when", "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  const PostgresNoTempFixture makes_the_role;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  opens(*fixture.destination()->make_sink({&stream}));
  fixture.exec("GRANT USAGE ON SCHEMA " + fixture.schema() + " TO forebay_test_notemp");
  fixture.exec("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA " + fixture.schema() + " TO forebay_test_notemp");
  DestinationOptions options;
  options.statement_timeout = std::chrono::seconds(1);
  const auto sink = make_destination(fixture.url() + "&user=forebay_test_notemp", options)->make_sink({&stream});
  opens(*sink);
  const std::string pid = fixture.one("SELECT pg_backend_pid()");
  fixture.exec("SET application_name = 'reporting'; BEGIN");
  fixture.exec("LOCK TABLE small_files IN ACCESS EXCLUSIVE MODE");
  const Failure locked = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  fixture.exec("ROLLBACK");
  CHECK(locked.sqlstate == "57014");
  CHECK_THAT(locked.message, Catch::Contains("another session holds a lock, since when the server does not show this "
                                             "role (pid " +
                                             pid + ", reporting): if that should not be"));
}

TEST_CASE("a prepared transaction that holds a lock is told where a wait for it ends with the statement",
          "[postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres postgres({"max_prepared_transactions=2"});
  const OpenGaussStandIn server(postgres.socket(), kOpenGauss5A);
  const Stream stream = small_stream();
  DestinationOptions options;
  options.statement_timeout = std::chrono::seconds(1);
  const auto sink = make_destination("postgresql://postgres@127.0.0.1:" + std::to_string(server.port()) +
                                         "/forebay?sslmode=disable&gssencmode=disable",
                                     options)
                        ->make_sink({&stream});
  opens(*sink);
  const PgConnection other(PQconnectdb(postgres.url().c_str()), &PQfinish);
  const PgResult done(PQexec(other.get(), "BEGIN; LOCK TABLE small_files; PREPARE TRANSACTION 'left'"), &PQclear);
  REQUIRE(state_of(done).empty());
  const Failure locked = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  CHECK(locked.sqlstate == "57014");
  CHECK_THAT(locked.message, Catch::Contains("a prepared transaction holds a lock for long"));
}

// Rests on: by the listing of its errors YY003 is the lock wait timeout, and the rest of its class are other things.
TEST_CASE("of openGauss's errors that are tried again, only the lock wait timeout is told as one",
          "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss5A);
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  const auto failure_by = [&](const std::string& state) {
    fixture.exec(
        "CREATE OR REPLACE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no' USING "
        "ERRCODE = '" +
        state + "'; END $$");
    return refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  };
  fixture.exec("CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$");
  fixture.exec("CREATE TRIGGER fails BEFORE INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION fails()");
  const Failure waited = failure_by("YY003");
  CHECK(waited.failure_class == FailureClass::retry_batch);
  CHECK_THAT(waited.message, Catch::Contains("(YY003); another session held a lock for long"));
  const Failure memory = failure_by("YY006");
  CHECK(memory.failure_class == FailureClass::unfit_for_now);
  CHECK_THAT(memory.message, Catch::EndsWith("(YY006); the server is short of memory"));
  for (const char* gone : {"YY001", "YY002", "YY004", "YY005"}) {
    INFO(gone);
    const Failure failure = failure_by(gone);
    CHECK(failure.failure_class ==
          (std::string_view(gone) == "YY005" ? FailureClass::retry_batch : FailureClass::reconnect));
    CHECK_THAT(failure.message, !Catch::Contains("lock"));
  }
}

// Rests on: a row that the upsert's WHERE held back is not in openGauss's count (seen on a 6.0.0).
TEST_CASE("rows that lost are counted by a query that openGauss plans row by row, and only where some lost",
          "[postgres][threads]") {
  OpenGaussFixture fixture(GENERATE(kOpenGauss3A, kOpenGauss6PG));
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker first(stream, "b", 1);
  written(*sink, {first.add(5, small_row(1, "/old")).add(9, small_row(1, "/newer")).range()});
  fixture.server().keeps_heard = true;
  const auto heard_of_joins = [&] {
    const std::vector<Heard> heard = fixture.server().take_heard();
    return std::count_if(heard.begin(), heard.end(),
                         [](const Heard& h) { return h.body.starts_with("SET LOCAL enable_hashjoin"); });
  };
  written(*sink, {RangeMaker(stream, "b", 2).add(6, small_row(1, "/old")).range()});
  CHECK(heard_of_joins() == 0);

  RangeMaker third(stream, "b", 3);
  const Written both = written(*sink, {third.add(7, small_row(1, "/old")).add(6, small_row(1, "/newer")).range()});
  CHECK(both.ranges.at(0).synced == 1);
  CHECK(both.ranges.at(0).superseded == 1);
  CHECK(heard_of_joins() == 2);  // before and after
}

// Rests on: ON DUPLICATE KEY UPDATE meets every unique index, and may not assign a column of one. The stand-in names
// the key to PostgreSQL, so that it cannot show what would become of the rows.
TEST_CASE("a unique index beside the key's is refused where an upsert cannot name its key", "[postgres][threads]") {
  struct Case {
    const char *made, *mended;
  };
  const Case c =
      GENERATE(Case{"CREATE UNIQUE INDEX other ON small_files (path)", "DROP INDEX"},
               Case{"ALTER TABLE small_files ADD CONSTRAINT other UNIQUE (note)", "DROP CONSTRAINT \"other\""},
               Case{"CREATE UNIQUE INDEX other ON small_files (set_id, path, size)", "DROP INDEX"},
               Case{"CREATE UNIQUE INDEX other ON small_files (set_id, path, row_version)", "DROP INDEX"},
               Case{"CREATE UNIQUE INDEX other ON small_files (lower(path))", "DROP INDEX"},
               Case{"CREATE UNIQUE INDEX other ON small_files (path) WHERE set_id = 1", "DROP INDEX"},
               Case{"ALTER TABLE small_files ADD tenant bigint DEFAULT 1, ADD CONSTRAINT other UNIQUE (tenant, path)",
                    "DROP CONSTRAINT \"other\""},
               Case{"ALTER TABLE small_files ADD CONSTRAINT other UNIQUE (set_id, path) DEFERRABLE",
                    "DROP CONSTRAINT \"other\""},
               Case{"ALTER TABLE small_files ADD CONSTRAINT other EXCLUDE USING btree (size WITH =)",
                    "DROP CONSTRAINT \"other\""},
               Case{"ALTER TABLE small_files ADD id bigserial, ADD UNIQUE (id), ADD UNIQUE (id, path)", nullptr},
               Case{"ALTER TABLE small_files ADD id bigint, ADD UNIQUE (id)", nullptr},
               Case{"CREATE UNIQUE INDEX ON small_files (path, set_id) WHERE set_id > 0", nullptr});
  INFO(c.made);
  OpenGaussFixture fixture(kOpenGauss6PG);
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto row = [&](std::int64_t n) {
    RangeMaker rows(stream, "b", static_cast<std::uint64_t>(n));
    rows.add(n, small_row(n, "/" + std::to_string(n), n, std::to_string(n)));
    return rows.range();
  };
  written(*sink, {row(1)});
  fixture.exec(c.made);  // noticed by a sink that is open, too
  if (c.mended == nullptr) {
    CHECK(written(*sink, {row(2)}).ranges.at(0).synced == 1);
    return;
  }
  for (const Failure& failure : {refused(*sink, {row(2)}), *fixture.destination()->make_sink({&stream})->open()}) {
    CHECK(failure.failure_class == FailureClass::schema);
    CHECK_THAT(failure.message, (Catch::Contains("unique index \"other\" stands beside the key's") ||
                                 Catch::Contains("constraint \"other\" is deferrable, or an exclusion")) &&
                                    Catch::Contains("To fix it: ") && Catch::Contains(c.mended));
  }
}

TEST_CASE("every column of the built-in tables may be '' that a file or a set can have empty", "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss3A);
  if (!fixture.available()) return;
  const Stream& files = backup_files_stream();
  const Stream& sets = backup_sets_stream();
  const auto sink = fixture.destination()->make_sink({&files, &sets});
  const auto row = [](const Stream& stream) {
    std::vector<Value> values;
    for (const Column& c : stream.columns) {
      const bool never_empty = c.name == "file_path" || c.name == "file_type";
      switch (c.type) {
        case ColumnType::text:
          values.push_back(Value::text(never_empty ? "x" : ""));
          break;
        case ColumnType::integer:
          values.push_back(Value::integer(1));
          break;
        case ColumnType::timestamp:
          values.push_back(Value::timestamp(1));
          break;
        default:
          values.emplace_back();
      }
    }
    return values;
  };
  for (std::int64_t version = 1; version <= 2; ++version) {
    const auto segment = static_cast<std::uint64_t>(version);
    const Written both = written(*sink, {RangeMaker(files, "f", segment).add(version, row(files)).range(),
                                         RangeMaker(sets, "s", segment).add(version, row(sets)).range()});
    CHECK(both.ranges.at(0).synced == 1);
    CHECK(both.ranges.at(1).synced == 1);
  }
}

}  // namespace
}  // namespace forebay::test
