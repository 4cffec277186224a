// forebay behind pgbouncer, which hands each transaction to another session: Debian's pgbouncer in front of the server
// of DATABASE_URL, on a Unix socket of the test's own.

#include <libpq-fe.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <memory>
#include <optional>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "support/libpq_handles.hpp"
#include "support/restore_files.hpp"
#include "support/scan_site.hpp"
#include "support/server_account.hpp"

namespace forebay::test {
namespace {

/// A role whose search_path is the fixture's schema (a pooler takes no `options`), and a pgbouncer that lets it in.
class Pooler {
 public:
  static bool available() {
    if (std::filesystem::exists(kProgram)) return true;
    WARN("skipped: pgbouncer is not installed");
    return false;
  }

  Pooler(PostgresFixture& fixture, const std::string& mode) : fixture_(fixture), role_(fixture.schema() + "_pooled") {
    const std::string sockets = fixture_.one("SHOW unix_socket_directories");
    fixture_.exec("CREATE ROLE " + role_ + " LOGIN");
    fixture_.exec("ALTER ROLE " + role_ + " SET search_path = " + fixture_.schema());
    fixture_.exec("GRANT ALL ON SCHEMA " + fixture_.schema() + " TO " + role_);
    // Which another test may have taken from everyone.
    fixture_.exec("DO $$ BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO " + role_ +
                  "', current_database()); END $$");
    folder_.write("users", "\"" + role_ + "\" \"\"\n");
    folder_.write("pgbouncer.ini",
                  "[databases]\nfiles = host=" + sockets.substr(0, sockets.find(',')) +
                      " port=" + fixture_.one("SHOW port") + " dbname=" + fixture_.one("SELECT current_database()") +
                      "\n[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = " + folder_.path().string() +
                      "\nauth_type = trust\nauth_file = " + (folder_ / "users") + "\nadmin_users = " + role_ +
                      "\npool_mode = " + mode + "\ndefault_pool_size = 2\nserver_round_robin = 1\n" +
                      "log_connections = 0\nlog_disconnections = 0\n");
    start();
  }
  ~Pooler() {
    stop();
    fixture_.end_backends("usename = '" + role_ + "'");
    fixture_.exec("DROP OWNED BY " + role_);
    fixture_.exec("DROP ROLE " + role_);
  }
  Pooler(const Pooler&) = delete;
  Pooler& operator=(const Pooler&) = delete;

  void start() {
    CommandLine line = as_server_user(kProgram, {folder_ / "pgbouncer.ini"}, folder_.path());
    line.time_limit = std::chrono::minutes(10);
    process_.emplace(line);
    REQUIRE(comes_true([&] { return PQstatus(connect("files").get()) == CONNECTION_OK; }));
  }
  void stop() { process_.reset(); }

  std::string url() const { return "postgresql://" + role_ + "@/files?host=" + folder_.path().string() + "&port=6432"; }
  PgConnection connect(const std::string& database) const {
    return {
        PQconnectdb(("host=" + folder_.path().string() + " port=6432 user=" + role_ + " dbname=" + database).c_str()),
        &PQfinish};
  }
  const std::string& role() const { return role_; }

 private:
  static constexpr const char* kProgram = "/usr/sbin/pgbouncer";

