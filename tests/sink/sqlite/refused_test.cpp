#include <catch2/catch.hpp>

#include "sink/contract.hpp"

// How SQLite's triggers and deferred constraints refuse rows.
namespace forebay::test {
namespace {

struct ThreeRowsOutcome {
  WriteOutcome written;
  std::vector<RefusedRow> kept;
};

/// Three rows, the second of which the trigger or constraint does not want.
ThreeRowsOutcome write_three(SqliteFixture& fixture, const Stream& stream, const std::string& sql) {
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  sink->close();
  fixture.exec(sql);
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a", 1)).add(2, small_row(1, "/b", -1)).add(3, small_row(1, "/c", 1));
  ThreeRowsOutcome outcome;
  Batch batch(Reason::end, {rows.range()});
  outcome.written =
      sink->write(batch, [&](const Batch&, const std::vector<RefusedRow>& refused) { outcome.kept = refused; });
  return outcome;
}

std::string trigger(const std::string& when, const std::string& how) {
  return "CREATE TRIGGER judged " + when + " INSERT ON small_files WHEN NEW.size < 0 BEGIN SELECT RAISE(" + how +
         ", 'below zero'); END";
}

TEST_CASE("a catalog's trigger refuses a row by RAISE(ABORT), and the others land") {
  SqliteFixture fixture;
  const Stream stream = small_stream();
  const ThreeRowsOutcome outcome = write_three(fixture, stream, trigger(GENERATE("BEFORE", "AFTER"), "ABORT"));
  REQUIRE(std::holds_alternative<Written>(outcome.written));
  REQUIRE(outcome.kept.size() == 1);
  CHECK(outcome.kept[0].number == 2);
  CHECK(outcome.kept[0].sqlstate == "P0001");
  CHECK(outcome.kept[0].message == "refused by a trigger's RAISE");
  CHECK(fixture.query("SELECT path FROM small_files ORDER BY path") == Rows{{"/a"}, {"/c"}});
}

TEST_CASE("a catalog's trigger that ends the transaction, or leaves half a row, is a schema problem") {
  SqliteFixture fixture;
  const Stream stream = small_stream();
  const std::string sql =
      GENERATE(trigger("BEFORE", "ROLLBACK"), trigger("AFTER", "ROLLBACK"), trigger("AFTER", "FAIL"));
  CAPTURE(sql);
  const ThreeRowsOutcome outcome = write_three(fixture, stream, sql);
  REQUIRE(std::holds_alternative<Failure>(outcome.written));
  CHECK(std::get<Failure>(outcome.written).failure_class == FailureClass::schema);
  CHECK_THAT(std::get<Failure>(outcome.written).message,
             Catch::Contains("RAISE(ABORT)") && !Catch::Contains("below zero"));
  CHECK(outcome.kept.empty());
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "0");
}

TEST_CASE("a catalog's deferred foreign key that is broken is a schema problem") {
  SqliteFixture fixture;
  const Stream stream = small_stream();
  opens(*fixture.destination()->make_sink({}));
  fixture.exec("CREATE TABLE sizes (size INTEGER PRIMARY KEY)");
  fixture.exec("INSERT INTO sizes VALUES (1)");
  std::string table = fixture.dialect().create_table(stream, "small_files");
  table.insert(table.rfind(") STRICT"), ", FOREIGN KEY (size) REFERENCES sizes DEFERRABLE INITIALLY DEFERRED");
  fixture.exec(table);
  const ThreeRowsOutcome outcome = write_three(fixture, stream, "SELECT 1");
  REQUIRE(std::holds_alternative<Failure>(outcome.written));
  CHECK(std::get<Failure>(outcome.written).failure_class == FailureClass::schema);
  CHECK_THAT(std::get<Failure>(outcome.written).message, Catch::Contains("deferred foreign key"));
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
}

}  // namespace
}  // namespace forebay::test
