// What a role, a database or others set does not change what lands, or where.

#include "sink/postgres/settings.hpp"

#include "forebay/file_record.hpp"
#include "sink/contract.hpp"
#include "support/own_database.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

BatchRange one_row(const Stream& stream, std::uint64_t segment, std::string_view path) {
  return RangeMaker(stream, "b", segment).add(static_cast<std::int64_t>(segment), small_row(1, path)).range();
}

TEST_CASE("a schema of the role's name that is made later does not take the rows", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  database.allow_create();
  const Stream stream = small_stream();
  const auto destination = database.destination();
  const auto before = destination->make_sink({&stream});
  written(*before, {one_row(stream, 1, "/a")});

  // "$user", public: as PostgreSQL comes.
  database.exec("CREATE SCHEMA AUTHORIZATION " + database.role());
  for (const char* table : {"small_files", "backup_files", "backup_sets", "sync_batches"}) {
    database.exec("CREATE TABLE " + database.role() + "." + table + " (LIKE public." + table + " INCLUDING ALL)");
    database.exec("ALTER TABLE " + database.role() + "." + table + " OWNER TO " + database.role());
  }
  written(*before, {one_row(stream, 2, "/b")});  // the connection that stands
  const auto after = destination->make_sink({&stream});
  written(*after, {one_row(stream, 3, "/c")});  // one of its own
  CHECK(database.one("SELECT count(*) FROM public.small_files") == "3");
  CHECK(database.one("SELECT count(*) FROM " + database.role() + ".small_files") == "0");
  CHECK(database.one("SELECT count(*) FROM public.sync_batches") == "3");
  const auto totals = destination->ledger_totals("b");
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].synced == 3);
  for (const MigrationState& m : destination->migration_states()) CHECK(m.applied);
}

TEST_CASE("what a role sets for its sessions does not change what lands", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  database.allow_create();
  const bool temp = GENERATE(true, false);
  CAPTURE(temp);
  if (!temp) database.exec("REVOKE TEMP ON DATABASE " + database.role() + " FROM PUBLIC");
  for (const char* setting :
       {"array_nulls = off", "standard_conforming_strings = off", "client_encoding = 'LATIN1'",
        "synchronous_commit = off", "statement_timeout = '100ms'", "lock_timeout = '100ms'", "TimeZone = 'Asia/Kabul'",
        "DateStyle = 'German'", "IntervalStyle = 'sql_standard'", "bytea_output = 'escape'", "extra_float_digits = -15",
        "search_path = public, pg_catalog", "client_min_messages = debug5", "transform_null_equals = on",
        "default_transaction_isolation = serializable"}) {
    database.exec("ALTER ROLE " + database.role() + " SET " + setting);
  }
  const Stream stream = all_types_stream();
  opens(*database.destination()->make_sink({&stream}));
  // With a trigger there the rows are staged, or go as arrays.
  database.exec(
      "CREATE TABLE seen AS SELECT name, setting FROM pg_settings WHERE false; GRANT INSERT ON seen TO PUBLIC; "
      "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.15); "
      "INSERT INTO public.seen SELECT name, setting FROM pg_settings; RETURN NULL; END $$; "
      "CREATE TRIGGER look AFTER INSERT ON readings FOR EACH STATEMENT EXECUTE FUNCTION look()");
  const auto sink = database.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  std::vector<Value> nulls(stream.columns.size());
  nulls[0] = Value::text("NULL");
  std::vector<Value> odd(stream.columns.size());
  odd[0] = Value::text("caf\xC3\xA9 \\n\\.");
  rows.add(1, nulls).add(2, odd);
  CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 2);
  const auto setting = [&](const std::string& name) {
    return database.one("SELECT setting FROM seen WHERE name = '" + name + "' LIMIT 1");
  };
  CHECK(setting("synchronous_commit") == "on");
  CHECK(setting("statement_timeout") == "54000");
  CHECK(setting("lock_timeout") == "27000");
  CHECK(setting("search_path") == "public, pg_temp");
  CHECK(setting("client_encoding") == "UTF8");
  CHECK(setting("array_nulls") == "on");
  CHECK(setting("TimeZone") == "UTC");
  CHECK(setting("transaction_isolation") == "read committed");
  CHECK(database.query("SELECT * FROM readings ORDER BY 1").size() == 2);
  CHECK(database.one("SELECT encode(convert_to(" + stream.columns[0].name +
                     ", 'UTF8'), 'hex') FROM readings ORDER BY " + stream.columns[0].name + " COLLATE \"C\" DESC") ==
        "636166c3a9205c6e5c2e");
  for (std::size_t c = 1; c < stream.columns.size(); ++c)
    CHECK(database.one("SELECT count(" + stream.columns[c].name + ") FROM readings") == "0");
}

TEST_CASE("synchronous_commit is raised, never lowered") {
  CHECK_THAT(pinned_settings("public, pg_temp", "off"), Catch::EndsWith("SET LOCAL synchronous_commit = 'on'"));
  for (const char* set : {"on", "local", "remote_write", "remote_apply"})
    CHECK_THAT(pinned_settings("public, pg_temp", set),
               Catch::EndsWith("synchronous_commit = '" + std::string(set) + "'"));
}

TEST_CASE("a search path without a schema that may be used is refused, and nothing is made in pg_temp",
          "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  const char* path = GENERATE("nowhere", "pg_catalog", "pg_temp", "''");
  database.exec("ALTER ROLE " + database.role() + " SET search_path = " + path);
  const auto failure = database.destination()->make_sink({})->open();
  REQUIRE(failure);
  CHECK(failure->sqlstate == "3F000");
  CHECK_THAT(failure->message, Catch::Contains("grant USAGE"));
}

TEST_CASE("a database in SQL_ASCII is refused with the reason, and the rows stay", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server, "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");
  const ScanSite site(database.url(), {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  tree.file("caf\xE9");
  const auto check = site.run({"config", "check"});
  CHECK(check.status == 3);
  CHECK(says(check.out, "encoding is SQL_ASCII"));
  const auto scan = site.run({"scan", tree.path(), "--json"});
  CHECK(scan.status == 3);
  CHECK(summary_of(scan).at("pending") == 2);
  CHECK(says(scan.err, "ENCODING 'UTF8' TEMPLATE template0"));
}

}  // namespace
}  // namespace forebay::test
