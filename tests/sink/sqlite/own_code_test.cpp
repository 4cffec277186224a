#include <catch2/catch.hpp>

#include "sink/contract.hpp"

// What a catalog's own code does to rows that SQLite takes without an error.
namespace forebay::test {
namespace {

struct ThreeSent {
  Written written;
  std::vector<RefusedRow> kept;
};

/// Rows /a, /odd and /c, sent into the table as these statements left it.
ThreeSent send_three(SqliteFixture& fixture, const Stream& stream, const std::vector<std::string>& statements) {
  opens(*fixture.destination()->make_sink({&stream}));
  for (const std::string& sql : statements) fixture.exec(sql);
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  rows.add(11, small_row(1, "/a", 1)).add(12, small_row(1, "/odd", 2)).add(13, small_row(1, "/c", 3));
  ThreeSent outcome;
  Batch batch(Reason::end, {rows.range()});
  const WriteOutcome written = sink->write(batch, [&](const Batch&, const auto& refused) { outcome.kept = refused; });
  if (const auto* failure = std::get_if<Failure>(&written)) FAIL(failure->message);
  outcome.written = std::get<Written>(written);
  return outcome;
}

TEST_CASE("rows that a catalog's trigger or constraint drops, moves or changes go to quarantine") {
  const auto& [what, statements, named] = GENERATE(table<const char*, std::vector<std::string>, const char*>({
      {"RAISE(IGNORE)",
       {"CREATE TRIGGER odd BEFORE INSERT ON small_files WHEN NEW.path = '/odd' BEGIN SELECT RAISE(IGNORE); END"},
       "trigger \"odd\" dropped"},
      {"RAISE(IGNORE) of an update",
       {"INSERT INTO small_files (set_id, path, size, note, row_version, touched_at) VALUES (1, '/odd', 0, '', 1, 0)",
        "CREATE TRIGGER odd BEFORE UPDATE ON small_files WHEN OLD.path = '/odd' BEGIN SELECT RAISE(IGNORE); END"},
       "trigger \"odd\" dropped"},
      {"a deletion afterwards",
       {"CREATE TRIGGER odd AFTER INSERT ON small_files WHEN NEW.path = '/odd' BEGIN DELETE FROM small_files WHERE "
        "path "
        "= '/odd'; END"},
       "trigger \"odd\" dropped"},
      {"one of two triggers",
       {"CREATE TRIGGER odd AFTER INSERT ON small_files WHEN NEW.path = '/odd' BEGIN DELETE FROM small_files WHERE "
        "path "
        "= '/odd'; END",
        "CREATE TRIGGER other AFTER INSERT ON small_files BEGIN SELECT 1; END"},
       "triggers \"odd\", \"other\" dropped"},
      {"another key",
       {"CREATE TRIGGER odd AFTER INSERT ON small_files WHEN NEW.path = '/odd' BEGIN UPDATE small_files SET path = "
        "'/even' WHERE path = '/odd'; END"},
       "trigger \"odd\" dropped"},
      {"an older version",
       {"CREATE TRIGGER odd AFTER INSERT ON small_files WHEN NEW.path = '/odd' BEGIN UPDATE small_files SET "
        "row_version = 0 WHERE path = '/odd'; END"},
       "trigger \"odd\" dropped"},
      {"ON CONFLICT IGNORE",
       {"DROP TABLE small_files",
        "CREATE TABLE small_files (set_id INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER UNIQUE ON CONFLICT "
        "IGNORE, "
        "note TEXT, row_version INTEGER NOT NULL, touched_at INTEGER, PRIMARY KEY (set_id, path))",
        "INSERT INTO small_files (set_id, path, size, row_version) VALUES (1, '/there', 2, 1)"},
       "an ON CONFLICT IGNORE of its own dropped it"},
  }));
  CAPTURE(what);
  SqliteFixture fixture;
  const Stream stream = small_stream();
  const ThreeSent outcome = send_three(fixture, stream, statements);
  REQUIRE(outcome.kept.size() == 1);
  CHECK(outcome.kept[0].number == 2);
  CHECK(outcome.kept[0].sqlstate == "09000");
  CHECK_THAT(outcome.kept[0].message, Catch::Contains("table \"small_files\" took the row without an error") &&
                                          Catch::Contains(named) && !Catch::Contains("/odd"));
  CHECK(outcome.written.ranges[0].synced == 2);
  CHECK(outcome.written.ranges[0].quarantined == 1);
  CHECK(fixture.one("SELECT count(*) FROM small_files WHERE path IN ('/a', '/c')") == "2");
  CHECK(fixture.one("SELECT synced || ' ' || quarantined FROM sync_batches") == "2 1");
}

TEST_CASE("rows that a catalog's trigger copies elsewhere, or whose other columns it sets, count as synced") {
  SqliteFixture fixture;
  const Stream stream = small_stream();
  const ThreeSent outcome = send_three(
      fixture, stream,
      {"CREATE TABLE audit (path TEXT PRIMARY KEY)", "INSERT INTO audit VALUES ('/a')",
       "CREATE TRIGGER copied AFTER INSERT ON small_files BEGIN INSERT OR IGNORE INTO audit VALUES (NEW.path); UPDATE "
       "small_files SET note = 'seen' WHERE path = NEW.path; END"});
  CHECK(outcome.kept.empty());
  CHECK(outcome.written.ranges[0].synced == 3);
  CHECK(fixture.one("SELECT count(*) FROM audit") == "3");
}

TEST_CASE("without quarantine a row that a catalog's trigger drops fails its batch") {
  SqliteFixture fixture;
  const Stream stream = small_stream();
  opens(*fixture.destination()->make_sink({&stream}));
  fixture.exec(
      "CREATE TRIGGER odd BEFORE INSERT ON small_files WHEN NEW.path = '/odd' BEGIN SELECT RAISE(IGNORE); END");
  const auto sink = fixture.destination()->make_sink({&stream});
  CHECK(refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).add(2, small_row(1, "/odd")).range()})
            .failure_class == FailureClass::row_refused);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
}

