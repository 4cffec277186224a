// Other sessions at the same table, and statements that take too long.
#include <libpq-fe.h>

#include "faults/fault_site.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

/// Somebody else's session, which may leave a transaction open.
class OtherSession {
 public:
  explicit OtherSession(const PrivatePostgres& server) : connection_(PQconnectdb(server.url().c_str())) {}
  ~OtherSession() { PQfinish(connection_); }
  OtherSession(const OtherSession&) = delete;
  OtherSession& operator=(const OtherSession&) = delete;
  /// The SQLSTATE, empty when all went well.
  std::string run(const std::string& sql) {
    PGresult* r = PQexec(connection_, sql.c_str());
    const char* state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    std::string said = state != nullptr ? state : "";
    PQclear(r);
    return said;
  }

 private:
  PGconn* connection_;
};

}  // namespace

TEST_CASE("a lock that somebody holds for long is waited for in turns, and named", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(50);
  site.check_complete(server);
  OtherSession other(server);
  other.run("SET application_name = 'reporting'; BEGIN; LOCK TABLE measurements IN ACCESS EXCLUSIVE MODE");
  const std::string pid = server.one("SELECT pid FROM pg_stat_activity WHERE application_name = 'reporting'");
  REQUIRE(site.fails_with("(55P03); another session holds a lock for long (pid " + pid + ", reporting, in its "));
  CHECK(site.status().destination_state == DestinationState::degraded);
  CHECK(site.lines_with("another session holds a lock for long (pid " + pid) >= 1);
  other.run("COMMIT");
  site.check_complete(server);
  // A row's lock, of a session that names itself as forebay does: another forebay at the same keys.
  other.run("SET application_name = 'forebay'; BEGIN; UPDATE measurements SET reading = 1 WHERE tick = 1");
  Writer writer = site.buffer().writer("measurements");
  writer.add(Measurement("s", 1));
  REQUIRE(site.fails_with("another connection of forebay is busy with the same rows (pid " + pid));
  CHECK(site.lines_with("end that session") == 1);  // of before
  other.run("ROLLBACK");
  CHECK(site.buffer().force_sync(20s).settled);
}

TEST_CASE("connections of one process do not lock each other out while one searches for many refused rows",
          "[faults][long][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  Options o = FaultSite::options(server.url());  // locks are waited for by 315 ms
  o.connections = 3;
  FaultSite site(o);
  site.add(1);
  site.check_complete(server);
  server.exec("DELETE FROM measurements");
  // Each try costs some milliseconds, and a batch takes a second. A third is refused: where the machine is slow a batch
  // is sent in parts, and of half of the rows some part's share would be too large to let any through.
  server.exec(
      "CREATE FUNCTION fits(bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.006); RETURN $1 % "
      "3 <> 0; END $$; ALTER TABLE measurements ADD CONSTRAINT slow CHECK (fits(tick))");
  constexpr int kBatches = 6;
  constexpr int kRefused = 50 / 3;
  Writer writer = site.buffer().writer("measurements");
  for (int batch = 0; batch < kBatches; ++batch) {
    for (std::int64_t tick = 1; tick <= 50; ++tick) writer.add(Measurement("s", tick));
  }
  const SyncResult result = site.buffer().force_sync(60s);
  INFO(result.last_error);
  CHECK(result.settled);
  CHECK(site.lines_with("55P03") == 0);
  CHECK(server.one("SELECT count(*) FROM measurements") == std::to_string(50 - kRefused));
  const Counts counts = site.buffer().get_stats("measurements");
  CHECK(counts.pending == 0);
  CHECK(counts.quarantined == kBatches * kRefused);
  // Mended: they go side by side again.
  server.exec("ALTER TABLE measurements DROP CONSTRAINT slow");
  for (std::int64_t tick = 1; tick <= 500; ++tick) writer.add(Measurement("s", tick));
  CHECK(site.buffer().force_sync(20s).settled);
  CHECK(server.one("SELECT count(*) FROM measurements") == "500");
}

TEST_CASE("a deadlock with somebody else's transaction is retried, whoever of the two is its victim",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server({"deadlock_timeout=50ms"});
  Options o = FaultSite::options(server.url());
  o.statement_timeout = 5s;
  o.connections = 1;
  FaultSite site(o);
  site.add(20);
  site.check_complete(server);
  // They change key 2 first and key 1 then; forebay goes by keys.
  OtherSession other(server);
  std::int64_t tries = 0;
  int deadlocks = 0;
  while (deadlocks == 0 && tries < 10) {
    ++tries;
    other.run("BEGIN; UPDATE measurements SET reading = 1 WHERE tick = 20");
    Writer writer = site.buffer().writer("measurements");
    for (std::int64_t tick = 1; tick <= 20; ++tick) writer.add(Measurement("s", tick, static_cast<double>(tries + 1)));
    std::thread sender([&] { CHECK(site.buffer().force_sync(20s).settled); });
    const auto start = std::chrono::steady_clock::now();
    while (server.one("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0" &&
           std::chrono::steady_clock::now() - start < 5s) {
      std::this_thread::yield();
    }
    const bool we_lost = other.run("UPDATE measurements SET reading = 1 WHERE tick = 1") == "40P01";
    other.run(we_lost ? "ROLLBACK" : "COMMIT");
    sender.join();
    deadlocks += we_lost || site.lines_with("(40P01)") > 0 ? 1 : 0;
  }
  CHECK(deadlocks > 0);
  CHECK(server.one("SELECT count(*) FROM measurements WHERE reading = " + std::to_string(tries + 1)) == "20");
  const Counts counts = site.buffer().get_stats("measurements");
  CHECK(counts.pending == 0);
  CHECK(counts.synced == static_cast<std::uint64_t>(20 + 20 * tries));
}

TEST_CASE("where transactions are serializable by default, those that fail for it are retried whole",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server({"default_transaction_isolation=serializable"});
  FaultSite site(server.url());
  site.add(50);
  site.check_complete(server);
  // The first INSERT of each of the next batches fails as a serialization does.
  server.exec(
      "CREATE SEQUENCE tries; CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF "
      "nextval('tries') <= 3 THEN RAISE SQLSTATE '40001'; END IF; RETURN NULL; END $$; CREATE TRIGGER failing AFTER "
      "INSERT ON measurements FOR EACH STATEMENT EXECUTE FUNCTION fail()");
  site.add(200);
  site.check_complete(server);
  CHECK(site.lines_with("(40001)") >= 1);
  CHECK(std::stoi(server.one("SELECT last_value FROM tries")) > 3);
}

TEST_CASE("a statement that takes longer than its limit is sent in smaller parts, down to one row",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  Options o = FaultSite::options(server.url());
  o.connections = 1;
  FaultSite site(o);
  site.add(1);
  site.check_complete(server);
  // 630 ms are what the server gives a statement: two of these rows are too many.
  server.exec(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NEW; END $$; "
      "CREATE TRIGGER slow BEFORE INSERT ON measurements FOR EACH ROW EXECUTE FUNCTION slow()");
  site.add(3);
  site.check_complete(server);
  CHECK(site.lines_with("(57014)") >= 1);
  CHECK(server.one("SELECT count(*) FROM sync_batches WHERE first_row = last_row") == "4");
}