  PostgresFixture& fixture_;
  const std::string role_;
  const ServerFolder folder_;
  std::optional<RunningCommand> process_;
};

std::string value(const PgConnection& connection, const std::string& sql) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) FAIL(sql << ": " << PQerrorMessage(connection.get()));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

/// Runs in both sessions of the pool, whichever they are: two transactions at once.
std::vector<std::string> in_each_session(const Pooler& pooler, const std::string& sql) {
  const std::vector<PgConnection> both = [&] {
    std::vector<PgConnection> made;
    for (int i = 0; i < 2; ++i) made.push_back(pooler.connect("files"));
    return made;
  }();
  std::vector<std::string> answers;
  for (const PgConnection& c : both) value(c, "BEGIN");
  REQUIRE(value(both[0], "SELECT pg_backend_pid()") != value(both[1], "SELECT pg_backend_pid()"));
  for (const PgConnection& c : both) answers.push_back(value(c, sql));
  for (const PgConnection& c : both) value(c, "COMMIT");
  return answers;
}

/// What forebay's transactions may have left behind for whoever is given the session next.
void check_nothing_left(const Pooler& pooler) {
  for (const char* sql :
       {"SELECT string_agg(name, ' ') FROM pg_settings WHERE source = 'session' AND setting IS DISTINCT FROM reset_val "
        "AND name NOT IN ('client_encoding', 'application_name', 'DateStyle', 'TimeZone')",  // pgbouncer's own
        "SELECT string_agg(relname, ' ') FROM pg_class WHERE relnamespace = pg_my_temp_schema()",
        "SELECT string_agg(name, ' ') FROM pg_prepared_statements", "SELECT string_agg(name, ' ') FROM pg_cursors",
        "SELECT string_agg(objid::text, ' ') FROM pg_locks WHERE locktype = 'advisory'",
        "SELECT string_agg(c, ' ') FROM pg_listening_channels() AS c"}) {
    CAPTURE(sql);
    CHECK(in_each_session(pooler, sql) == std::vector<std::string>{"", ""});
  }
}

TEST_CASE("through pgbouncer in transaction mode scans, rescans and restores land, and leave nothing in its sessions",
          "[postgres][pgbouncer][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !Pooler::available()) return;
  const Pooler pooler(fixture, "transaction");
  const ScanSite site(pooler.url(), {{"MEMORY_DB_SYNC_BATCH_SIZE", "500"}, {"SYNC_CONNECTIONS", "3"}});
  const Tree tree;
  fill(tree, 2000);
  for (int time = 0; time < 2; ++time) {  // the second goes by staging tables
    const auto summary = summary_of(site.run({"scan", tree.path(), "--set-id", "7", "--json"}));
    CHECK(summary.at("synced") == 2004);
    CHECK(landed_in(fixture, 7) == found_under(tree.path()));
  }
  const std::string file =
      CheckpointMaker(site.directory().path()).segment(backup_files_stream()).files(1500, 1, 8).finish();
  for (int time = 0; time < 2; ++time) {
    const auto restored = site.run({"restore", file, "--json"});
    CAPTURE(restored.err);
    CHECK(restored.status == 0);
    CHECK(fixture.one("SELECT count(*) FROM backup_files WHERE backup_set_id = 8") == "1500");
  }
  CHECK(site.run({"restore", "--dry-run", file}).status == 0);
  CHECK(site.run({"config", "check"}).status == 0);
  CHECK(site.run({"migrate", "status"}).status == 0);
  check_nothing_left(pooler);
}

TEST_CASE("two scans with three connections each share the two sessions of a pool", "[postgres][pgbouncer][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !Pooler::available()) return;
  const Pooler pooler(fixture, "transaction");
  const std::map<std::string, std::string> settings = {{"MEMORY_DB_SYNC_BATCH_SIZE", "200"}, {"SYNC_CONNECTIONS", "3"}};
  const ScanSite one(pooler.url(), settings);
  const ScanSite other(pooler.url(), settings);
  const Tree tree;
  fill(tree, 3000);
  // One set, so that they meet on every row.
  const std::vector<std::string> arguments = {"scan", tree.path(), "--set-id", "7", "--json"};
  RunningCommand first(one.line(arguments));
  RunningCommand second(other.line(arguments));
  for (RunningCommand* scan : {&first, &second}) {
    const auto result = scan->wait();
    CAPTURE(result.err);
    CHECK(result.status == 0);
    const auto summary = summary_of(result);
    CHECK(summary.at("accepted") == 3005);
    CHECK(summary.at("pending") == 0);
    CHECK(adds_up(summary));
  }
  CHECK(landed_in(fixture, 7) == found_under(tree.path()));
  check_nothing_left(pooler);
}

TEST_CASE("what other clients leave in a pooled session does not change where rows go",
          "[postgres][pgbouncer][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !Pooler::available()) return;
  const Pooler pooler(fixture, "transaction");
  const Stream stream = small_stream();
  const auto destination = make_destination(pooler.url(), {});
  opens(*destination->make_sink({&stream}));
  in_each_session(pooler, "SET search_path = pg_temp, public");
  for (const char* table : {"small_files", "sync_batches", "forebay_migrations"}) {
    in_each_session(pooler, std::string("CREATE TEMP TABLE ") + table + " (LIKE " + fixture.schema() + "." + table +
                                " INCLUDING ALL)");
  }
  in_each_session(pooler, "SET statement_timeout = 300; SET lock_timeout = 300; SET standard_conforming_strings = off");
  const auto sink = destination->make_sink({&stream});
  const auto result = written(*sink, {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  CHECK(result.ranges.at(0).synced == 1);
  CHECK(fixture.one("SELECT count(*) FROM " + fixture.schema() + ".small_files") == "1");
  CHECK(fixture.one("SELECT count(*) FROM " + fixture.schema() + ".sync_batches") == "1");
  CHECK(in_each_session(pooler, "SELECT count(*) FROM pg_temp.small_files") == std::vector<std::string>{"0", "0"});
}

TEST_CASE("sessions and clients that pgbouncer drops while they are idle are replaced without a failure",
          "[postgres][pgbouncer][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !Pooler::available()) return;
  Pooler pooler(fixture, "transaction");
  const Stream stream = small_stream();
  const auto sink = make_destination(pooler.url(), {})->make_sink({&stream});
  const auto write_one = [&](std::uint64_t segment) {
    const auto version = static_cast<std::int64_t>(segment);
    const std::string path = "/" + std::to_string(segment);
    CHECK(written(*sink, {RangeMaker(stream, "b", segment).add(version, small_row(1, path)).range()})
              .ranges.at(0)
              .synced == 1);
  };
  write_one(1);
  // By the pooler, as server_idle_timeout and server_lifetime do.
  value(pooler.connect("pgbouncer"), "RECONNECT");
  write_one(2);
  // By the server.
  fixture.end_backends("usename = '" + pooler.role() + "'");
  write_one(3);
  // The client's side, as client_idle_timeout and a restart do.
  pooler.stop();
  pooler.start();
  write_one(4);
  CHECK(fixture.one("SELECT count(*) FROM " + fixture.schema() + ".small_files") == "4");
}

TEST_CASE("a session that ends at COMMIT behind pgbouncer leaves a batch in doubt, and it lands once",
          "[postgres][pgbouncer][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !Pooler::available()) return;
  const Pooler pooler(fixture, "transaction");
  const Stream stream = small_stream();
  const auto sink = make_destination(pooler.url(), {})->make_sink({&stream});
  opens(*sink);
  fixture.exec(
      "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend("
      "pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL; END $$");
  fixture.exec(
      "CREATE TABLE elsewhere (buffer text); GRANT INSERT ON elsewhere TO PUBLIC; CREATE CONSTRAINT TRIGGER dying "
      "AFTER INSERT ON elsewhere DEFERRABLE "
      "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die(); CREATE FUNCTION pass_on() RETURNS trigger LANGUAGE "
      "plpgsql AS $$ BEGIN INSERT INTO " +
      fixture.schema() +
      ".elsewhere VALUES (NEW.buffer); RETURN NULL; END $$; CREATE TRIGGER passing_on AFTER INSERT ON sync_batches FOR "
      "EACH ROW EXECUTE FUNCTION pass_on()");
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a"));
  CHECK(refused(*sink, {rows.range()}).failure_class == FailureClass::in_doubt);
  fixture.exec("DROP TRIGGER dying ON elsewhere");
  CHECK(written(*sink, {rows.range(true)}).ranges.at(0).synced == 1);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "1");
}

TEST_CASE("in session mode a pool of as many sessions as connections takes a scan", "[postgres][pgbouncer][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !Pooler::available()) return;
  const Pooler pooler(fixture, "session");
  const ScanSite site(pooler.url(), {{"MEMORY_DB_SYNC_BATCH_SIZE", "200"}, {"SYNC_CONNECTIONS", "2"}});
  const Tree tree;
  fill(tree, 1000);
  CHECK(site.run({"scan", tree.path(), "--set-id", "7", "--json"}).status == 0);
  CHECK(landed_in(fixture, 7) == found_under(tree.path()));
}

TEST_CASE("what a pooler does not take is told, and the rows stay", "[postgres][pgbouncer][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !Pooler::available()) return;
  const std::string mode = GENERATE(as<std::string>(), "statement", "transaction");
  CAPTURE(mode);
  const Pooler pooler(fixture, mode);
  const Tree tree;
  tree.file("a");
  const bool with_options = mode == "transaction";
  const ScanSite site(pooler.url() + (with_options ? "&options=-csearch_path%3Dpublic" : ""),
                      {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const auto result = site.run({"scan", tree.path(), "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 3);
  CHECK(says(result.err, with_options ? "unsupported startup parameter: options"
                                      : "transaction blocks not allowed in statement pooling mode"));
  CHECK(summary_of(result).at("pending") == 2);
}

}  // namespace
}  // namespace forebay::test