TEST_CASE("a catalog's table in which different keys are equal, or a row deletes another, is refused") {
  const auto& [columns, why] = GENERATE(table<const char*, const char*>({
      {"set_id INTEGER NOT NULL, path TEXT NOT NULL COLLATE NOCASE, size INTEGER, PRIMARY KEY (set_id, path)",
       "the key's column \"path\" has collation NOCASE, in which different texts are equal"},
      {"set_id INTEGER NOT NULL, path TEXT NOT NULL COLLATE RTRIM, size INTEGER, PRIMARY KEY (set_id, path)",
       "the key's column \"path\" has collation RTRIM, in which different texts are equal"},
      {"set_id INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER, UNIQUE (set_id, path COLLATE NOCASE)",
       "has collation NOCASE, in which different texts are equal"},
      {"set_id INTEGER NOT NULL, path NUMERIC NOT NULL, size INTEGER, PRIMARY KEY (set_id, path)",
       "column \"path\" is NUMERIC and should be TEXT"},
      {"set_id INTEGER NOT NULL, path CHARINT NOT NULL, size INTEGER, PRIMARY KEY (set_id, path)",
       "column \"path\" is CHARINT and should be TEXT"},
      {"set_id INTEGER NOT NULL, path ANY NOT NULL, size INTEGER, PRIMARY KEY (set_id, path)",
       "column \"path\" is ANY and should be TEXT"},
      {"set_id INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER UNIQUE /* so it is */ ON CONFLICT\n replace, PRIMARY "
       "KEY (set_id, path)",
       "a constraint has ON CONFLICT REPLACE, by which a row would delete another"},
      {"set_id INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER, PRIMARY KEY (set_id, path), UNIQUE (size, note) ON "
       "CONFLICT REPLACE",
       "a constraint has ON CONFLICT REPLACE, by which a row would delete another"},
  }));
  CAPTURE(columns);
  SqliteFixture fixture;
  const Stream stream = small_stream();
  opens(*fixture.destination()->make_sink({}));
  std::string rest = ", note TEXT, row_version INTEGER NOT NULL, touched_at INTEGER";
  std::string table = columns;
  const auto constraint =
      table.find(", PRIMARY KEY") != std::string::npos ? table.find(", PRIMARY KEY") : table.find(", UNIQUE");
  fixture.exec("CREATE TABLE small_files (" + table.insert(constraint, rest) + ")");
  const auto failure = fixture.destination()->make_sink({&stream})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK_THAT(failure->message, Catch::Contains(why));
}

TEST_CASE("a catalog's table keeps clauses that do no harm to keys and other rows") {
  const char* columns = GENERATE(
      "set_id INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER, note TEXT COLLATE NOCASE, row_version INTEGER NOT "
      "NULL, "
      "touched_at INTEGER, UNIQUE (set_id, path) ON CONFLICT REPLACE",
      "set_id INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL ON CONFLICT REPLACE DEFAULT 0, note TEXT "
      "UNIQUE, row_version INTEGER NOT NULL, touched_at INTEGER, PRIMARY KEY (set_id, path)",
      "set_id INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER, note TEXT DEFAULT 'UNIQUE ON CONFLICT REPLACE', "
      "row_version INTEGER NOT NULL, touched_at INTEGER, PRIMARY KEY (set_id, path), CHECK (size <> 17)");
  CAPTURE(columns);
  SqliteFixture fixture;
  const Stream stream = small_stream();
  opens(*fixture.destination()->make_sink({}));
  fixture.exec("CREATE TABLE small_files (" + std::string(columns) + ")");
  const auto sink = fixture.destination()->make_sink({&stream});
  CHECK(written(
            *sink,
            {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a", 1, "a")).add(2, small_row(1, "/A", 2, "A2")).range()})
            .ranges[0]
            .synced == 2);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "2");
}

}  // namespace
}  // namespace forebay::test
