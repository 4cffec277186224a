#include "sink/postgres/dialect_opengauss.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "sink/migrations.hpp"
#include "sink/test_streams.hpp"

// The texts, by what a server was found to be. That servers take them is not shown here: docs/opengauss.md.
namespace forebay {
namespace {

struct Release {
  std::string name;
  OpenGaussTraits traits;
  const char* upsert;
  const char* idle;  // for 120,000 ms
};

const std::string kSetColumns =
    R"("size" = EXCLUDED."size", "note" = EXCLUDED."note", "touched_at" = now(), "row_version" = EXCLUDED."row_version")";

std::vector<Release> releases() {
  static const std::string with_where =
      "ON DUPLICATE KEY UPDATE " + kSetColumns + R"( WHERE "t"."row_version" < EXCLUDED."row_version")";
  static const char* on_conflict =
      R"(ON CONFLICT ("set_id", "path") DO UPDATE SET "size" = EXCLUDED."size", "note" = EXCLUDED."note", )"
      R"("row_version" = EXCLUDED."row_version", "touched_at" = now() WHERE "s"."t"."row_version" < )"
      R"(EXCLUDED."row_version")";
  static const char* seconds = "; SET LOCAL idle_in_transaction_session_timeout = 120";
  std::vector<Release> all = {{"a relative of it with ON CONFLICT and milliseconds",
                               {UpsertForm::on_conflict, 1, false, false},
                               on_conflict,
                               "; SET LOCAL idle_in_transaction_session_timeout = 120000"}};
  const auto add = [&](const char* version, bool since_5) {
    all.push_back({version,
                   {UpsertForm::duplicate_key_where, since_5 ? 1000 : 0, since_5, false},
                   with_where.c_str(),
                   since_5 ? seconds : ""});
  };
  add("3.0", false);
  add("5.0 and 6.0", true);
  return all;
}

TEST_CASE("openGauss's upsert and time limits, by release") {
  for (const Release& r : releases()) {
    INFO(r.name);
    const OpenGaussDialect dialect(r.traits);
    CHECK(dialect.upsert(test::small_stream("t"), R"("s"."t")", "SELECT 1") ==
          R"(INSERT INTO "s"."t" ("set_id", "path", "size", "note", "row_version", "touched_at") SELECT 1 )" +
              std::string(r.upsert));
    CHECK(dialect.time_limits({54'000, 27'000, 120'000}) ==
          "SET LOCAL statement_timeout = 54000" + std::string(r.idle) +
              (r.traits.upsert_to_merge ? "; SET LOCAL enable_upsert_to_merge = 'off'" : ""));
    CHECK(dialect.upsert_names_its_key() == (r.traits.upsert == UpsertForm::on_conflict));
  }
}

TEST_CASE("an openGauss table has no text column but the key's that is NOT NULL, since '' may be NULL there") {
  Stream stream = test::small_stream("t");
  for (Column& c : stream.columns) c.not_null = true;
  CHECK(
      OpenGaussDialect({}).create_table(stream, "\"t\"") ==
      "CREATE TABLE IF NOT EXISTS \"t\" (\"set_id\" bigint NOT NULL, \"path\" text COLLATE \"C\", \"size\" bigint NOT "
      "NULL, \"note\" text, \"row_version\" bigint NOT NULL DEFAULT 0, \"touched_at\" timestamptz NOT NULL DEFAULT "
      "now(), PRIMARY KEY (\"set_id\", \"path\"))");
}

TEST_CASE("an openGauss stage stays with its session, under a name of what it is made of") {
  const OpenGaussDialect dialect({});
  const std::vector<WireColumn> wire = {{"bigint", "bigint", "?", "?"}, {"text", "text", "?", "?"}};
  const std::vector<WireColumn> other = {{"text", "text", "?", "?"}, {"text", "text", "?", "?"}};
  const std::string name = dialect.stage_name(0, wire);
  CHECK_THAT(name, Catch::StartsWith("forebay_stage_0_"));
  CHECK(name == dialect.stage_name(0, wire));
  CHECK(name != dialect.stage_name(0, other));
  CHECK(name != dialect.stage_name(1, wire));
  CHECK(dialect.create_stage(name, wire) ==
        "CREATE TEMPORARY TABLE IF NOT EXISTS " + name +
            " (c1 bigint, c2 text, row_version bigint, span integer, n integer) ON COMMIT DELETE ROWS");
  CHECK(dialect.index_stage(name).empty());
}

TEST_CASE("parallel arrays are taken apart one by one for openGauss, and together for PostgreSQL") {
  const std::vector<WireColumn> wire = {{"bigint", "bigint", "?", "?"}, {"text", "text", "?", "?"}};
  CHECK(OpenGaussDialect({}).unnest_item(wire) ==
        "(SELECT a.c1 AS c1, a.c2 AS c2, a.row_version, a.span FROM (SELECT unnest($1::bigint[]) AS c1, "
        "unnest($2::text[]) AS c2, unnest($3::bigint[]) AS row_version, unnest($4::integer[]) AS span) AS a)");
  CHECK(PostgresDialect().unnest_item(wire) ==
        "(SELECT a.c1 AS c1, a.c2 AS c2, a.row_version, a.span FROM unnest($1::bigint[], $2::text[], $3::bigint[], "
        "$4::integer[]) AS a(c1, c2, row_version, span))");
}

/// All that a server is sent but for migrations.
std::vector<std::string> texts_of(const OpenGaussDialect& dialect) {
  const Stream stream = test::all_types_stream();
  const std::vector<WireColumn> wire(stream.columns.size(), {"text", "text", "?", "?"});
  const CatalogWords& words = dialect.catalog();
  return {dialect.own_settings(),
          dialect.search_path_expression(),
          dialect.time_limits({1, 1, 1}),
          dialect.lock_limit(1),
          dialect.table_oid({"", "t"}),
          dialect.table_oid({"s", "t"}),
          dialect.create_table(stream, "t"),
          dialect.create_stage("s", wire),
          dialect.upsert_from(stream, "t", "pg_temp.s", wire),
          dialect.count_superseded(stream, "t", "pg_temp.s", wire),
          dialect.select_suspects(stream, "pg_temp.s", wire, {"true"}),
          dialect.unnest_item(wire),
          dialect.compare_versions(stream, "t", {wire[0]}),
          dialect.lock_ranges(),
          dialect.select_landed("l"),
          dialect.insert_ledger("l"),
          std::string(words.has_default) + std::string(words.generated) + std::string(words.row_security) +
              std::string(words.table_shape) + std::string(words.column_shape)};
}

// In mode A '' is NULL, and every text is fit for that: what becomes of values in A, B and PG is tested at stand-ins.
TEST_CASE("the compatibility mode changes nothing in the texts for openGauss") {
  for (Release r : releases()) {
    INFO(r.name);
    r.traits.empty_is_null = false;
    const std::vector<std::string> stays = texts_of(OpenGaussDialect(r.traits));
    r.traits.empty_is_null = true;
    CHECK(texts_of(OpenGaussDialect(r.traits)) == stays);
  }
}

TEST_CASE("no text for openGauss holds what openGauss has not") {
  std::vector<std::string> texts = texts_of(OpenGaussDialect({UpsertForm::duplicate_key_where, 1000, true, true}));
  for (const Migration& m : migrations_of("opengauss")) {
    for (const std::string_view text : {m.up, m.down, m.adopt}) {
      std::istringstream lines{std::string(text)};
      for (std::string line; std::getline(lines, line);)
        if (!line.starts_with("--")) texts.push_back(line);
    }
  }
  for (const std::string& text : texts) {
    INFO(text);
    for (const char* missing :
         {"ON CONFLICT", "to_regclass", "ORDINALITY",        "LATERAL",        "lock_timeout",
          "IDENTITY",    "attidentity", "attgenerated",      "relrowsecurity", "row_security_active",
          "PARALLEL",    "COMMIT DROP", "ADD COLUMN IF NOT", "INDEX IF NOT",   "LISTEN",
          "NOTIFY",      "DISCARD",     "PARTITION OF",      "RETURNING",      "gen_random_uuid"})
      CHECK(text.find(missing) == std::string::npos);
    CHECK(text.find("unnest($1::bigint[],") == std::string::npos);
  }
}

TEST_CASE("openGauss has the migrations that PostgreSQL has, by number and name") {
  const auto of = [](std::string_view dialect) {
    std::vector<std::string> names;
    for (const Migration& m : migrations_of(dialect))
      names.push_back(std::to_string(m.number) + " " + m.name + (m.adopt.empty() ? "" : ", adopts"));
    return names;
  };
  CHECK(of("opengauss") == of("postgres"));
}

TEST_CASE("a quoted table's name is taken apart again") {
  for (const TableName& name : {TableName{"", "t"}, TableName{"s", "t"}, TableName{"a.b", "c\".\"d"},
                                TableName{"\"", "."}, TableName{"", "Odd \"table\""}}) {
    const TableName again = unquoted_table(quoted_table(name));
    CHECK(again.schema == name.schema);
    CHECK(again.table == name.table);
  }
  CHECK(unquoted_table("plain").table == "plain");
  CHECK(quoted_literal("it's") == "'it''s'");
}

}  // namespace
}  // namespace forebay
