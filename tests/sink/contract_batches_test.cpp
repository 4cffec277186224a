#include "sink/contract.hpp"

// What a batch is made of, and what a failure leaves.
namespace forebay::test {
namespace {

SINK_CONTRACT("a batch of several tiny ranges of two streams lands in one transaction, counted by range") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream files = small_stream();
  const Stream readings = all_types_stream();
  const auto sink = fixture.destination()->make_sink({&readings, &files});
  const auto reading = [](std::string_view key) {
    return std::vector<Value>{Value::text(key), Value(), Value(), Value(), Value(), Value(), Value(), Value()};
  };
  const auto result =
      written(*sink, {RangeMaker(files, "b", 1).add(1, small_row(1, "/a")).add(2, small_row(1, "/b")).range(),
                      RangeMaker(readings, "b", 2).add(3, reading("r")).range(),
                      RangeMaker(files, "b", 3).add(4, small_row(1, "/a")).range()});
  REQUIRE(result.ranges.size() == 3);
  CHECK(result.ranges[0].synced == 1);
  CHECK(result.ranges[0].superseded == 1);
  CHECK(result.ranges[1].synced == 1);
  CHECK(result.ranges[2].synced == 1);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "2");
  CHECK(fixture.one("SELECT count(*) FROM readings") == "1");
  CHECK(fixture.query("SELECT segment, synced, superseded, reason FROM sync_batches ORDER BY segment") ==
        Rows{{"1", "1", "1", "end"}, {"2", "1", "0", "end"}, {"3", "1", "0", "end"}});
}

