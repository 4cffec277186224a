#include "sink/dialect.hpp"

#include <catch2/catch.hpp>

#include "sink/test_streams.hpp"

namespace forebay {
namespace {

TEST_CASE("identifiers are quoted, whatever is in them") {
  CHECK(quoted_identifier("plain") == R"("plain")");
  CHECK(quoted_identifier(R"(a"; DROP TABLE x; --)") == R"("a""; DROP TABLE x; --")");
  CHECK(quoted_table(table_name("s.t")) == R"("s"."t")");
  CHECK(quoted_table(table_name("t")) == R"("t")");
}

TEST_CASE("PostgreSQL's texts") {
  const PostgresDialect dialect;
  const Stream stream = test::small_stream("t");
  CHECK(dialect.create_table(stream, "\"t\"") ==
        "CREATE TABLE IF NOT EXISTS \"t\" (\"set_id\" bigint NOT NULL, \"path\" text COLLATE \"C\" NOT NULL, \"size\" "
        "bigint, "
        "\"note\" text, \"row_version\" bigint NOT NULL DEFAULT 0, \"touched_at\" timestamptz NOT NULL DEFAULT now(), "
        "PRIMARY KEY (\"set_id\", \"path\"))");
  CHECK(dialect.upsert(stream, "\"t\"", "SELECT 1") ==
        "INSERT INTO \"t\" (\"set_id\", \"path\", \"size\", \"note\", \"row_version\", \"touched_at\") SELECT 1 "
        "ON CONFLICT (\"set_id\", \"path\") DO UPDATE SET \"size\" = EXCLUDED.\"size\", \"note\" = EXCLUDED.\"note\", "
        "\"row_version\" = EXCLUDED.\"row_version\", \"touched_at\" = now() WHERE \"t\".\"row_version\" < "
        "EXCLUDED.\"row_version\"");
  const std::vector<WireColumn> wire = {{"bigint", "bigint", "?", "?"},
                                        {"text", "text", "?", "?"},
                                        {"bigint", "bigint", "?", "?"},
                                        {"text", "text", "CAST(? AS mood)", "?"}};
  CHECK(dialect.create_stage("s", wire) ==
        "CREATE TEMPORARY TABLE s (c1 bigint, c2 text, c3 bigint, c4 text, row_version bigint, span integer, n "
        "integer) ON COMMIT "
        "DROP");
  CHECK_THAT(dialect.upsert_from(stream, "\"t\"", "pg_temp.s", wire),
             Catch::Contains("SELECT s.c1, s.c2, s.c3, CAST(s.c4 AS mood), s.row_version, now() FROM pg_temp.s AS s "
                             "ORDER BY s.c1, s.c2 COLLATE \"C\" ON CONFLICT"));
  // A column that only the table's own application fills: a row that is there keeps what it has, and none is made.
  CHECK_THAT(dialect.upsert_from(stream, "\"t\"", "pg_temp.s", wire, {"\"theirs\""}),
             Catch::StartsWith("INSERT INTO \"t\" (\"set_id\", \"path\", \"size\", \"note\", \"row_version\", "
                               "\"touched_at\", \"theirs\") SELECT ") &&
                 Catch::Contains("s.row_version, now(), t.\"theirs\" FROM pg_temp.s AS s LEFT JOIN \"t\" AS t ON "
                                 "t.\"set_id\" = s.c1 AND t.\"path\" = s.c2 ORDER BY s.c1"));
  CHECK(dialect.count_superseded(stream, "\"t\"", "pg_temp.s", wire) ==
        "SELECT s.span, count(*) FROM pg_temp.s AS s JOIN \"t\" AS t ON t.\"set_id\" = s.c1 AND t.\"path\" = s.c2 AND "
        "t.\"row_version\" > s.row_version GROUP BY s.span");
}

TEST_CASE("SQLite's texts") {
  const SqliteDialect dialect;
  Stream stream = test::small_stream("t");
  stream.touched_column.clear();
  CHECK(dialect.upsert_row(stream, "\"t\"") ==
        "INSERT INTO \"t\" (\"set_id\", \"path\", \"size\", \"note\", \"row_version\") VALUES (?1, ?2, ?3, ?4, ?5) "
        "ON CONFLICT (\"set_id\", \"path\") DO UPDATE SET \"size\" = excluded.\"size\", \"note\" = excluded.\"note\", "
        "\"row_version\" = excluded.\"row_version\" WHERE \"t\".\"row_version\" < excluded.\"row_version\"");
  CHECK_THAT(dialect.create_table(test::all_types_stream(), "\"r\""),
             Catch::Contains("\"level\" REAL") && Catch::Contains("\"raw\" BLOB") && Catch::EndsWith(" STRICT"));
}

}  // namespace
}  // namespace forebay
