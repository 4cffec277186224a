#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

#include "sink/contract.hpp"
#include "sink/migrations.hpp"
#include "support/lines.hpp"

namespace forebay::test {
namespace {

Rows columns_of(PostgresFixture& fixture, const std::string& table) {
  return fixture.query("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = '" +
                       fixture.schema() + "' AND table_name = '" + table + "' ORDER BY column_name");
}

std::vector<Value> file_row(std::int64_t set, std::string_view path) {
  const Stream& stream = backup_files_stream();
  std::vector<Value> v(stream.columns.size());
  v[stream.column_index("backup_set_id")] = Value::integer(set);
  v[stream.column_index("file_path")] = Value::text(path);
  v[stream.column_index("file_name")] = Value::text("n");
  v[stream.column_index("file_type")] = Value::text("file");
  v[stream.column_index("file_size")] = Value::integer(3);
  v[stream.column_index("backup_time")] = Value::timestamp(0);
  return v;
}

TEST_CASE("migrate up, status and down agree with each other", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const auto destination = fixture.destination();
  for (const MigrationState& m : destination->migration_states()) CHECK_FALSE(m.applied);
  CHECK(destination->migrate_up().size() == migrations_of("postgres").size());
  CHECK(destination->migrate_up().empty());
  for (const MigrationState& m : destination->migration_states()) {
    CHECK(m.applied);
    CHECK_FALSE(m.changed);
    CHECK_THAT(m.applied_at, Catch::Matches("....-..-..T..:..:..Z"));
  }
  const auto sink = destination->make_sink({&backup_files_stream()});
  written(*sink, {RangeMaker(backup_files_stream(), "b", 1).add(1, file_row(1, "/a")).range()});
  sink->close();

  CHECK(lines(destination->migrate_down_preview(100)) ==
        "what migration 6 ledger_quarantined created\nwhat migration 5 ledger_stream created\nwhat migration 4 "
        "stored_paths created\n"
        "table sync_batches with 1 rows\ntable backup_sets with 0 rows\ntable backup_files with 1 rows\n");
  CHECK(columns_of(fixture, "backup_files").size() == 32);  // a preview changes nothing
  CHECK(lines(destination->migrate_down(4)) ==
        "what migration 6 ledger_quarantined created\nwhat migration 5 ledger_stream created\nwhat migration 4 "
        "stored_paths created\n"
        "table sync_batches with 1 rows\n");
  CHECK(columns_of(fixture, "sync_batches").empty());
  CHECK(columns_of(fixture, "backup_files").size() == 32);
  destination->migrate_down(100);
  CHECK(fixture.one("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = '" +
                    fixture.schema() + "' AND relkind = 'r' AND relname <> 'forebay_migrations'") == "0");
  CHECK(fixture.one("SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = '" +
                    fixture.schema() + "'") == "0");
  CHECK(destination->migrate_down(1).empty());
  CHECK(destination->migrate_up().size() == migrations_of("postgres").size());
}

TEST_CASE("a migration that was applied with another text is reported", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.destination()->migrate_up();
  fixture.exec("UPDATE forebay_migrations SET checksum = 'another' WHERE number = 2");
  CHECK(fixture.destination()->migration_states().at(1).changed);
  CHECK_FALSE(fixture.destination()->migration_states().at(0).changed);
  CHECK_THAT(lines(fixture.destination()->migrate_up()),
             Catch::Contains("migration 2 backup_sets was applied with another text"));
}

TEST_CASE("processes that start at once on an empty database all succeed", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  std::vector<std::string> failures(6);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < failures.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto sink = fixture.destination()->make_sink({&stream, &backup_files_stream()});
      Batch batch(Reason::end,
                  {RangeMaker(stream, std::to_string(i), 1).add(1, small_row(1, std::to_string(i))).range()});
      const WriteOutcome outcome = sink->write(batch);
      if (const auto* failure = std::get_if<Failure>(&outcome)) failures[i] = failure->message;
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK(failures == std::vector<std::string>(failures.size()));
  CHECK(fixture.one("SELECT count(*) FROM small_files") == std::to_string(failures.size()));
  CHECK(fixture.one("SELECT count(*) FROM forebay_migrations") == std::to_string(migrations_of("postgres").size()));
}

const std::string kLegacy =
    "CREATE TABLE backup_files (id serial PRIMARY KEY, backup_set_id integer NOT NULL, file_path varchar(4096) NOT "
    "NULL, "
    "file_name varchar(255) NOT NULL, file_type varchar(20), file_size bigint, backup_time timestamptz, checksum text, "
    "mine text DEFAULT 'keep')";

TEST_CASE("a backup_files of someone's own is adopted: what is missing is added, what is there stays",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const bool has_key = GENERATE(true, false);
  fixture.exec(kLegacy);
  if (has_key) fixture.exec("CREATE UNIQUE INDEX theirs ON backup_files (backup_set_id, file_path)");
  fixture.exec(
      "INSERT INTO backup_files (backup_set_id, file_path, file_name) VALUES (1, '/old', 'old'), (1, '/again', "
      "'again')");

  // Not on first use: a table of someone's own is changed only when asked for.
  const auto sink = fixture.destination()->make_sink({&backup_files_stream()});
  const auto failure = sink->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK_THAT(failure->message, Catch::Contains("forebay migrate up") &&
                                   Catch::Contains("table backup_files is there, and forebay did not make it"));
  CHECK(columns_of(fixture, "backup_files").size() == 9);

  const std::string done = lines(fixture.destination()->migrate_up());
  CHECK_THAT(done,
             Catch::Contains("adopted: 24 columns added") &&
                 Catch::Contains(has_key ? "its unique key is kept" : "its unique key backup_files_key was created"));
  written(
      *sink,
      {RangeMaker(backup_files_stream(), "b", 1).add(1, file_row(1, "/again")).add(1, file_row(1, "/new")).range()});
  CHECK(fixture.query("SELECT id, file_path, file_size, mine, sync_version FROM backup_files ORDER BY id") ==
        Rows{{"1", "/old", kNull, "keep", "0"},
             {"2", "/again", "3", "keep", "1"},
             {fixture.one("SELECT max(id) FROM backup_files"), "/new", "3", "keep", "1"}});
  CHECK(fixture.one("SELECT count(*) FROM pg_index WHERE indrelid = 'backup_files'::regclass") == "2");

  // Going down never drops it.
  sink->close();
  CHECK_THAT(lines(fixture.destination()->migrate_down(100)), Catch::Contains("it was there before forebay"));
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "3");
  fixture.destination()->migrate_up();
  CHECK(fixture.one("SELECT count(*) FROM backup_files") == "3");
}

TEST_CASE("an adopted table gets the columns that a new one has", "[postgres][threads]") {
  PostgresFixture fresh, adopted;
  if (!fresh.available()) return;
  adopted.exec("CREATE TABLE backup_files (id bigint, backup_set_id bigint NOT NULL, file_path text NOT NULL)");
  adopted.exec("CREATE TABLE backup_sets (id bigint NOT NULL)");
  fresh.destination()->migrate_up();
  adopted.destination()->migrate_up();
  CHECK(columns_of(adopted, "backup_files") == columns_of(fresh, "backup_files"));
  CHECK(columns_of(adopted, "backup_sets") == columns_of(fresh, "backup_sets"));
}

TEST_CASE("a table with duplicate keys is not adopted: they are listed, and nothing is changed",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(kLegacy);
  fixture.exec(
      "INSERT INTO backup_files (backup_set_id, file_path, file_name) SELECT 7, '/twice/' || i, 'n' "
      "FROM generate_series(1, 12) i, generate_series(1, 2)");
  CHECK_THROWS_WITH(fixture.destination()->migrate_up(),
                    Catch::Contains("12 keys") && Catch::Contains("(7,/twice/1) ×2") && Catch::Contains("…"));
  CHECK(columns_of(fixture, "backup_files").size() == 9);
  CHECK(columns_of(fixture, "sync_batches").empty());  // all or nothing
}

TEST_CASE("a table whose columns cannot hold what is sent is not adopted: they are named", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  fixture.exec(
      "CREATE TABLE backup_files (backup_set_id bigint NOT NULL, file_path text NOT NULL, file_size text, "
      "modified_time date)");
  CHECK_THROWS_WITH(
      fixture.destination()->migrate_up(),
      Catch::Contains("\"file_size\" is text and should be bigint") && Catch::Contains("\"modified_time\" is date"));
  fixture.exec("DROP TABLE backup_files");
  fixture.exec("CREATE TABLE backup_files (path text)");
  CHECK_THROWS_WITH(fixture.destination()->migrate_up(), Catch::Contains("\"backup_set_id\" is missing"));
}

TEST_CASE("a role that may not create tables is told what to do", "[postgres][threads]") {
  PostgresNoTempFixture fixture;
  if (!fixture.available()) return;
  fixture.exec("ALTER SCHEMA " + fixture.schema() + " OWNER TO CURRENT_USER");
  fixture.exec("GRANT USAGE ON SCHEMA " + fixture.schema() + " TO forebay_test_notemp");
  const auto failure = fixture.destination()->make_sink({&backup_files_stream()})->open();
  REQUIRE(failure);
  CHECK(failure->failure_class == FailureClass::schema);
  CHECK_THAT(failure->message, Catch::Contains("lacks CREATE on schema ") && Catch::Contains("forebay migrate up"));
}

}  // namespace
}  // namespace forebay::test