SINK_CONTRACT(
    "a table is looked up when a row of its stream comes, and what is wrong with it is that stream's failure") {
  TestType fixture;
  if (!fixture.available()) return;
  opens(*fixture.destination()->make_sink({}));  // SQLite: makes the file ours
  const Stream good = small_stream("good");
  const Stream bad = small_stream("bad");
  fixture.exec("CREATE TABLE bad (set_id integer)");
  fixture.hand_over("bad");
  const auto sink = fixture.destination()->make_sink({&bad, &good});
  CHECK(written(*sink, {RangeMaker(good, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);

  const BatchRange of_bad = RangeMaker(bad, "b", 2).add(2, small_row(1, "/a")).range();
  const Failure failure = refused(*sink, {RangeMaker(good, "b", 3).add(3, small_row(1, "/b")).range(), of_bad});
  CHECK(failure.failure_class == FailureClass::schema);
  CHECK(failure.stream == &bad);
  CHECK_THAT(failure.message, Catch::Contains("stream bad"));
  CHECK(written(*sink, {RangeMaker(good, "b", 3).add(3, small_row(1, "/b")).range()}).ranges.at(0).synced == 1);
  const auto opened = fixture.destination()->make_sink({&good, &bad})->open();
  REQUIRE(opened);
  CHECK(opened->stream == &bad);

  fixture.exec("DROP TABLE bad");
  CHECK(written(*sink, {of_bad}).ranges.at(0).synced == 1);

  // Under the connection that has it.
  fixture.exec("DROP TABLE good");
  const Failure gone = refused(*sink, {RangeMaker(good, "b", 4).add(4, small_row(1, "/c")).range(),
                                       RangeMaker(bad, "b", 5).add(5, small_row(1, "/c")).range()});
  CHECK(gone.failure_class == FailureClass::schema);
  CHECK(gone.stream == &good);
  CHECK(written(*sink, {RangeMaker(good, "b", 4).add(4, small_row(1, "/c")).range()}).ranges.at(0).synced == 1);
  CHECK(fixture.one("SELECT count(*) FROM good") == "1");
}

SINK_CONTRACT("a row that the table refuses leaves nothing of its batch behind, and the sink goes on") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  std::string table = fixture.dialect().create_table(stream, "small_files");
  table.insert(
      table.find("\"size\" ") + std::string("\"size\" ").size() + (table.find("bigint") == std::string::npos ? 7 : 6),
      " CHECK (size >= 0)");
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  sink->close();
  fixture.exec("DROP TABLE small_files");
  fixture.exec(table);
  fixture.hand_over("small_files");
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
  for (std::uint64_t segment = 2; segment < 6; ++segment) {  // by whichever way new and known keys go
    RangeMaker bad(stream, "b", segment);
    bad.add(2, small_row(1, "/a", 1, "newer")).add(2, small_row(1, "/secret", -1)).add(2, small_row(1, "/z"));
    const Failure failure = refused(*sink, {bad.range()});
    CHECK(failure.failure_class == FailureClass::row_refused);
    CHECK_THAT(failure.message, !Catch::Contains("/secret"));
    CHECK(fixture.query("SELECT path, size, note FROM small_files") == Rows{{"/a", "0", ""}});
    CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "1");
  }
  CHECK(written(*sink, {RangeMaker(stream, "b", 9).add(9, small_row(1, "/b")).range()}).ranges.at(0).synced == 1);
}

SINK_CONTRACT("two streams that own different columns of one table do not silence each other") {
  TestType fixture;
  if (!fixture.available()) return;
  Stream sizes;
  sizes.name = "sizes";
  sizes.table = "shared";
  sizes.columns = {{"path", ColumnType::text, true}, {"size", ColumnType::integer, false}};
  sizes.key = {"path"};
  sizes.version_column = "size_version";
  Stream notes = sizes;
  notes.name = "notes";
  notes.columns[1] = {"note", ColumnType::text, false};
  notes.version_column = "note_version";
  Stream both = sizes;  // only to have the table created
  both.columns.push_back(notes.columns[1]);
  opens(*fixture.destination()->make_sink({}));  // SQLite: makes the file ours
  fixture.exec(fixture.dialect().create_table(both, "shared"));
  fixture.exec("ALTER TABLE shared ADD COLUMN note_version " +
               std::string(fixture.dialect().name() == "sqlite" ? "INTEGER" : "bigint") + " NOT NULL DEFAULT 0");
  fixture.hand_over("shared");
  const auto sink = fixture.destination()->make_sink({&sizes, &notes});
  const auto size_row = [&](std::int64_t version, std::int64_t size) {
    return RangeMaker(sizes, "s", static_cast<std::uint64_t>(version))
        .add(version, {Value::text("/a"), Value::integer(size)})
        .range();
  };
  const auto note_row = [&](std::int64_t version, std::string_view note) {
    return RangeMaker(notes, "n", static_cast<std::uint64_t>(version))
        .add(version, {Value::text("/a"), Value::text(note)})
        .range();
  };
  CHECK(written(*sink, {size_row(100, 1)}).ranges.at(0).synced == 1);
  CHECK(written(*sink, {note_row(50, "older, but of another stream")}).ranges.at(0).synced == 1);
  const auto together = written(*sink, {note_row(60, "newest"), size_row(90, 2)});  // both parts in one batch
  CHECK(together.ranges.at(0).synced == 1);
  CHECK(together.ranges.at(1).superseded == 1);
  CHECK(fixture.query("SELECT path, size, note, size_version, note_version FROM shared") ==
        Rows{{"/a", "1", "newest", "100", "60"}});
}

SINK_CONTRACT("the touched column moves when a row is replaced") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto touched = [&] {
    return std::stoll(fixture.one("SELECT " + fixture.as_microseconds("touched_at") + " FROM small_files"));
  };
  written(*sink, {RangeMaker(stream, "b", 1).add(5, small_row(1, "/a")).range()});
  const auto at_first = touched();
  CHECK(at_first > 1'600'000'000'000'000);
  fixture.exec("UPDATE small_files SET touched_at = " +
               std::string(fixture.dialect().name() == "sqlite" ? "1000000" : "to_timestamp(1)"));
  written(*sink, {RangeMaker(stream, "b", 2).add(4, small_row(1, "/a")).range()});
  CHECK(touched() == 1'000'000);  // the older record lost
  written(*sink, {RangeMaker(stream, "b", 3).add(6, small_row(1, "/a")).range()});
  CHECK(touched() >= at_first);
}

SINK_CONTRACT("a table that does not fit is refused with the columns' names, and nothing is sent") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const bool sqlite = fixture.dialect().name() == "sqlite";
  const std::string integer = sqlite ? "INTEGER" : "bigint";
  const std::string time = sqlite ? "INTEGER" : "timestamptz DEFAULT now()";
  struct Case {
    std::string columns, expected;
  };
  const std::string end = ", touched_at " + time;
  const Case wrong =
      GENERATE_COPY(Case{"set_id " + integer + " NOT NULL, path text NOT NULL, size bytea, note text, row_version " +
                             integer + " NOT NULL DEFAULT 0" + end + ", UNIQUE (set_id, path)",
                         "\"size\" is bytea"},
                    Case{"set_id " + integer + " NOT NULL, path text NOT NULL, size " + integer + ", row_version " +
                             integer + " NOT NULL DEFAULT 0" + end + ", UNIQUE (set_id, path)",
                         "\"note\" is missing"},
                    Case{"set_id " + integer + " NOT NULL, path text NOT NULL, size " + integer +
                             ", note text, row_version " + integer + end + ", UNIQUE (set_id, path)",
                         "\"row_version\" allows NULL"},
                    Case{"set_id " + integer + " NOT NULL, path text NOT NULL, size " + integer +
                             ", note text, row_version " + integer + " NOT NULL DEFAULT 0" + end + ", UNIQUE (path)",
                         "no unique index is on exactly (\"set_id\", \"path\")"},
                    Case{"set_id " + integer + " NOT NULL, path text NOT NULL, size " + integer +
                             ", note text, must text NOT NULL, row_version " + integer + " NOT NULL DEFAULT 0" + end +
                             ", UNIQUE (set_id, path)",
                         "\"must\", which the stream does not fill"});
  opens(*fixture.destination()->make_sink({}));  // SQLite: makes the file ours
  fixture.exec("CREATE TABLE small_files (" + wrong.columns + ")");
  fixture.hand_over("small_files");
  const auto sink = fixture.destination()->make_sink({&stream});
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  CHECK(failure.failure_class == FailureClass::schema);
  CHECK_THAT(failure.message, Catch::Contains(wrong.expected) && Catch::Contains("small_files"));
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "0");
  // Mended, it goes on.
  fixture.exec("DROP TABLE small_files");
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges.at(0).synced == 1);
}

SINK_CONTRACT("a closed sink opens itself again") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  for (std::uint64_t segment = 1; segment <= 2; ++segment) {
    CHECK(written(*sink, {RangeMaker(stream, "b", segment).add(1, small_row(1, std::to_string(segment))).range()})
              .ranges.at(0)
              .synced == 1);
    sink->close();
    sink->close();
  }
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "2");
}

SINK_CONTRACT("an empty batch and one that has landed whole write nothing") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  CHECK(written(*sink, std::vector<BatchRange>{}).ranges.empty());
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "0");
}

}  // namespace
}  // namespace forebay::test
