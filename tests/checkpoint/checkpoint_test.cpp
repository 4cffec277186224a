// Checkpoints, written and read back.

#include <sys/stat.h>

#include <bit>
#include <catch2/catch.hpp>
#include <chrono>
#include <cmath>
#include <limits>

#include "checkpoint/fixtures.hpp"
#include "checkpoint/folder.hpp"
#include "forebay/error.hpp"

namespace forebay::test {
namespace {

const double kNan = std::bit_cast<double>(std::uint64_t{0xfff8'0000'0000'beefULL});

/// One row with each value of a kind, and nulls elsewhere.
struct Everything {
  std::string huge = std::string(std::size_t{3} << 20, 'h') + "end";
  std::string odd = std::string("a\0b", 3) + "\xff\xfe'\"; DROP TABLE checkpoint; --\n\\";
  std::vector<std::vector<Value>> rows = {
      {Value::text("s"), Value::integer(1), Value(), Value(), Value(), Value(), Value()},
      {Value::text(""), Value::integer(std::numeric_limits<std::int64_t>::min()), Value::real(0.1),
       Value::boolean(true), Value::timestamp(std::numeric_limits<std::int64_t>::max()), Value::json(""),
       Value::bytes("")},
      {Value::text(odd), Value::integer(std::numeric_limits<std::int64_t>::max()),
       Value::real(std::numeric_limits<double>::infinity()), Value::boolean(false), Value::timestamp(-1),
       Value::json("{\"a\": [1, null]}"), Value::bytes(std::string_view("\0\0\xff\0", 4))},
      {Value::text(huge), Value::integer(0), Value::real(-std::numeric_limits<double>::infinity()), Value(), Value(),
       Value(), Value::bytes(huge)},
      {Value::text("nan"), Value::integer(0), Value::real(kNan), Value(), Value(), Value(), Value()},
      {Value::text("-0"), Value::integer(0), Value::real(-0.0), Value(), Value(), Value(), Value()},
      {Value::text("5.0"), Value::integer(0), Value::real(5.0), Value(), Value(), Value(), Value()},
      {Value::text("tiny"), Value::integer(0), Value::real(std::numeric_limits<double>::denorm_min()), Value(), Value(),
       Value(), Value()},
      {Value::text("7"), Value::integer(7), Value::real(1e300), Value(), Value(), Value::json("7"), Value::bytes("7")},
  };
};

TEST_CASE("every kind of value comes back from a checkpoint as it was") {
  const TemporaryDirectory dir;
  const Everything all;
  RowSet rows(measurements().columns.size());
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    rows.begin_row(i + 1, i % 2 == 0 ? std::numeric_limits<std::int64_t>::min() : 77);
    for (const Value& v : all.rows[i]) rows.push(v);
  }
  CheckpointWriter writer(dir / "checkpoints", some_origin());
  writer.add_segment(kBufferId, 9, measurements());
  writer.add_rows(rows);
  CheckpointReader reader(writer.finish().path);
  reader.verify();
  CheckpointSegment segment;
  REQUIRE(reader.next_segment(segment));
  CHECK(segment.number == 9);
  const RowSet back = reader.read(segment, 1, segment.rows);
  REQUIRE(back.size() == rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CHECK(back.row(i).number == rows.row(i).number);
    CHECK(back.row(i).version == rows.row(i).version);
    for (std::size_t c = 0; c < rows.columns(); ++c) {
      CAPTURE(i, c);
      CHECK(same_value(back.values(i)[c], rows.values(i)[c]));
    }
  }
  CHECK_FALSE(reader.next_segment(segment));
}

TEST_CASE("segments of several buffers and streams keep their identities, order and rows") {
  const TemporaryDirectory dir;
  Stream other = measurements();
  other.columns.pop_back();
  CheckpointWriter writer(dir / "checkpoints", some_origin(), CheckpointScope::memory_only);
  writer.add_segment(kBufferId, 7, measurements());
  writer.add_rows(measured_rows(2));
  writer.add_rows(measured_rows(3, 3));
  writer.add_segment("adopted-1", 7, other);  // the same name, another declaration
  RowSet fewer(other.columns.size());
  fewer.begin_row(1, 5);
  for (std::size_t c = 0; c < fewer.columns(); ++c) fewer.push(measured_rows(1).values(0)[c]);
  writer.add_rows(fewer);
  writer.add_segment(kBufferId, 2, backup_sets_stream());  // gets no rows
  writer.add_segment(kBufferId, 8, measurements());
  writer.add_rows(measured_rows(4));
  const CheckpointFile file = writer.finish();
  CHECK(file.rows == 10);

  CheckpointReader reader(file.path);
  const CheckpointContents contents = reader.verify();
  const CheckpointInfo& info = reader.info();
  CHECK(info.rows == 10);
  CHECK(info.segments == 3);
  CHECK(info.number == 1);
  CHECK(info.scope == CheckpointScope::memory_only);
  CHECK(info.origin.host == "ganymede");
  CHECK(info.origin.durability == Durability::memory);
  CHECK(info.bytes == file.bytes);
  CHECK(info.bytes == std::filesystem::file_size(file.path));
  REQUIRE(contents.streams.size() == 3);
  CHECK(contents.streams[0].rows == 9);
  CHECK(contents.streams[0].smallest_key == "a, 1");
  CHECK(contents.streams[0].largest_key == "a, 5");
  CHECK(contents.streams[0].oldest_version == 1001);
  CHECK(contents.streams[0].newest_version == 1005);

  std::vector<CheckpointSegment> segments;
  CheckpointSegment s;
  for (int round = 0; round < 2; ++round, reader.rewind()) {
    segments.clear();
    while (reader.next_segment(s)) segments.push_back(s);
  }
  REQUIRE(segments.size() == 3);
  CHECK((segments[0].buffer == kBufferId && segments[0].number == 7 && segments[0].rows == 5));
  CHECK((segments[1].buffer == "adopted-1" && segments[1].stream->columns.size() == 6));
  CHECK((segments[2].number == 8 && segments[2].rows == 4));
  const RowSet part = reader.read(segments[0], 4, 5);
  CHECK(part.row(0).number == 4);
  CHECK(part.values(1)[1].as_integer() == 5);
  CHECK(reader.read(segments[2], 1, 4).values(0)[1].as_integer() == 1);
}

TEST_CASE("an empty checkpoint is one") {
  const TemporaryDirectory dir;
  const CheckpointFile file = CheckpointWriter(dir / "checkpoints", some_origin()).finish();
  CHECK(file.rows == 0);
  CheckpointReader reader(file.path);
  CHECK(reader.verify().streams.empty());
  CheckpointSegment s;
  CHECK_FALSE(reader.next_segment(s));
}

TEST_CASE("a segment that went away while it was read can be taken back") {
  const TemporaryDirectory dir;
  const auto write = [&](bool with_another) {
    CheckpointWriter writer(dir / "checkpoints", some_origin());
    writer.add_segment(kBufferId, 1, measurements());
    writer.add_rows(measured_rows(3));
    if (with_another) {
      writer.add_segment(kBufferId, 2, measurements());
      writer.add_rows(measured_rows(2000));
      writer.cancel_segment();
      writer.add_segment(kBufferId, 4, backup_sets_stream());
      writer.cancel_segment();
    }
    writer.add_segment(kBufferId, 3, measurements());
    writer.add_rows(measured_rows(5));
    CheckpointReader reader(writer.finish().path);
    reader.verify();
    return everything_in(reader);
  };
  CHECK(write(true) == write(false));
}

TEST_CASE("rows that do not follow one another are not taken for a segment") {
  const TemporaryDirectory dir;
  CheckpointWriter writer(dir / "checkpoints", some_origin());
  CHECK_THROWS_WITH(writer.add_rows(measured_rows(1)), Catch::Contains("of no segment"));
  writer.add_segment(kBufferId, 1, measurements());
  writer.add_rows(measured_rows(2));
  CHECK_THROWS_WITH(writer.add_rows(measured_rows(1, 4)), Catch::Contains("row 3 was due"));
  CHECK_THROWS_WITH(writer.add_segment("../etc", 1, measurements()), Catch::Contains("buffer's id"));
  CHECK_THROWS_WITH(CheckpointWriter(dir / "checkpoints", some_origin("a/b")), Catch::Contains("id of a buffer"));
}

TEST_CASE("names of streams and columns that are SQL, alike or reserved are only names") {
  const TemporaryDirectory dir;
  CheckpointWriter writer(dir / "checkpoints", some_origin());
  const std::vector<std::string> names = {"plain", "checkpoint", "sqlite_seq",  "x\"); DROP TABLE checkpoint; --",
                                          "Plain", "select",     "名前 [a]`b`", "segments"};
  std::uint64_t number = 0;
  for (const std::string& name : names) {
    Stream stream;
    stream.name = name;
    stream.table = "t";
    stream.columns = {{"id", ColumnType::integer, true},
                      {"ID", ColumnType::integer},
                      {"rowid", ColumnType::integer},
                      {"\"quoted\"", ColumnType::integer},
                      {"a'; ATTACH 'x'", ColumnType::integer},
                      {"SYNC_VERSION", ColumnType::integer},
                      {"oid", ColumnType::integer},
                      {"_rowid_", ColumnType::integer},
                      {"column_2", ColumnType::integer},
                      {"GENERATED ALWAYS AS (1)", ColumnType::integer}};
    stream.key = {"id"};
    RowSet rows(stream.columns.size());
    rows.begin_row(1, 1);
    for (std::size_t c = 0; c < stream.columns.size(); ++c) rows.push(Value::integer(static_cast<std::int64_t>(c)));
    writer.add_segment(kBufferId, ++number, stream);
    writer.add_rows(rows);
  }
  CheckpointReader reader(writer.finish().path);
  reader.verify();
  CheckpointSegment s;
  for (const std::string& name : names) {
    REQUIRE(reader.next_segment(s));
    CHECK(s.stream->name == name);
    const RowSet rows = reader.read(s, 1, 1);
    for (std::size_t c = 0; c < rows.columns(); ++c)
      CHECK(rows.values(0)[c].as_integer() == static_cast<std::int64_t>(c));
  }
}

TEST_CASE("a checkpoint is private, and so is its folder") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "deep" / "er" / "checkpoints");
  struct stat st = {};
  REQUIRE(::stat(file.path.c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0600);
  REQUIRE(::stat((dir / "deep" / "er" / "checkpoints").c_str(), &st) == 0);
  CHECK((st.st_mode & 07777) == 0700);
}

TEST_CASE("it takes a plain sqlite3 to look into a checkpoint") {
  const TemporaryDirectory dir;
  const CheckpointFile file = small_checkpoint(dir / "checkpoints", 5);
  SqliteConnection db(file.path, SQLITE_OPEN_READONLY);
  SqliteStatement q(db, "SELECT sum(tick), min(sync_version), max(typeof(raw)) FROM measurements");
  REQUIRE(q.step());
  CHECK(q.column_integer(0) == 15);
  CHECK(q.column_integer(1) == 1001);
  CHECK(q.column_text(2) == "blob");
  SqliteStatement of_segment(db,
                             "SELECT count(*) FROM measurements m, segments s WHERE s.stream = 1 AND s.segment = 1 AND "
                             "m._rowid_ BETWEEN s.first_row AND s.first_row + s.rows - 1");
  REQUIRE(of_segment.step());
  CHECK(of_segment.column_integer(0) == 5);
}

TEST_CASE("sets are told with their numbers, and by name where their own row is there") {
  const TemporaryDirectory dir;
  CheckpointWriter writer(dir / "checkpoints", some_origin());
  writer.add_segment(kBufferId, 1, backup_files_stream());
  RowSet files(backup_files_stream().columns.size());
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const std::string path = "/srv/" + std::to_string(i);
    files.begin_row(i, static_cast<std::int64_t>(i));
    for (const Column& c : backup_files_stream().columns) {
      files.push(c.name == "backup_set_id"       ? Value::integer(i < 3 ? 11 : 22)
                 : c.type == ColumnType::text    ? Value::text(path)
                 : c.type == ColumnType::integer ? Value::integer(1)
                                                 : Value::timestamp(1));
    }
  }
  writer.add_rows(files);
  writer.add_segment(kBufferId, 2, backup_sets_stream());
  RowSet sets(backup_sets_stream().columns.size());
  sets.begin_row(1, 9);
  for (const Value& v : {Value::integer(22), Value::text("nightly"), Value::text("/srv"), Value::text("ganymede"),
                         Value::timestamp(1), Value()}) {
    sets.push(v);
  }
  writer.add_rows(sets);
  CheckpointReader reader(writer.finish().path);
  const CheckpointContents contents = reader.verify();
  REQUIRE(contents.sets.size() == 2);
  CHECK((contents.sets[0].id == 11 && contents.sets[0].files == 2 && !contents.sets[0].described));
  CHECK((contents.sets[1].id == 22 && contents.sets[1].files == 3 && contents.sets[1].described));
  CHECK(contents.sets[1].name == "nightly");
  CHECK(contents.streams[0].smallest_key == "11, /srv/1");
  CHECK(contents.streams[0].largest_key == "22, /srv/5");
}

}  // namespace
}  // namespace forebay::test
