#include <stdexcept>

#include "sink/contract.hpp"

// Rows that a table refuses.
namespace forebay::test {
namespace {

WriteOutcome outcome_of(Sink& sink, std::vector<BatchRange> ranges, const KeepRefused& keep) {
  Batch batch(Reason::end, std::move(ranges));
  return sink.write(batch, keep);
}

RangeResult range_written(Sink& sink, std::vector<BatchRange> ranges, const KeepRefused& keep) {
  WriteOutcome outcome = outcome_of(sink, std::move(ranges), keep);
  if (const auto* failure = std::get_if<Failure>(&outcome))
    FAIL(to_string(failure->failure_class) << ": " << failure->message);
  return std::get<Written>(outcome).ranges.at(0);
}

/// small_stream()'s table, whose column size refuses numbers below 0.
void make_table(SinkFixture& fixture, const Stream& stream) {
  opens(*fixture.destination()->make_sink({}));  // SQLite: makes the file ours
  std::string table = fixture.dialect().create_table(stream, "small_files");
  table.insert(table.rfind(", PRIMARY KEY"), ", CONSTRAINT positive CHECK (size >= 0)");
  fixture.exec(table);
  fixture.hand_over("small_files");
}

SINK_CONTRACT("refused rows are handed over with their reason, and all others land") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  make_table(fixture, stream);
  const auto sink = fixture.destination()->make_sink({&stream});
  // The first, the last, two neighbours; new keys first, then known ones, which go another way.
  for (std::uint64_t segment = 1; segment <= 3; ++segment) {
    RangeMaker rows(stream, "b", segment);
    for (int i = 0; i < 1000; ++i) {
      const bool bad = i == 0 || i == 999 || i == 500 || i == 501;
      rows.add(static_cast<std::int64_t>(segment), small_row(1, "/f" + std::to_string(10'000 + i), bad ? -1 : i));
    }
    Kept kept;
    const RangeResult result = range_written(*sink, {rows.range()}, kept.keep());
    CHECK(result.synced == 996);
    CHECK(result.superseded == 0);
    CHECK(result.quarantined == 4);
    CHECK(kept.calls == 1);
    REQUIRE(kept.rows.size() == 4);
    const std::vector<std::uint64_t> numbers = {1, 501, 502, 1000};
    for (std::size_t i = 0; i < 4; ++i) {
      CHECK(kept.rows[i].number == numbers[i]);
      CHECK(kept.rows[i].version == static_cast<std::int64_t>(segment));
      CHECK(kept.rows[i].values[2].as_integer() == -1);
      CHECK(kept.rows[i].sqlstate == "23514");
      CHECK_THAT(kept.rows[i].constraint, Catch::Contains("positive"));
      CHECK_THAT(kept.rows[i].message, Catch::Contains("positive") && !Catch::Contains("/f1"));
    }
    // A range that had landed counts them again.
    Kept again;
    const RangeResult resent = range_written(*sink, {rows.range(true)}, again.keep());
    CHECK(resent.synced == 996);
    CHECK(resent.quarantined == 4);
    CHECK(again.calls == 0);
  }
  CHECK(fixture.one("SELECT count(*) FROM small_files WHERE row_version = 3") == "996");
  CHECK(fixture.one("SELECT sum(quarantined) FROM sync_batches") == "12");
  const auto totals = fixture.destination()->ledger_totals("b");
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].quarantined == 12);
  CHECK(totals[0].synced + totals[0].quarantined == totals[0].rows);
}

SINK_CONTRACT("all rows but one refused, of few") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  make_table(fixture, stream);
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  for (int i = 0; i < 50; ++i) rows.add(1, small_row(1, "/" + std::to_string(100 + i), i == 31 ? 1 : -1));
  Kept kept;
  const RangeResult result = range_written(*sink, {rows.range()}, kept.keep());
  CHECK(result.synced == 1);
  CHECK(result.quarantined == 49);
  CHECK(kept.rows.size() == 49);
  CHECK(fixture.query("SELECT path FROM small_files") == Rows{{"/131"}});
}

SINK_CONTRACT("when the newest of a key is refused the next older one lands, and the rest is superseded") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  make_table(fixture, stream);
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a", 1)).add(2, small_row(1, "/a", 2)).add(3, small_row(1, "/a", -3));
  rows.add(4, small_row(1, "/a", -4)).add(5, small_row(1, "/b", -5)).add(6, small_row(1, "/c", 6));
  Kept kept;
  const RangeResult result = range_written(*sink, {rows.range()}, kept.keep());
  CHECK(result.synced == 2);
  CHECK(result.superseded == 1);
  CHECK(result.quarantined == 3);
  REQUIRE(kept.rows.size() == 3);
  CHECK(fixture.query("SELECT path, size FROM small_files ORDER BY path") == Rows{{"/a", "2"}, {"/c", "6"}});
}

SINK_CONTRACT("a refused row that would have lost is refused all the same") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  make_table(fixture, stream);
  const auto sink = fixture.destination()->make_sink({&stream});
  Kept kept;
  range_written(*sink, {RangeMaker(stream, "b", 1).add(9, small_row(1, "/a", 9)).range()}, kept.keep());
  RangeMaker rows(stream, "b", 2);
  rows.add(1, small_row(1, "/a", 1)).add(2, small_row(1, "/a", -2));
  const RangeResult result = range_written(*sink, {rows.range()}, kept.keep());
  CHECK(result.synced == 0);
  CHECK(result.superseded == 1);
  CHECK(result.quarantined == 1);
  CHECK(fixture.query("SELECT path, size FROM small_files") == Rows{{"/a", "9"}});
}

