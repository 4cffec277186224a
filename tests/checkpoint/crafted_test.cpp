// Checkpoints that someone made on purpose (FAULTS 24): refused with the reason, nothing run, nothing made.

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "base/text.hpp"
#include "checkpoint/fixtures.hpp"
#include "checkpoint/format.hpp"
#include "forebay/error.hpp"

namespace forebay::test {
namespace {

void add_cell(TableDigest& digest, const SqliteStatement& q, int column) {
  switch (q.column_type(column)) {
    case SQLITE_INTEGER:
      return digest.integer(q.column_integer(column));
    case SQLITE_FLOAT:
      return digest.real(q.column_real(column));
    case SQLITE_TEXT:
      return digest.text(q.column_text(column));
    case SQLITE_BLOB:
      return digest.blob(q.column_blob(column));
    default:
      return digest.null();
  }
}

void add_rows(TableDigest& digest, SqliteConnection& db, const std::string& select, int columns_left_out = 0) {
  SqliteStatement q(db, select, SqliteStatement::Life::once);
  while (q.step()) {
    for (int c = 0; c < q.column_count() - columns_left_out; ++c) add_cell(digest, q, c);
  }
}

/// Makes every digest fit again, as who crafts a file can: they are no signature. By docs/checkpoint-format.md, not by
/// the writer's code.
void sign(SqliteConnection& db) {
  std::vector<std::string> tables;
  {
    SqliteStatement q(db, "SELECT rows_table FROM streams ORDER BY rowid", SqliteStatement::Life::once);
    while (q.step()) tables.emplace_back(q.column_text(0));
  }
  for (const std::string& table : tables) {
    TableDigest digest;
    add_rows(digest, db, "SELECT _rowid_,* FROM " + quoted_identifier(table) + " ORDER BY _rowid_");
    db.exec("UPDATE streams SET digest = '" + digest.hex_digest() + "' WHERE rows_table = '" + table + "'");
  }
  TableDigest streams;
  TableDigest segments;
  TableDigest all;
  add_rows(streams, db, "SELECT rowid,* FROM streams ORDER BY rowid");
  add_rows(segments, db, "SELECT rowid,* FROM segments ORDER BY rowid");
  add_rows(all, db, "SELECT rowid,* FROM checkpoint", 1);
  all.text(streams.hex_digest());
  all.text(segments.hex_digest());
  db.exec("UPDATE checkpoint SET digest = '" + all.hex_digest() + "'");
}

/// A small checkpoint with `sql` run on it, and signed again.
std::filesystem::path crafted(const TemporaryDirectory& dir, const std::string& sql) {
  const CheckpointFile file = small_checkpoint(dir / "checkpoints", 5);
  SqliteConnection db(file.path);
  db.exec(sql);
  sign(db);
  return file.path;
}

struct Craft {
  const char* sql;
  const char* reason;
};

TEST_CASE("a signed checkpoint is accepted when nothing else was changed") {
  const TemporaryDirectory dir;
  CHECK(refusal_of(crafted(dir, "SELECT 1")).empty());
  CHECK(refusal_of(crafted(dir, "UPDATE measurements SET tick = tick + 100")).empty());
}

TEST_CASE("a checkpoint whose schema holds anything that is not ours is refused") {
  const TemporaryDirectory dir;
  const Craft craft = GENERATE(values<Craft>({
      {"CREATE TRIGGER evil AFTER INSERT ON measurements BEGIN DELETE FROM measurements; END", "the trigger 'evil'"},
      {"CREATE VIEW evil AS SELECT load_extension('/tmp/evil.so')", "the view 'evil'"},
      {"CREATE INDEX evil ON measurements(tick)", "the index 'evil'"},
      {"CREATE INDEX evil ON segments(abs(segment))", "the index 'evil'"},
      {"CREATE TABLE evil(x)", "another number of tables"},
      {"CREATE TABLE \"evil\"\" ); DROP TABLE checkpoint; --\"(x)", "another number of tables"},
      {"INSERT INTO sqlite_master VALUES('table','v','v',0,'CREATE VIRTUAL TABLE v USING "
       "csv(filename=''/etc/passwd'')')",
       "another number of tables"},
      {"INSERT INTO sqlite_master VALUES('view','v','v',0,'CREATE VIEW v AS SELECT 1')", "the view 'v'"},
      {"UPDATE sqlite_master SET sql = replace(sql, 'segment INTEGER', 'segment INTEGER DEFAULT (1)') WHERE name = "
       "'segments'",
       "its table 'segments' is not declared as"},
      {"UPDATE sqlite_master SET sql = replace(sql, 'missing TEXT', 'missing TEXT CHECK(load_extension(missing))') "
       "WHERE name = 'checkpoint'",
       "its table 'checkpoint' is not declared as"},
      {"UPDATE sqlite_master SET sql = replace(sql, '\"raw\" BLOB', '\"raw\" BLOB AS (hex(sensor)) STORED') WHERE name "
       "= 'measurements'",
       "its table 'measurements' is not declared as"},
      {"UPDATE sqlite_master SET sql = replace(sql, '\"raw\" BLOB', '\"raw\" BLOB COLLATE evil') WHERE name = "
       "'measurements'",
       "its table 'measurements' is not declared as"},
      {"UPDATE sqlite_master SET sql = sql || ' STRICT' WHERE name = 'streams'", "its table 'streams' is not declared"},
      {"UPDATE sqlite_master SET tbl_name = 'streams' WHERE name = 'measurements'", "damaged"},
      {"UPDATE sqlite_master SET rootpage = 3 WHERE name = 'measurements'", "damaged"},
      {"UPDATE sqlite_master SET rootpage = 1 WHERE name = 'measurements'", "damaged"},
      {"UPDATE sqlite_master SET sql = 'CREATE TABLE measurements(' WHERE name = 'measurements'", "damaged"},
      {"UPDATE sqlite_master SET sql = NULL WHERE name = 'measurements'", "damaged"},
      {"DELETE FROM sqlite_master WHERE name = 'measurements'", "another number of tables"},
      {"ALTER TABLE measurements RENAME TO other", "is not declared as forebay declares 'measurements'"},
      {"ALTER TABLE measurements ADD COLUMN evil", "its table 'measurements' is not declared as"},
  }));
  CAPTURE(craft.sql);
  const std::filesystem::path file = small_checkpoint(dir / "checkpoints", 5).path;
  {
    SqliteConnection db(file);
    db.exec("PRAGMA writable_schema = ON");
    db.exec(craft.sql);
  }
  const auto names = names_in(dir / "checkpoints");
  const std::string before = bytes_of(file);
  CHECK_THAT(refusal_of(file), Catch::Contains(craft.reason) && Catch::Contains(file.string()));
  CHECK(names_in(dir / "checkpoints") == names);
  CHECK(bytes_of(file) == before);
}

TEST_CASE("a checkpoint whose description does not hold together is refused") {
  const TemporaryDirectory dir;
  const Craft craft = GENERATE(values<Craft>({
      {"UPDATE checkpoint SET rows = rows + 1", "do not sum up"},
      {"UPDATE checkpoint SET rows = -1", "is negative"},
      {"UPDATE checkpoint SET segments = 2", "does not list all rows"},
      {"UPDATE checkpoint SET segments = 0", "not numbered as it should"},
      {"UPDATE checkpoint SET format = 2", "another format than its header"},
      {"UPDATE checkpoint SET number = 0", "its number is 0"},
      {"UPDATE checkpoint SET buffer = '../../etc/cron.d/x'", "cannot be one"},
      {"UPDATE checkpoint SET buffer = x'61'", "is not text"},
      {"UPDATE checkpoint SET host = printf('%.*c', 70000, 'h')", "is longer than any of ours"},
      {"UPDATE checkpoint SET scope = 'some'", "scope or durability that there is not"},
      {"UPDATE checkpoint SET created_us = 'today'", "is not an integer"},
      {"DELETE FROM checkpoint", "is empty"},
      {"INSERT INTO checkpoint SELECT * FROM checkpoint", "does not hold one row"},
      {"UPDATE streams SET name = 'other'", "has another name in its declaration"},
      {"UPDATE streams SET rows_table = 'sqlite_master'", "in the wrong table"},
      {"UPDATE streams SET rows = 4", "do not sum up"},
      {"UPDATE streams SET rows = 9223372036854775807", "do not sum up"},
      {"UPDATE streams SET rowid = 7", "not numbered as forebay numbers it"},
      {"UPDATE streams SET declaration = 'no JSON'", "declaration cannot be read"},
      {"UPDATE streams SET declaration = printf('%.*c', 600000, '[')", "is longer than any of ours"},
      {"UPDATE streams SET declaration = printf('%.*c', 200000, '[')", "declaration cannot be read"},
      {"UPDATE streams SET declaration = replace(declaration, '\"tick\"', '\"sensor\"')", "stream 'measurements'"},
      {"UPDATE streams SET declaration = replace(declaration, '{\"columns\"', '{ \"columns\"')",
       "as forebay writes it"},
      {"UPDATE streams SET declaration = replace(declaration, 'integer', 'boolean')",
       "damaged: a value is not of its column's type"},
      {"UPDATE segments SET stream = 2", "of a stream that there is not"},
      {"UPDATE segments SET stream = 0", "of a stream that there is not"},
      {"UPDATE segments SET first_row = 2", "not those that follow"},
      {"UPDATE segments SET rows = 4", "does not list all rows"},
      {"UPDATE segments SET rows = 9223372036854775807", "not those that follow"},
      {"UPDATE segments SET rows = 0", "not those that follow"},
      {"UPDATE segments SET segment = 0", "identity cannot be one"},
      {"UPDATE segments SET buffer = 'a/b'", "identity cannot be one"},
      {"UPDATE segments SET rows = 2; INSERT INTO segments SELECT buffer, segment, 1, 3, 3 FROM segments; UPDATE "
       "checkpoint SET segments = 2",
       "a segment is in it twice"},
  }));
  CAPTURE(craft.sql);
  CHECK_THAT(refusal_of(crafted(dir, craft.sql)), Catch::Contains(craft.reason));
}

TEST_CASE("values of another type or size than their column's are refused") {
  const TemporaryDirectory dir;
  const Craft craft = GENERATE(values<Craft>({
      {"UPDATE measurements SET tick = 'one' WHERE tick = 3", "not of its column's type (tick)"},
      {"UPDATE measurements SET tick = 1.5 WHERE tick = 3", "not of its column's type (tick)"},
      {"UPDATE measurements SET sensor = x'61'", "not of its column's type (sensor)"},
      {"UPDATE measurements SET valid = 2", "not of its column's type (valid)"},
      {"UPDATE measurements SET reading = 'high'", "not of its column's type (reading)"},
      {"UPDATE measurements SET reading = x'7ff0000000000000'", "not of its column's type (reading)"},  // infinity
      {"UPDATE measurements SET reading = x'7ff8'", "not of its column's type (reading)"},
      {"UPDATE measurements SET taken_at = 'now'", "not of its column's type (taken_at)"},
      {"UPDATE measurements SET extra = x'7b7d'", "not of its column's type (extra)"},
      {"UPDATE measurements SET raw = 'text'", "not of its column's type (raw)"},
      {"UPDATE measurements SET _rowid_ = 9 WHERE _rowid_ = 3", "not numbered without gaps"},
      {"DELETE FROM measurements WHERE _rowid_ = 5", "has 4 rows, not 5"},
      {"INSERT INTO measurements SELECT * FROM measurements WHERE _rowid_ = 1", "has 6 rows, not 5"},
      {"UPDATE measurements SET raw = zeroblob(67108864) WHERE tick = 1", "a row is larger than any of ours"},
      {"UPDATE measurements SET raw = zeroblob(68500000) WHERE tick = 1", "too big"},
  }));
  CAPTURE(craft.sql);
  CHECK_THAT(refusal_of(crafted(dir, craft.sql)), Catch::Contains(craft.reason));
}

TEST_CASE("changed rows without their digest are refused") {
  const TemporaryDirectory dir;
  const Craft craft = GENERATE(values<Craft>({
      {"UPDATE measurements SET tick = tick + 100", "rows of stream measurements do not fit their digest"},
      {"UPDATE segments SET segment = 9", "what it says of itself does not fit its digest"},
      {"UPDATE checkpoint SET destination = 'postgresql://elsewhere'", "what it says of itself does not fit"},
      {"UPDATE streams SET digest = digest || ' '", "do not fit their digest"},
  }));
  CAPTURE(craft.sql);
  const CheckpointFile file = small_checkpoint(dir / "checkpoints", 5);
  SqliteConnection(file.path).exec(craft.sql);
  CHECK_THAT(refusal_of(file.path), Catch::Contains(craft.reason));
}

TEST_CASE("a file in SQLite's WAL mode, or in another encoding, is refused before SQLite sees it") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints");
  SqliteConnection(file.path).exec("PRAGMA journal_mode = WAL; UPDATE segments SET segment = 2");
  CHECK_THAT(refusal_of(file.path), Catch::Contains("WAL mode"));
  SqliteConnection(dir / "utf16.db")
      .exec("PRAGMA encoding = 'UTF-16le'; PRAGMA application_id = " + std::to_string(kCheckpointApplicationId) +
            "; PRAGMA user_version = 1; CREATE TABLE t(x)");
  CHECK_THAT(refusal_of(dir / "utf16.db"), Catch::Contains("encoding is not UTF-8"));
}

TEST_CASE("a schema with more tables than any of ours is refused") {
  const TemporaryDirectory dir;
  std::string sql;
  for (int i = 0; i < 1100; ++i) sql += "CREATE TABLE t" + std::to_string(i) + "(x);";
  const CheckpointFile file = small_checkpoint(dir / "checkpoints");
  SqliteConnection(file.path).exec("BEGIN;" + sql + "COMMIT");
  CHECK_THAT(refusal_of(file.path), Catch::Contains("more tables than any of ours"));
}

}  // namespace
}  // namespace forebay::test
