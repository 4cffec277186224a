#include <catch2/catch.hpp>

#include "sink/contract.hpp"

// Keys in which different values would be equal, so that one record replaces another.
namespace forebay::test {
namespace {

struct KeyCase {
  const char* column;  // of the key, as declared
  const char* why;     // empty: taken
  std::vector<std::string> setup{};
  const char* index = "PRIMARY KEY (set_id, path)";
};

std::string small_table(const KeyCase& given) {
  const std::string column = given.column;
  const bool is_set = column.starts_with("set_id");
  return "CREATE TABLE small_files (" + std::string(is_set ? column : "set_id bigint NOT NULL") + ", " +
         (is_set ? "path text NOT NULL" : column + " NOT NULL") +
         ", size bigint, note text, row_version bigint NOT NULL DEFAULT 0, touched_at timestamptz DEFAULT now(), " +
         given.index + ")";
}

const char* const kNoCase = "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)";

TEST_CASE("a key's column in which different values are equal is refused with the statement that mends it",
          "[sink][postgres][threads]") {
  const std::vector<KeyCase> cases = {
      {"path text COLLATE ci", "has collation ci, in which different texts are equal", {kNoCase}},
      {"path folded", "has collation ci", {kNoCase, "CREATE DOMAIN folded AS text COLLATE ci"}},
      {"path char(300)", "is character(300), in which texts that differ in blanks at their end are equal"},
      {"path padded", "is character(300)", {"CREATE DOMAIN padded AS char(300)"}},
      {"path name", "is name and should be text"},
      {"set_id numeric(20,-2) NOT NULL", "is numeric(20,-2), which rounds"},
      {"set_id bigint GENERATED ALWAYS AS IDENTITY", "takes no value"},
      {"set_id bigint GENERATED ALWAYS AS (1) STORED", "is generated and cannot be written"},
  };
  for (const KeyCase& given : cases) {
    INFO(given.column);
    PostgresFixture fixture;
    if (!fixture.available()) return;
    if (std::string_view(given.column).find(",-") != std::string_view::npos &&
        std::stoi(fixture.one("SHOW server_version_num")) < 150000)
      continue;  // a scale below zero is of 15
    for (const std::string& sql : given.setup) fixture.exec(sql);
    fixture.exec(small_table(given));
    const Stream stream = small_stream();
    const auto sink = fixture.destination()->make_sink({&stream});
    const auto failure = sink->open();
    REQUIRE(failure);
    CHECK(failure->failure_class == FailureClass::schema);
    CHECK_THAT(failure->message, Catch::Contains(given.why));
    const auto at = failure->message.find("ALTER TABLE");
    REQUIRE(at != std::string::npos);
    fixture.exec(failure->message.substr(at));
    RangeMaker rows(stream, "b", 1);
    rows.add(1, small_row(100, "/a")).add(2, small_row(100, "/A")).add(3, small_row(100, "/a "));
    rows.add(4, small_row(101, "/a"));
    CHECK(written(*sink, {rows.range()}).ranges[0].synced == 4);
    CHECK(fixture.one("SELECT count(*) FROM small_files") == "4");
  }
}

TEST_CASE("a time in the key that its column would round is refused", "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  Stream stream = small_stream();
  stream.columns[1] = {"path", ColumnType::timestamp, true};
  fixture.exec(small_table({"path timestamptz(3)", ""}));
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto failure = sink->open();
  REQUIRE(failure);
  CHECK_THAT(failure->message, Catch::Contains("which rounds, so that different times become equal"));
  fixture.exec(failure->message.substr(failure->message.find("ALTER TABLE")));
  RangeMaker rows(stream, "b", 1);
  for (std::int64_t us = 1; us <= 2; ++us)
    rows.add(us, {Value::integer(1), Value::timestamp(us), Value::integer(0), Value::text("")});
  CHECK(written(*sink, {rows.range()}).ranges[0].synced == 2);
}

TEST_CASE("a unique index on the key in which different texts are equal is refused, and further indexes are not",
          "[sink][postgres][threads]") {
  const auto& [index, refused_at_connect] = GENERATE(table<const char*, bool>({
      {"CREATE UNIQUE INDEX odd ON small_files (set_id, path COLLATE ci)", true},
      {"CREATE UNIQUE INDEX odd ON small_files (set_id, lower(path))", false},
      {"CREATE UNIQUE INDEX odd ON small_files (set_id, path) WHERE size > 0", false},
      {"CREATE UNIQUE INDEX odd ON small_files (path COLLATE ci, set_id, size)", false},
  }));
  CAPTURE(index);
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(kNoCase);
  fixture.exec(small_table({"path text", ""}));
  fixture.exec(index);
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto failure = sink->open();
  CHECK(failure.has_value() == refused_at_connect);
  if (failure) {
    CHECK_THAT(failure->message, Catch::Contains("unique index \"odd\" has collation ci"));
    fixture.exec(failure->message.substr(failure->message.find("DROP INDEX")));
  }
  // By both ways: into an empty table, and over rows that are there.
  for (std::uint64_t segment = 1; segment <= 2; ++segment) {
    const auto version = static_cast<std::int64_t>(segment * 10);
    Kept kept;
    RangeMaker rows(stream, "b", segment);
    rows.add(version, small_row(1, "/a", 1)).add(version + 1, small_row(1, "/A", 2));
    Batch batch(Reason::end, {rows.range()});
    REQUIRE(std::holds_alternative<Written>(sink->write(batch, kept.keep())));
    // None of them replaces another; what the index does not want is refused, and says so.
    CHECK(fixture.one("SELECT count(*) FROM small_files WHERE size = CASE path WHEN '/a' THEN 1 ELSE 2 END") ==
          std::to_string(2 - kept.rows.size()));
    for (const RefusedRow& row : kept.rows) CHECK(row.sqlstate == "23505");
  }
}

TEMPLATE_TEST_CASE("a path whose blanks a varchar would cut is refused, and replaces no other",
                   "[sink][postgres][threads]", PostgresFixture, PostgresNoTempFixture, OpenGauss5AFixture) {
  TestType fixture;
  if (!fixture.available()) return;
  const bool domain = GENERATE(false, true);
  CAPTURE(domain);
  if (domain) fixture.exec("CREATE DOMAIN short AS varchar(4)");
  fixture.exec(small_table({domain ? "path short" : "path varchar(4)", ""}));
  fixture.hand_over("small_files");
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  for (std::uint64_t segment = 1; segment <= 2; ++segment) {
    const auto version = static_cast<std::int64_t>(segment * 10);
    RangeMaker rows(stream, "b", segment);
    rows.add(version, small_row(1, "/abc", 1)).add(version + 1, small_row(1, "/abc ", 2));
    rows.add(version + 2, small_row(1, "/a  ", 3));
    Kept kept;
    Batch batch(Reason::end, {rows.range()});
    const WriteOutcome outcome = sink->write(batch, kept.keep());
    REQUIRE(std::holds_alternative<Written>(outcome));
    CHECK(std::get<Written>(outcome).ranges[0].synced == 2);
    REQUIRE(kept.rows.size() == 1);
    CHECK(kept.rows[0].number == 2);
    CHECK(kept.rows[0].sqlstate == "22001");
    CHECK(fixture.query("SELECT path, size FROM small_files ORDER BY size") == Rows{{"/abc", "1"}, {"/a  ", "3"}});
  }
}

TEST_CASE("a collation of openGauss's that folds case is refused for a key", "[sink][postgres][threads]") {
  Dolphin6BFixture fixture;
  if (!fixture.available()) return;
  // Named as there; the server behind the stand-in has no such collations.
  fixture.exec(
      "CREATE COLLATION utf8mb4_general_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
  fixture.exec(small_table({"path text COLLATE utf8mb4_general_ci", ""}));
  fixture.hand_over("small_files");
  const Stream stream = small_stream();
  const auto failure = fixture.destination()->make_sink({&stream})->open();
  REQUIRE(failure);
  CHECK_THAT(failure->message, Catch::Contains("has collation utf8mb4_general_ci, in which different texts are equal"));
}

TEST_CASE("a collation that comes to a key's column between two batches stops syncing", "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(kNoCase);
  fixture.exec(small_table({"path text", ""}));
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()}).ranges[0].synced == 1);
  fixture.exec("ALTER TABLE small_files ALTER COLUMN path TYPE text COLLATE ci");
  const Failure failure = refused(*sink, {RangeMaker(stream, "b", 2).add(2, small_row(1, "/A")).range()});
  CHECK(failure.failure_class == FailureClass::schema);
  CHECK_THAT(failure.message, Catch::Contains("has collation ci"));
  CHECK(fixture.one("SELECT path FROM small_files") == "/a");
}

}  // namespace
}  // namespace forebay::test
