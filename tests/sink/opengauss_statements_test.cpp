#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sink/dialect_opengauss.hpp"
#include "sink/migrations.hpp"
#include "sink/test_streams.hpp"
#include "support/own_database.hpp"
#include "support/places.hpp"
#include "support/run_command.hpp"

// docs/opengauss-statements.sql: what forebay says to an openGauss, to be run by a person who has one.
namespace forebay::test {
namespace {

const std::vector<WireColumn> kWire = {{"bigint", "bigint", "?", "?"},
                                       {"text", "text", "?", "?"},
                                       {"bigint", "bigint", "?", "?"},
                                       {"text", "text", "?", "?"}};

std::string verdict(const std::string& name, const std::string& condition) {
  return "SELECT CASE WHEN " + condition + " THEN 'ok      ' ELSE 'FAILED  ' END || " + quoted_literal(name) +
         " AS verdict;\n";
}

/// What makes arrays the parameters that PREPARE wants.
std::string prepared(const std::string& name, const std::string& types, const std::string& sql) {
  return "PREPARE " + name + "(" + types + ") AS " + sql + ";\n";
}

std::string upsert_section(UpsertForm form, const char* title) {
  OpenGaussTraits traits;
  traits.upsert = form;
  const OpenGaussDialect dialect(traits);
  const std::string name = "upsert_" + std::to_string(static_cast<int>(form));
  const Stream stream = small_stream(name);
  const std::string table = quoted_table({"forebay_check", name});
  const std::string stage = dialect.stage_name(static_cast<std::size_t>(form), kWire);
  const std::string rows = "INSERT INTO pg_temp." + stage + " (" + dialect.stage_columns(4) + ", n) VALUES ";
  std::string text = std::string("\n\\echo == ") + title + " (one of the three must be ok, others may be refused)\n";
  text += dialect.create_table(stream, table) + ";\n";
  text += "BEGIN;\n" + dialect.create_stage(stage, kWire) + ";\n";
  text += rows + "(1, '/a', 1, 'x', 10, 0, 0), (1, '/b', 1, 'x', 10, 0, 1);\n";
  text += dialect.upsert_from(stream, table, "pg_temp." + stage, kWire) + ";\nCOMMIT;\n";
  text += verdict(name + ": new rows are inserted", "(SELECT count(*) FROM " + table + " WHERE row_version = 10) = 2");
  text += "BEGIN;\n" + dialect.create_stage(stage, kWire) + ";\n";
  text += verdict(name + ": the stage is empty in the next transaction",
                  "(SELECT count(*) FROM pg_temp." + stage + ") = 0");
  text += rows + "(1, '/a', 2, 'y', 9, 0, 0), (1, '/b', 2, 'y', 11, 0, 1), (1, '/c', 2, NULL, 5, 0, 2);\n";
  text += "\\echo rows touched by the next INSERT: " +
          std::string(dialect.affected_tells() ? "2, the older one is left alone" : "3, the older one as it was") +
          "\n";
  text += dialect.upsert_from(stream, table, "pg_temp." + stage, kWire) + ";\n";
  text += dialect.count_superseded(stream, table, "pg_temp." + stage, kWire) + ";\n";
  text += "COMMIT;\n";
  text += verdict(
      name + ": an older row loses, with all of its columns",
      "(SELECT count(*) FROM " + table + " WHERE path = '/a' AND size = 1 AND note = 'x' AND row_version = 10) = 1");
  text += verdict(
      name + ": a newer row wins",
      "(SELECT count(*) FROM " + table + " WHERE path = '/b' AND size = 2 AND note = 'y' AND row_version = 11) = 1");
  text += prepared(name, "bigint[], text[], bigint[], text[], bigint[], integer[]",
                   dialect.upsert_from(stream, table, dialect.unnest_item(kWire), kWire));
  text +=
      "EXECUTE " + name + "('{2,2}', '{/d,/e}', '{1,2}', '{x,NULL}', '{7,8}', '{0,0}');\nDEALLOCATE " + name + ";\n";
  text += verdict(name + ": arrays go row by row",
                  "(SELECT count(*) FROM " + table +
                      " WHERE set_id = 2 AND (path = '/d' AND size = 1 AND row_version = 7 "
                      "OR path = '/e' AND size = 2 AND note IS NULL AND row_version = 8)) = 2");
  return text;
}

std::string statements() {
  const OpenGaussDialect dialect({});
  const Stream stream = small_stream("types");
  std::string text =
      "-- What forebay says to an openGauss server, for psql or gsql; scripts/opengauss-check.sh runs it and reports. "
      "Made by\n"
      "-- tests/sink/opengauss_statements_test.cpp from the dialect itself; not to be edited. It works in a schema of "
      "its own,\n"
      "-- forebay_check, which must not be there, and drops it at the end.\n"
      "\\set ON_ERROR_STOP off\n"
      "\\echo == the server\n"
      "SELECT version();\n"
      "SELECT * FROM pg_catalog.pg_database WHERE datname = current_database();\n"
      "SELECT proname FROM pg_catalog.pg_proc WHERE proname = 'opengauss_version';\n"
      "SELECT name, setting, unit, context FROM pg_catalog.pg_settings WHERE name IN ('server_encoding', "
      "'session_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout', 'lockwait_timeout', "
      "'enable_upsert_to_merge', 'behavior_compat_options', 'password_encryption_type', 'sql_compatibility') ORDER BY "
      "name;\n"
      "SELECT '' IS NULL AS an_empty_literal_is_null;\n"
      "CREATE SCHEMA forebay_check;\n"
      "SET search_path = forebay_check;\n";
  text += "\n\\echo == settings\nBEGIN;\n" + dialect.own_settings() + ";\nROLLBACK;\nBEGIN;\n" +
          dialect.time_limits({54'000, 27'000, 120'000}) + ";\nROLLBACK;\n";
  text += verdict("settings: the search path is found", dialect.search_path_expression() + " LIKE 'forebay_check%'");
  text += "SELECT current_setting('transaction_read_only') = 'on' AS read_only, pg_is_in_recovery() AS standby;\n";
  text += verdict("settings: who holds which lock, since when",
                  "(SELECT count(*) FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = "
                  "'relation' AND l.granted AND l.mode IS NOT NULL AND l.relation IS NOT NULL AND a.xact_start <= "
                  "clock_timestamp() AND a.application_name IS NOT NULL) >= 0");
  std::ifstream partitions(source_directory() + "/sql/opengauss/partitions.sql");
  std::ostringstream partitioned;
  partitioned << partitions.rdbuf();
  text += "\n\\echo == partitions, an index, grants (PostgreSQL refuses the partitions)\n" + partitioned.str() +
          "SELECT count(*) AS should_be_8_and_1 FROM pg_catalog.pg_partition part WHERE part.parentid = "
          "'backup_files'::regclass GROUP BY part.parttype;\n"
          "GRANT USAGE ON ALL SEQUENCES IN SCHEMA forebay_check TO PUBLIC;\n"
          "DROP TABLE IF EXISTS backup_files;\n";
  text += "\n\\echo == migrations\n";
  for (const Migration& m : migrations_of("opengauss")) text += std::string(m.up);
  text += verdict("migrations: tables are found", dialect.table_oid({"", "backup_files"}) + " IS NOT NULL AND " +
                                                      dialect.table_oid({"forebay_check", "sync_batches"}) +
                                                      " IS NOT NULL AND " + dialect.table_oid({"", "no_such"}) +
                                                      " IS NULL");
  text += verdict("migrations: a table is found by its index",
                  "(SELECT indrelid::regclass::text FROM pg_index WHERE indexrelid = " +
                      dialect.table_oid({"", "backup_files_key"}) + ") LIKE '%backup_files'");
  text += verdict("migrations: the bytes of a stored path",
                  "encode(forebay_path_bytes('%/a%FFb'), 'hex') = '2f61ff62' AND encode(forebay_name_bytes('%/%FE'), "
                  "'hex') = 'fe'");
  text += "SELECT " + std::string(dialect.catalog().row_security) + " AS row_security" +
          std::string(dialect.catalog().table_shape) + " FROM pg_class c WHERE c.relname = 'backup_files';\n";
  text += "\n\\echo == the ledger\n";
  text += prepared("locks", "bigint[]", dialect.lock_ranges());
  text += "BEGIN;\nEXECUTE locks('{1,2}');\nCOMMIT;\n";
  text += prepared("ledger", "text[], bigint[], bigint[], bigint[], bigint[], bigint[], text, text[], bigint[]",
                   dialect.insert_ledger("sync_batches"));
  text += "EXECUTE ledger('{b,b}', '{1,2}', '{1,1}', '{5,9}', '{4,9}', '{1,0}', 'end', '{files,sets}', '{0,0}');\n";
  text += prepared("landed", "text, bigint, bigint, bigint", dialect.select_landed("sync_batches"));
  text += "EXECUTE landed('b', 1, 1, 5);\n";
  text += verdict("the ledger: one row for each range",
                  "(SELECT count(*) FROM sync_batches WHERE buffer = 'b' AND rows = synced + superseded) = 2");
  text += prepared("compared", "bigint[], text[], bigint[]",
                   dialect.compare_versions(small_stream("upsert_none"),
                                            "(SELECT 1::bigint AS set_id, '/a'::text AS path, "
                                            "5::bigint AS row_version)",
                                            {kWire[0], kWire[1]}));
  text += "\\echo absent 1, older 1, equal 0, newer 0:\nEXECUTE compared('{1,1}', '{/a,/b}', '{6,6}');\n";
  for (const auto& [form, title] : {std::pair(UpsertForm::on_conflict, "ON CONFLICT"),
                                    std::pair(UpsertForm::duplicate_key_where, "ON DUPLICATE KEY UPDATE with WHERE"),
                                    std::pair(UpsertForm::duplicate_key_case, "ON DUPLICATE KEY UPDATE with CASE")})
    text += upsert_section(form, title);
  text += "\n\\echo == values: what becomes of '' by each way in, and long paths\n";
  text += dialect.create_table(stream, "types") + ";\n";
  text += "INSERT INTO types (set_id, path, note, row_version) VALUES (1, '/literal', '', 1);\n";
  text += prepared("array_value", "text[]",
                   "INSERT INTO types (set_id, path, note, row_version) SELECT 1, '/array', unnest($1::text[]), 1");
  text += "EXECUTE array_value('{\"\"}');\n";
  text += "COPY types (set_id, path, note, row_version) FROM STDIN;\n1\t/copy text\t\t1\n1\t/copy null\t\\N\t1\n\\.\n";
  text += "INSERT INTO types (set_id, path, row_version) VALUES (1, '/' || repeat('p', 2000), 1);\n";
  text += "SELECT path, note IS NULL AS is_null, length(note) FROM types WHERE length(path) < 100 ORDER BY path;\n";
  text +=
      verdict("values: a path of 2,001 bytes is a key", "(SELECT count(*) FROM types WHERE length(path) = 2001) = 1");
  text += verdict("values: NULL stays NULL", "(SELECT note FROM types WHERE path = '/copy null') IS NULL");
  text += verdict("values: times that went as microseconds",
                  "(timestamp 'epoch' + ((a.t - a.t % 86400000000) / 86400000000) * interval '1 day' + "
                  "(a.t % 86400000000) * interval '1 microsecond') AT TIME ZONE 'UTC' = timestamptz '2023-11-14 "
                  "22:13:20.123456+00'");
  text.replace(text.rfind(" AS verdict"), std::string(" AS verdict").size(),
               " AS verdict FROM (SELECT 1700000000123456::bigint AS t) AS a");
  text += "\n\\echo == the end\nDROP SCHEMA forebay_check CASCADE;\n";
  return text;
}

TEST_CASE("docs/opengauss-statements.sql is what the dialect says") {
  const std::string file = source_directory() + "/docs/opengauss-statements.sql";
  // FOREBAY_WRITE_STATEMENTS=1 writes it anew.
  if (std::getenv("FOREBAY_WRITE_STATEMENTS") != nullptr) std::ofstream(file) << statements();
  std::ifstream there(file);
  std::ostringstream text;
  text << there.rdbuf();
  CHECK(text.str() == statements());
}

CommandResult checked(const std::string& url) {
  CommandLine line;
  line.program = source_directory() + "/scripts/opengauss-check.sh";
  line.arguments = {url};
  line.environment = {{"FOREBAY", forebay_binary()}};
  return run_command(line);
}

TEST_CASE("scripts/opengauss-check.sh is green against PostgreSQL", "[postgres]") {
  PostgresFixture there;
  if (!there.available()) return;
  const OwnDatabase database(there);
  const CommandResult result = checked(database.owner_url());
  CAPTURE(result.out, result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Catch::Contains("ok      upserts that are whole: 0\n") && Catch::EndsWith("all ok\n"));
}

TEST_CASE("scripts/opengauss-check.sh is green against stand-ins, each with the upserts that its release takes",
          "[postgres]") {
  const bool old = GENERATE(true, false);
  OpenGaussFixture there(old ? kOpenGauss2A : kOpenGauss6PG);
  if (!there.available()) return;
  const OwnDatabase database(there);
  const CommandResult result = checked(there.server().url("&dbname=" + database.role()));
  CAPTURE(result.out, result.err);
  CHECK(result.status == 0);
  CHECK_THAT(result.out, Catch::Contains(old ? "upserts that are whole: 2\n" : "upserts that are whole: 1 2\n") &&
                             Catch::EndsWith("all ok\n"));
}

}  // namespace
}  // namespace forebay::test