SINK_CONTRACT("what keeps refused rows may throw: then nothing lands, and the sink goes on") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  make_table(fixture, stream);
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a", 1)).add(2, small_row(1, "/b", -1));
  Batch batch(Reason::end, {rows.range()});
  CHECK_THROWS_AS(
      sink->write(batch,
                  [](const Batch&, const std::vector<RefusedRow>&) { throw std::runtime_error("the disk is full"); }),
      std::runtime_error);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "0");
  Kept kept;
  CHECK(range_written(*sink, {rows.range()}, kept.keep()).quarantined == 1);
}

SINK_CONTRACT("more than half of 100 rows refused for one reason is a schema problem, and nothing lands") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  make_table(fixture, stream);
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto batch = [&](std::uint64_t segment, int count, int bad) {
    RangeMaker rows(stream, "b", segment);
    for (int i = 0; i < count; ++i) {
      rows.add(static_cast<std::int64_t>(segment), small_row(1, "/" + std::to_string(1000 + i), i < bad ? -1 : 1));
    }
    return rows.range();
  };
  Kept kept;
  for (int time = 0; time < 2; ++time) {
    const WriteOutcome outcome = outcome_of(*sink, {batch(1, 200, 101)}, kept.keep());
    REQUIRE(std::holds_alternative<Failure>(outcome));
    CHECK(std::get<Failure>(outcome).failure_class == FailureClass::schema);
    CHECK_THAT(
        std::get<Failure>(outcome).message,
        Catch::StartsWith("table small_files refuses more than half of the rows of stream ") &&
            Catch::Contains("positive") &&
            Catch::EndsWith(" (23514). Of this batch none is quarantined; change the table, or what is written"));
    CHECK(kept.calls == 0);
    CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
  }
  CHECK(range_written(*sink, {batch(2, 200, 100)}, kept.keep()).quarantined == 100);
  // The same in small batches.
  for (std::uint64_t segment = 3; segment < 12; ++segment) {
    CHECK(range_written(*sink, {batch(segment, 10, 10)}, kept.keep()).quarantined == 10);
  }
  const WriteOutcome outcome = outcome_of(*sink, {batch(12, 10, 10)}, kept.keep());
  REQUIRE(std::holds_alternative<Failure>(outcome));
  CHECK(std::get<Failure>(outcome).failure_class == FailureClass::schema);
}

SINK_CONTRACT("a table that refuses about half of a stream goes on doing so, on every connection") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  make_table(fixture, stream);
  const auto destination = fixture.destination();
  Kept kept;
  std::uint64_t segment = 0;
  for (const int bad : {100, 101, 110, 90, 101}) {
    const auto sink = destination->make_sink({&stream});
    RangeMaker rows(stream, "b", ++segment);
    for (int i = 0; i < 200; ++i) {
      rows.add(static_cast<std::int64_t>(segment), small_row(1, "/" + std::to_string(1000 + i), i < bad ? -1 : 1));
    }
    CHECK(range_written(*sink, {rows.range()}, kept.keep()).quarantined == static_cast<std::uint64_t>(bad));
    sink->close();
  }
}

SINK_CONTRACT("of two streams on one table's different columns, one's refused row does not hold up the other's") {
  TestType fixture;
  if (!fixture.available()) return;
  Stream sizes;
  sizes.name = GENERATE("a_sizes", "z_sizes");  // its part comes before or after the other's
  sizes.table = "shared";
  sizes.columns = {{"path", ColumnType::text, true}, {"size", ColumnType::integer, false}};
  sizes.key = {"path"};
  sizes.version_column = "size_version";
  Stream notes = sizes;
  notes.name = "notes";
  notes.columns[1] = {"note", ColumnType::text, false};
  notes.version_column = "note_version";
  opens(*fixture.destination()->make_sink({}));
  const std::string integer = fixture.dialect().name() == "sqlite" ? "INTEGER" : "bigint";
  fixture.exec("CREATE TABLE shared (path text NOT NULL PRIMARY KEY, size " + integer +
               " CHECK (size >= 0), note text, size_version " + integer + " NOT NULL DEFAULT 0, note_version " +
               integer + " NOT NULL DEFAULT 0)");
  fixture.hand_over("shared");
  const auto sink = fixture.destination()->make_sink({&sizes, &notes});
  RangeMaker size_rows(sizes, "s", 1);
  size_rows.add(1, {Value::text("/a"), Value::integer(7)}).add(2, {Value::text("/a"), Value::integer(-1)});
  RangeMaker note_rows(notes, "n", 2);
  note_rows.add(3, {Value::text("/a"), Value::text("seen")});
  Kept kept;
  Batch batch(Reason::end, {size_rows.range(), note_rows.range()});
  const WriteOutcome outcome = sink->write(batch, kept.keep());
  REQUIRE(std::holds_alternative<Written>(outcome));
  CHECK(std::get<Written>(outcome).ranges[0].quarantined == 1);
  CHECK(std::get<Written>(outcome).ranges[0].synced == 1);
  CHECK(std::get<Written>(outcome).ranges[1].synced == 1);
  CHECK(fixture.query("SELECT path, size, note, size_version, note_version FROM shared") ==
        Rows{{"/a", "7", "seen", "1", "3"}});
}

}  // namespace
}  // namespace forebay::test
