// What ends a batch's statement or session while its rows are on their way, so that a row may be why.

#include <catch2/catch.hpp>

#include "sink/contract.hpp"

namespace forebay::test {
namespace {

const Failure& failed(const WriteOutcome& outcome) {
  REQUIRE(std::holds_alternative<Failure>(outcome));
  return std::get<Failure>(outcome);
}

/// Some statement of PL/pgSQL, run for each row whose note is "bad".
void run_for_bad_rows(PostgresFixture& fixture, const std::string& statement) {
  fixture.exec(
      "CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.note = 'bad' "
      "THEN " +
      statement + "; END IF; RETURN NEW; END $$");
  fixture.exec("DROP TRIGGER IF EXISTS judged ON small_files");
  fixture.exec("CREATE TRIGGER judged BEFORE INSERT OR UPDATE ON small_files FOR EACH ROW EXECUTE FUNCTION judge()");
}

BatchRange two_rows(const Stream& stream, std::uint64_t segment, const char* second, std::int64_t version = 1) {
  return RangeMaker(stream, "b", segment)
      .add(version, small_row(7, "/a", 0, "fine"))
      .add(version, small_row(7, "/b", 0, second))
      .range();
}

void check_each_way(PostgresFixture& fixture) {
  DestinationOptions options;
  options.statement_timeout = std::chrono::milliseconds(500);
  const Stream stream = small_stream();
  const auto sink = fixture.destination(options)->make_sink({&stream});
  opens(*sink);
  struct End {
    const char* statement;
    CutShort cut_short;
    const char* sqlstate;
  };
  // New rows first, then some that are there: where it can, one goes straight and the other by staging.
  for (const std::int64_t version : {1, 2}) {
    for (const End& end :
         {End{"PERFORM pg_sleep(20)", CutShort::statement, "57014"},
          End{"PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(20)", CutShort::session, "57P01"}}) {
      INFO(end.statement << ", version " << version);
      run_for_bad_rows(fixture, end.statement);
      Batch batch(Reason::end, {two_rows(stream, 1, "bad", version)});
      const Failure failure = failed(sink->write(batch));
      CHECK(failure.cut_short == end.cut_short);
      CHECK(failure.sqlstate == end.sqlstate);
    }
    run_for_bad_rows(fixture, "NULL");
    written(*sink, {two_rows(stream, static_cast<std::uint64_t>(10 + version), "fine", version)});
  }
}

TEST_CASE("a row that ends its statement or session is told from what fails otherwise, on each way rows go",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  check_each_way(fixture);
}

TEST_CASE("without temporary tables a row that ends its statement or session is told just as well",
          "[postgres][threads]") {
  PostgresNoTempFixture fixture;
  if (!fixture.available()) return;
  check_each_way(fixture);
}

TEST_CASE("what is no row's doing is not taken for it: a lock, a crash elsewhere, a raised error",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  DestinationOptions options;
  options.statement_timeout = std::chrono::milliseconds(500);
  const Stream stream = small_stream();
  const auto sink = fixture.destination(options)->make_sink({&stream});
  opens(*sink);
  for (const char* code : {"57014", "57P01", "08006", "55P03", "57P02"}) {
    INFO(code);
    run_for_bad_rows(fixture, std::string("RAISE SQLSTATE '") + code + "'");
    Batch batch(Reason::end, {two_rows(stream, 1, "bad")});
    CHECK(failed(sink->write(batch)).cut_short == CutShort::nothing);
  }
  run_for_bad_rows(fixture, "PERFORM pg_advisory_xact_lock(4711)");
  fixture.exec("SELECT pg_advisory_lock(4711)");
  Batch batch(Reason::end, {two_rows(stream, 1, "bad")});
  const Failure locked = failed(sink->write(batch));
  fixture.exec("SELECT pg_advisory_unlock(4711)");
  CHECK(locked.sqlstate == "55P03");
  CHECK(locked.cut_short == CutShort::nothing);
}

TEST_CASE("a trial runs the table's code, of rows that are there as well, and leaves nothing", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  written(*sink, {two_rows(stream, 1, "bad")});
  const auto trial_fails = [&](std::uint64_t segment) {
    Batch trial(Reason::end, {two_rows(stream, segment, "bad")});
    trial.trial = true;
    return std::holds_alternative<Failure>(sink->write(trial));
  };
  const auto all = [&] { return fixture.query("SELECT count(*), max(row_version) FROM small_files"); };
  CHECK_FALSE(trial_fails(1));
  CHECK(all() == Rows{{"2", "1"}});
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "1");
  run_for_bad_rows(fixture, "RAISE 'no'");
  CHECK(trial_fails(1));
  fixture.exec("DELETE FROM small_files");
  CHECK(trial_fails(2));
  run_for_bad_rows(fixture, "NULL");
  CHECK_FALSE(trial_fails(2));
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "1");
}

TEST_CASE("a row that is given up counts as refused without being sent", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  run_for_bad_rows(fixture, "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(20)");
  Batch batch(Reason::end, {RangeMaker(stream, "b", 1).add(1, small_row(7, "/b", 0, "bad")).range()});
  batch.refused_for = Batch::RefusedFor{"57P01", "the server ended the session each time"};
  Kept kept;
  const WriteOutcome outcome = sink->write(batch, kept.keep());
  REQUIRE(std::holds_alternative<Written>(outcome));
  CHECK(std::get<Written>(outcome).ranges.at(0).quarantined == 1);
  REQUIRE(kept.rows.size() == 1);
  CHECK(kept.rows[0].sqlstate == "57P01");
  CHECK(kept.rows[0].message == "the server ended the session each time");
  CHECK(fixture.one("SELECT quarantined FROM sync_batches") == "1");
}

}  // namespace
}  // namespace forebay::test
