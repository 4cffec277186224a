#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "sink/postgres/copy_encoder.hpp"
#include "sink/postgres/dialect_opengauss.hpp"
#include "sink/sink.hpp"
#include "sink/test_streams.hpp"
#include "support/expected_statements.hpp"
#include "support/own_database.hpp"
#include "support/places.hpp"

// opengauss-statements.sql: what forebay says to an openGauss, to be run by a person who has one.
namespace forebay::test {
namespace {

const std::vector<WireColumn> kWire = {{"bigint", "bigint", "?", "?"},
                                       {"text", "text", "?", "?"},
                                       {"bigint", "bigint", "?", "?"},
                                       {"text", "text", "?", "?"}};

const std::string kStagedFile = "staged.copy";

std::string verdict(const std::string& name, const std::string& condition, const std::string& from = {}) {
  return expects("ok", name) + "SELECT CASE WHEN " + condition + " THEN 'ok' ELSE 'FAILED' END AS verdict" + from +
         ";\n";
}

/// Settings that not each release has, one by one.
std::string settings_of(const std::string& text, const std::string& name) {
  std::string out;
  for (std::size_t from = 0, to = 0; from < text.size(); from = to + 2) {
    to = std::min(text.find("; ", from), text.size());
    const std::string one = text.substr(from, to - from);
    // Without the value, whose quotes psql would take away in \echo.
    out += expects("SET|42704", name + ": " + one.substr(0, one.find(" ="))) + one + ";\n";
  }
  return out;
}

/// Rows of a stage of small_stream(), as forebay encodes them.
std::string two_staged_rows() {
  std::string bytes;
  CopyEncoder encoder(bytes);
  encoder.header();
  for (const std::int32_t n : {0, 1}) {
    encoder.begin_row(7);
    encoder.field(Value::integer(1), WireForm::int8);
    encoder.field(Value::text(n == 0 ? "/a" : "/b"), WireForm::chars);
    encoder.field(Value::integer(1), WireForm::int8);
    encoder.field(Value::text("x"), WireForm::chars);
    encoder.int8_field(10);
    encoder.int4_field(0);
    encoder.int4_field(n);
  }
  encoder.end();
  return bytes;
}

/// What makes arrays the parameters that PREPARE wants.
std::string prepared(const std::string& name, const std::string& types, const std::string& sql) {
  return "PREPARE " + name + "(" + types + ") AS " + sql + ";\n";
}

/// What is run by hand, on both sides of the record.
std::string by_hand(const OwnDatabase& database, const std::string& sql) {
  database.exec("SET search_path = forebay_check; " + sql);
  return sql + ";\n";
}

std::string own_url(OpenGaussFixture& server, const OwnDatabase& database) {
  database.exec("CREATE SCHEMA forebay_check");
  return server.server().url("&dbname=" + database.role() + "&options=-csearch_path%3Dforebay_check");
}

/// Detection, a table of one's own that is adopted, all that migrations do.
std::string migrating_session() {
  // Has all forms tried: it takes the last.
  constexpr OpenGaussRelease kAsksMost = {"5.0.0", "PG", true, true, true, false, true, false, false, false, true};
  OpenGaussFixture server(kAsksMost);
  const OwnDatabase database(server);
  const auto destination = make_destination(own_url(server, database), {});
  server.server().keeps_heard = true;
  const auto said = [&](const std::string& name) { return said_again(server.server().take_heard(), name); };
  std::string text = by_hand(database,
                             "CREATE TABLE backup_files (id bigserial, backup_set_id bigint NOT NULL, "
                             "file_path text NOT NULL, sync_version bigint)");
  text += by_hand(database, "CREATE TABLE backup_sets (id bigint NOT NULL)");
  destination->migrate_up();
  text += said("adopt");
  destination->migrate_down(6);
  text += said("take_back") + by_hand(database, "DROP TABLE backup_files; DROP TABLE backup_sets");
  destination->migrate_up();
  destination->ledger_totals("b");
  return text + said("migrate");
}

/// New rows, known rows, rows that the table refuses among them, and a comparison.
std::string writing_session(UpsertForm form) {
  OpenGaussFixture server(form == UpsertForm::on_conflict           ? kRelative3PG
                          : form == UpsertForm::duplicate_key_where ? kOpenGauss6PG
                                                                    : kDolphin6B);
  const OwnDatabase database(server);
  const std::string name = "written_" + std::to_string(static_cast<int>(form));
  const auto destination = make_destination(own_url(server, database), {});
  destination->migrate_up();
  server.server().keeps_heard = true;
  const Stream stream = small_stream(name);
  std::string text = by_hand(database, OpenGaussDialect({}).create_table(stream, name));
  text += by_hand(database, "ALTER TABLE " + name + " ADD CHECK (size < 1000)");
  const auto sink = destination->make_sink({&stream});
  opens(*sink);
  for (std::uint64_t segment = 1; segment <= 3; ++segment) {
    RangeMaker rows(stream, name, segment);
    for (int i = 0; i < 4; ++i) {
      const bool older = segment == 2 && i == 1;
      const bool refused = segment == 3 && i >= 2;
      rows.add(older ? 1 : static_cast<std::int64_t>(segment) * 10,
               small_row(1, "/" + std::to_string(i), refused ? 5000 : static_cast<int>(segment), "note"));
    }
    Batch batch(Reason::end, {rows.range()});
    const auto outcome = sink->write(batch, [](const Batch&, const std::vector<RefusedRow>&) {});
    if (const auto* failure = std::get_if<Failure>(&outcome)) FAIL(failure->message);
  }
  RowSet keys(2);
  keys.begin_row(1, 1);
  keys.push(Value::integer(1));
  keys.push(Value::text("/0"));
  destination->make_comparer()->compare(stream, keys);
  text += said_again(server.server().take_heard(), name);
  return text + verdict(name + ": the newest rows that the table takes are there",
                        "(SELECT count(*) FROM " + name +
                            " WHERE row_version = 30 AND size = 3 AND path IN ('/0', '/1') OR "
                            "row_version = 20 AND size = 2 AND path IN ('/2', '/3')) = 4");
}

std::string upsert_section(UpsertForm form, const char* title) {
  OpenGaussTraits traits;
  traits.upsert = form;
  const OpenGaussDialect dialect(traits);
  traits.upsert_to_merge = true;
  traits.idle_unit_ms = 0;
  const std::string limits = OpenGaussDialect(traits).time_limits({54'000, 27'000, 120'000});
  const std::string name = "upsert_" + std::to_string(static_cast<int>(form));
  const Stream stream = small_stream(name);
  const std::string table = quoted_table({"forebay_check", name});
  const std::string stage = dialect.stage_name(static_cast<std::size_t>(form), kWire);
  const std::string columns = dialect.stage_columns(4) + ", n";
  const std::string rows = "INSERT INTO pg_temp." + stage + " (" + columns + ") VALUES ";
  std::string text = std::string("\n\\echo == ") + title + " (one of the three has to be taken)\n";
  text += dialect.create_table(stream, table) + ";\n";
  text += "\\echo tries " + name + "\n";
  text += "PREPARE tried AS " +
          dialect.upsert(stream, table,
                         "SELECT 1::bigint, ''::text, 3::bigint, ''::text, "
                         "4::bigint, now()") +
          ";\n";
  text += "DEALLOCATE tried;\n";
  text += "BEGIN;\n" + settings_of(limits, name + ", new rows") + dialect.create_stage(stage, kWire) + ";\n";
  text += expects("COPY 2", name + ": a binary COPY into the stage") +
          copied_from(dialect.copy_in("pg_temp." + stage, columns), kStagedFile);
  text += expects("INSERT 0 2", name + ": new rows are counted as touched") +
          dialect.upsert_from(stream, table, "pg_temp." + stage, kWire) + ";\nCOMMIT;\n";
  text += verdict(name + ": new rows are inserted", "(SELECT count(*) FROM " + table + " WHERE row_version = 10) = 2");
  text += "BEGIN;\n" + settings_of(limits, name + ", known rows") + dialect.create_stage(stage, kWire) + ";\n";
  text += verdict(name + ": the stage is empty in the next transaction",
                  "(SELECT count(*) FROM pg_temp." + stage + ") = 0");
  text += rows + "(1, '/a', 2, 'y', 9, 0, 0), (1, '/b', 2, 'y', 11, 0, 1), (1, '/c', 2, NULL, 5, 0, 2);\n";
  text += expects("INSERT 0 2", name + ": the older row is not counted as touched") +
          dialect.upsert_from(stream, table, "pg_temp." + stage, kWire) + ";\n";
  text +=
      verdict(name + ": the superseded are counted by span", "a.rows = 1",
              " FROM (" + dialect.count_superseded(stream, table, "pg_temp." + stage, kWire) + ") AS a(span, rows)");
  text += "COMMIT;\n";
  text += verdict(
      name + ": an older row loses, with all of its columns",
      "(SELECT count(*) FROM " + table + " WHERE path = '/a' AND size = 1 AND note = 'x' AND row_version = 10) = 1");
  text += verdict(
      name + ": a newer row wins",
      "(SELECT count(*) FROM " + table + " WHERE path = '/b' AND size = 2 AND note = 'y' AND row_version = 11) = 1");
  // As into a table of someone's own, where forebay makes no row.
  text += "ALTER TABLE " + table + " ADD COLUMN theirs text;\nUPDATE " + table + " SET theirs = path;\nALTER TABLE " +
          table + " ALTER COLUMN theirs SET NOT NULL;\n";
  text += "BEGIN;\n" + dialect.create_stage(stage, kWire) + ";\n";
  text += rows + "(1, '/b', 3, 'z', 12, 0, 0);\n";
  text += expects("INSERT 0 1", name + ": what only the row that is there has is repeated") +
          dialect.upsert_from(stream, table, "pg_temp." + stage, kWire, {"theirs"}) + ";\nCOMMIT;\n";
  text += verdict(name + ": it is as it was",
                  "(SELECT count(*) FROM " + table + " WHERE theirs = path AND path = '/b' AND size = 3) = 1");
  text += "BEGIN;\n" + dialect.create_stage(stage, kWire) + ";\n" + rows + "(1, '/none', 3, 'z', 12, 0, 0);\n";
  text += expects("23502", name + ": where no row is there, none is made") +
          dialect.upsert_from(stream, table, "pg_temp." + stage, kWire, {"theirs"}) + ";\nROLLBACK;\n";
  text += "ALTER TABLE " + table + " DROP COLUMN theirs;\n";
  text += prepared(name, "bigint[], text[], bigint[], text[], bigint[], integer[]",
                   dialect.upsert_from(stream, table, dialect.unnest_item(kWire), kWire));
  text += expects("INSERT 0 2", name + ": arrays are counted as touched") + "EXECUTE " + name +
          "('{2,2}', '{/d,/e}', '{1,2}', '{x,NULL}', '{7,8}', '{0,0}');\nDEALLOCATE " + name + ";\n";
  text += verdict(name + ": arrays go row by row",
                  "(SELECT count(*) FROM " + table +
                      " WHERE set_id = 2 AND (path = '/d' AND size = 1 AND row_version = 7 "
                      "OR path = '/e' AND size = 2 AND note IS NULL AND row_version = 8)) = 2");
  return text + writing_session(form);
}

/// What forebay tells apart by its SQLSTATE; on the table "types".
std::string errors_section(const OpenGaussDialect& dialect) {
  const std::string insert = "INSERT INTO types (set_id, path, row_version) VALUES ";
  std::string text = "\n\\echo == errors that forebay tells apart\n" + insert + "(9, '/there', 1);\n";
  text += expects("23505", "errors: a key that is there") + insert + "(9, '/there', 1);\n";
  text += expects("23502", "errors: NULL in a key") + insert + "(NULL, '/null', 1);\n";
  text += expects("23502|INSERT 0 1", "errors: an empty text in a key (NULL in mode A)") + insert + "(9, '', 1);\n";
  text += "ALTER TABLE types ADD CONSTRAINT positive CHECK (size >= 0);\n";
  text += expects("23514", "errors: a CHECK") + "INSERT INTO types VALUES (9, '/check', -1, 'x', 1);\n";
  text += expects("22P02", "errors: a number that is none") + "SELECT 'x'::text::bigint;\n";
  text += expects("22003", "errors: a number that is too large") + "SELECT 9223372036854775807::bigint::integer;\n";
  text += "CREATE TEMPORARY TABLE narrow (name varchar(3));\n" + expects("22001", "errors: a text that is too long") +
          "INSERT INTO narrow VALUES ('four');\n";
  text += expects("42601", "errors: a statement that is none") + "SELEC 1;\n";
  text += expects("42P01", "errors: no such table, of an upsert that parses otherwise") +
          "PREPARE missed AS INSERT INTO no_such_table (n) SELECT 1;\n";
  text += expects("42703", "errors: no such column") + "SELECT no_such_column FROM types;\n";
  text += expects("42883", "errors: no such function") + "SELECT no_such_function(1);\n";
  text += expects("3F000|3F001", "errors: no such schema") + "CREATE TABLE no_such_schema.t (n integer);\n";
  text += "\\set ON_ERROR_ROLLBACK off\nBEGIN;\nSET TRANSACTION READ ONLY;\n" +
          expects("25006", "errors: a read-only transaction") + insert +
          "(9, '/read only', 1);\nROLLBACK;\n\\set ON_ERROR_ROLLBACK on\n";
  text += "BEGIN;\nSET LOCAL statement_timeout = 200;\n" + expects("57014", "errors: a statement that takes too long") +
          "SELECT pg_sleep(20);\nROLLBACK;\n";
  text += "BEGIN;\nLOCK TABLE types IN ROW EXCLUSIVE MODE;\n";
  text += verdict("locks: who holds which, since when",
                  "(SELECT count(*) FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = "
                  "'relation' AND l.granted AND l.pid = pg_backend_pid() AND l.database = (SELECT oid FROM pg_database "
                  "WHERE datname = current_database()) AND l.relation IN (" +
                      dialect.table_oid({"", "types"}) +
                      ") AND l.mode NOT IN ('AccessShareLock', 'ShareUpdateExclusiveLock') AND a.xact_start <= "
                      "clock_timestamp() AND a.application_name = current_setting('application_name')) = 1");
  return text + "ROLLBACK;\n";
}

std::string statements() {
  const OpenGaussDialect dialect({});
  const Stream stream = small_stream("types");
  std::string text =
      "-- What forebay says to an openGauss server, for psql or gsql; scripts/opengauss-check.sh runs it, holds the "
      "answers\n"
      "-- against what it expects, and reports. Made by tests/sink/postgres/opengauss_statements_test.cpp from the "
      "code that "
      "says it;\n"
      "-- not to be edited. It works in a schema of its own, forebay_check, which must not be there, and drops it at "
      "the "
      "end.\n"
      "\\set ON_ERROR_STOP off\n"
      "\\set ON_ERROR_ROLLBACK on\n"
      "\\set VERBOSITY verbose\n";
  text += file_of_bytes(kStagedFile, two_staged_rows());
  text +=
      "\\echo == the server\n"
      "SELECT version();\n"
      "SELECT * FROM pg_catalog.pg_database WHERE datname = current_database();\n"
      "SELECT proname FROM pg_catalog.pg_proc WHERE proname = 'opengauss_version';\n"
      "SELECT name, setting, unit, context FROM pg_settings WHERE name IN ('server_encoding', "
      "'session_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout', 'lockwait_timeout', "
      "'enable_upsert_to_merge', 'behavior_compat_options', 'password_encryption_type', 'sql_compatibility') ORDER BY "
      "name;\n"
      "SELECT '' IS NULL AS an_empty_literal_is_null;\n";
  text += expects("CREATE SCHEMA", "the server: a schema is made") + "CREATE SCHEMA forebay_check;\n" +
          "SET search_path = forebay_check;\n";
  text += "\n\\echo == settings\nBEGIN;\n" + dialect.own_settings() + ";\nROLLBACK;\nBEGIN;\n" +
          settings_of(dialect.time_limits({54'000, 27'000, 120'000}), "settings") + "ROLLBACK;\n";
  text += verdict("settings: the search path is found", dialect.search_path_expression() + " LIKE 'forebay_check%'");
  text += "SELECT current_setting('transaction_read_only') = 'on' AS read_only, pg_is_in_recovery() AS standby;\n";
  std::ifstream partitions(source_directory() + "/sql/opengauss/partitions.sql");
  std::ostringstream partitioned;
  partitioned << partitions.rdbuf();
  text += "\n\\echo == partitions and an index (PostgreSQL refuses the partitions)\n\\echo tries partitions\n" +
          partitioned.str() +
          verdict("partitions: 8 and the table are in the catalog",
                  "(SELECT count(*) FROM pg_catalog.pg_partition part WHERE part.parentid = 'backup_files'::regclass) "
                  ">= 8") +
          "DROP TABLE IF EXISTS backup_files;\n";
  text += "\n\\echo == migrations\n";
  text += migrating_session();
  text += expects("GRANT", "migrations: the sequence is granted") +
          "GRANT USAGE ON ALL SEQUENCES IN SCHEMA forebay_check TO PUBLIC;\n";
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
  text += "\\echo there 1, older 1, equal 0, newer 0:\nEXECUTE compared('{1,1}', '{/a,/b}', '{6,6}');\n";
  for (const auto& [form, title] :
       {std::pair(UpsertForm::on_conflict, "ON CONFLICT"),
        std::pair(UpsertForm::duplicate_key_where, "ON DUPLICATE KEY UPDATE with WHERE"),
        std::pair(UpsertForm::duplicate_key_values, "ON DUPLICATE KEY UPDATE with VALUES() and WHERE")})
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
                  "22:13:20.123456+00'",
                  " FROM (SELECT 1700000000123456::bigint AS t) AS a");
  text += errors_section(dialect);
  text += "\n\\echo == the end\nDROP SCHEMA forebay_check CASCADE;\n";
  return text;
}

TEST_CASE("opengauss-statements.sql is what forebay says", "[postgres][threads]") {
  if (!OpenGaussFixture(kOpenGauss6PG).available()) return;
  const std::string file = source_directory() + "/tests/sink/postgres/opengauss-statements.sql";
  // FOREBAY_WRITE_STATEMENTS=1 writes it anew.
  const std::string wanted = statements();
  if (std::getenv("FOREBAY_WRITE_STATEMENTS") != nullptr) std::ofstream(file) << wanted;
  std::ifstream there(file);
  std::ostringstream text;
  text << there.rdbuf();
  CHECK(text.str() == wanted);
}

}  // namespace
}  // namespace forebay::test
