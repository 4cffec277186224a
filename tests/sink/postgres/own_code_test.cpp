// Code that an owner gave a table, which may refuse a row with any SQLSTATE and say anything of it.

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "sink/contract.hpp"
#include "sink/postgres/table.hpp"
#include "sink/sqlstate.hpp"

namespace forebay::test {
namespace {

/// The codes of the server's own list, by the file that its sources make them from.
std::vector<std::string> all_sqlstates(PostgresFixture& fixture) {
  const std::string folder = fixture.one("SELECT setting FROM pg_config WHERE name = 'SHAREDIR'");
  std::istringstream file(fixture.one("SELECT pg_read_file('" + folder + "/errcodes.txt')"));
  std::vector<std::string> codes;
  for (std::string line; std::getline(file, line);) {
    if (line.size() < 8 || line[0] == '#' || line.starts_with("Section") || line[5] != ' ') continue;
    codes.push_back(line.substr(0, 5));
  }
  return codes;
}

/// PL/pgSQL that refuses what has a secret in its path, by the code that its note holds.
std::string refusing(const std::string& row) {
  return "IF " + row + "path LIKE '%secret%' THEN RAISE EXCEPTION 'it is %', " + row + "path USING ERRCODE = substr(" +
         row + "note, 1, 5), DETAIL = " + row + "path, HINT = " + row + "path, CONSTRAINT = " + row +
         "path, COLUMN = " + row + "path, TABLE = " + row + "path; END IF; ";
}

std::string trigger_function() {
  return "CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + refusing("NEW.") +
         "RETURN NEW; END $$";
}

/// Three rows, the middle one with a secret.
std::vector<BatchRange> three_rows(const Stream& stream, std::uint64_t segment, const std::string& code) {
  RangeMaker rows(stream, "b", segment);
  const std::string at = "/" + std::to_string(segment);
  for (const char* name : {"/a", "/b secret", "/c"})
    rows.add(1, small_row(7, at + name, 0, std::string_view(name).size() > 2 ? code : "fine"));
  return {rows.range()};
}

/// Written, after as many tries as it took; how many is in `tries`.
Written written_in_the_end(Sink& sink, const std::vector<BatchRange>& ranges, Kept& kept, std::uint32_t& tries) {
  for (tries = 1;; ++tries) {
    Batch batch(Reason::end, ranges);
    const WriteOutcome outcome = sink.write(batch, kept.keep());
    if (const auto* done = std::get_if<Written>(&outcome)) return *done;
    const Failure& failure = std::get<Failure>(outcome);
    INFO(failure.message);
    CHECK_THAT(failure.message, !Catch::Contains("secret"));
    REQUIRE(failure.failure_class == FailureClass::retry_batch);
    REQUIRE(tries <= RaisedTries::kTriesMax + 1);
  }
}

void check_each_code(PostgresFixture& fixture) {
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.exec(trigger_function());
  fixture.exec("CREATE TRIGGER judged BEFORE INSERT OR UPDATE ON small_files FOR EACH ROW EXECUTE FUNCTION judge()");
  const std::vector<std::string> codes = all_sqlstates(fixture);
  REQUIRE(codes.size() > 200);
  std::uint64_t segment = 0;
  for (const std::string& code : codes) {
    INFO(code);
    Kept kept;
    std::uint32_t tries = 0;
    const Written done = written_in_the_end(*sink, three_rows(stream, ++segment, code), kept, tries);
    CHECK(tries == (means_try_again(code) ? RaisedTries::kTriesMax + 1 : 1));
    CHECK(done.ranges.at(0).synced == 2);
    CHECK(done.ranges.at(0).quarantined == 1);
    REQUIRE(kept.rows.size() == 1);
    CHECK(kept.rows[0].number == 2);
    CHECK(kept.rows[0].sqlstate == (code == "00000" ? "P0001" : code));  // PL/pgSQL's own default
    CHECK(kept.rows[0].constraint.empty());
    CHECK_THAT(kept.rows[0].message, Catch::Contains("PL/pgSQL function judge() line 1 at RAISE") &&
                                         Catch::Contains("the table has trigger ") &&
                                         Catch::Contains("judged; what it says is in the server's log") &&
                                         !Catch::Contains("secret"));
  }
  CHECK(fixture.one("SELECT count(*) FROM small_files") == std::to_string(2 * codes.size()));
}

TEST_CASE("a row that a trigger refuses is found and the others land, whatever SQLSTATE of PostgreSQL's list it raises",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  check_each_code(fixture);
}

TEST_CASE("without temporary tables a row that a trigger refuses is found just as well, whatever it raises",
          "[postgres][threads]") {
  PostgresNoTempFixture fixture;
  if (!fixture.available()) return;
  check_each_code(fixture);
}

TEST_CASE("what a trigger raises as an outage is one while it lasts, and no row is refused for it",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.exec("CREATE TABLE closed (code text)");
  fixture.exec(
      "CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE c text; BEGIN SELECT code INTO c FROM "
      "closed; IF FOUND THEN RAISE EXCEPTION 'closed' USING ERRCODE = c; END IF; RETURN NEW; END $$");
  fixture.exec("CREATE TRIGGER judged BEFORE INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION judge()");
  std::uint64_t segment = 0;
  for (const char* code : {"40001", "55P03", "57P03", "08006", "57014"}) {
    INFO(code);
    fixture.exec(std::string("INSERT INTO closed VALUES ('") + code + "')");
    Kept kept;
    const auto rows = three_rows(stream, ++segment, "fine");
    for (std::uint32_t time = 0; time < RaisedTries::kTriesMax; ++time) {
      Batch batch(Reason::end, rows);
      const WriteOutcome outcome = sink->write(batch, kept.keep());
      REQUIRE(std::holds_alternative<Failure>(outcome));
      CHECK(std::get<Failure>(outcome).failure_class == FailureClass::retry_batch);
    }
    fixture.exec("DELETE FROM closed");
    Batch batch(Reason::end, rows);
    REQUIRE(std::holds_alternative<Written>(sink->write(batch, kept.keep())));
    CHECK(kept.calls == 0);
  }
}

TEST_CASE("tries of rows that a trigger puts off are counted whatever else lands meanwhile") {
  const Stream stream = small_stream();
  const std::vector<BatchRange> odd = three_rows(stream, 1, "fine");
  RaisedTries tries;
  for (std::uint32_t time = 0; time < RaisedTries::kTriesMax; ++time) {
    CHECK_FALSE(tries.are_over("t", "40001", odd));
    tries.landed(three_rows(stream, 2, "fine"));
  }
  CHECK(tries.are_over("t", "40001", odd));
  CHECK(tries.are_over("t", "40001", three_rows(stream, 3, "fine")));  // from then on it is a row's
  CHECK_FALSE(tries.are_over("t", "55P03", three_rows(stream, 3, "fine")));
  CHECK_FALSE(tries.are_over("other", "40001", three_rows(stream, 3, "fine")));
}

struct Placed {
  const char* where;
  std::vector<std::string> setup;
};

std::vector<Placed> placements() {
  const std::string body =
      "LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF path LIKE '%secret%' THEN RAISE EXCEPTION '%', path "
      "USING ERRCODE = substr(note, 1, 5); END IF; RETURN ";
  const std::string judge = "CREATE FUNCTION judged(path text, note text) RETURNS boolean " + body + "true; END $$";
  const std::string trigger = "CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " +
                              refusing("NEW.") + "RETURN NULL; END $$";
  const std::string by_statement =
      "CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE r small_files; BEGIN FOR r IN SELECT * "
      "FROM new_rows LOOP " +
      refusing("r.") + "END LOOP; RETURN NULL; END $$";
  return {
      {"a trigger after the rows",
       {trigger, "CREATE TRIGGER j AFTER INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION judge()"}},
      {"a trigger after the statement",
       {by_statement,
        "CREATE TRIGGER j AFTER INSERT ON small_files REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE "
        "FUNCTION judge()"}},
      {"a trigger at COMMIT",
       {trigger,
        "CREATE CONSTRAINT TRIGGER j AFTER INSERT ON small_files DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE "
        "FUNCTION judge()"}},
      {"a trigger of another table that a trigger writes to",
       {"CREATE TABLE noted (path text, note text)", trigger,
        "CREATE TRIGGER j AFTER INSERT ON noted FOR EACH ROW EXECUTE FUNCTION judge()",
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO noted VALUES (NEW.path, "
        "NEW.note); RETURN NEW; END $$",
        "CREATE TRIGGER n BEFORE INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION note()"}},
      {"a CHECK", {judge, "ALTER TABLE small_files ADD CHECK (judged(path, note))"}},
      {"a generated column",
       {judge, "ALTER TABLE small_files ADD good boolean GENERATED ALWAYS AS (judged(path, note)) STORED"}},
      {"an index on an expression", {judge, "CREATE INDEX ON small_files ((judged(path, note)))"}},
      {"a policy",
       {judge, "CREATE POLICY p ON small_files USING (true) WITH CHECK (judged(path, note))",
        "ALTER TABLE small_files ENABLE ROW LEVEL SECURITY", "ALTER TABLE small_files FORCE ROW LEVEL SECURITY"}},
      {"a domain",
       {"CREATE FUNCTION judged(path text, note text) RETURNS boolean " + body + "true; END $$",
        "CREATE DOMAIN note_text AS text CHECK (judged(CASE WHEN VALUE = 'fine' THEN '' ELSE 'secret' END, VALUE))",
        "ALTER TABLE small_files ALTER note TYPE note_text"}},
  };
}

TEST_CASE("wherever a table has code of its own that refuses a row, the others land", "[postgres][threads]") {
  const std::string as = GENERATE("superuser", "forebay_test_notemp");
  for (const Placed& placed : placements()) {
    for (const std::string code : {"57P01", "42501", "XX000"}) {
      INFO(placed.where << ", " << code << ", " << as);
      // A policy does not hold for superusers.
      const bool no_temp = as != "superuser" || std::string(placed.where) == "a policy";
      const std::unique_ptr<PostgresFixture> fixture =
          no_temp ? std::make_unique<PostgresNoTempFixture>() : std::make_unique<PostgresFixture>();
      if (!fixture->available()) return;
      const Stream stream = small_stream();
      const auto destination = fixture->destination();
      opens(*destination->make_sink({&stream}));
      for (const std::string& sql : placed.setup) fixture->exec(sql);
      if (std::string(placed.where).find("another table") != std::string::npos)
        fixture->exec("GRANT ALL ON noted TO PUBLIC");
      const auto sink = destination->make_sink({&stream});
      Kept kept;
      std::uint32_t tries = 0;
      const Written done = written_in_the_end(*sink, three_rows(stream, 1, code), kept, tries);
      CHECK(done.ranges.at(0).synced == 2);
      REQUIRE(kept.rows.size() == 1);
      CHECK(kept.rows[0].number == 2);
      CHECK(kept.rows[0].sqlstate == code);
      CHECK_THAT(kept.rows[0].message, Catch::Contains("PL/pgSQL function judge") && !Catch::Contains("secret"));
      CHECK(fixture->one("SELECT count(*) FROM small_files") == "2");
    }
  }
}

TEST_CASE("what a trigger's own statement lacks is the table's trouble where no row lands, and a row's where others do",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.exec(
      "CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO missing VALUES (NEW.path); "
      "RETURN "
      "NEW; END $$");
  fixture.exec("CREATE TRIGGER judged BEFORE INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION judge()");
  Kept kept;
  Batch batch(Reason::end, three_rows(stream, 1, "fine"));
  const WriteOutcome outcome = sink->write(batch, kept.keep());
  REQUIRE(std::holds_alternative<Failure>(outcome));
  CHECK(std::get<Failure>(outcome).failure_class == FailureClass::schema);
  CHECK_THAT(
      std::get<Failure>(outcome).message,
      Catch::Contains("relation \"missing\" does not exist, in PL/pgSQL function judge() line 1 at SQL statement"));

  // Made of what a row holds, a statement's error may hold it, too.
  fixture.exec(
      "CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.note <> 'fine' THEN "
      "EXECUTE format('INSERT INTO %I VALUES (1)', NEW.path); END IF; RETURN NEW; END $$");
  std::uint32_t tries = 0;
  const Written done = written_in_the_end(*sink, three_rows(stream, 2, "odd"), kept, tries);
  CHECK(done.ranges.at(0).synced == 2);
  REQUIRE(kept.rows.size() == 1);
  CHECK(kept.rows[0].sqlstate == "42P01");
  CHECK_THAT(kept.rows[0].message,
             Catch::StartsWith("refused by PL/pgSQL function judge() line 1 at EXECUTE (the table has trigger ") &&
                 !Catch::Contains("secret"));
}

}  // namespace
}  // namespace forebay::test
