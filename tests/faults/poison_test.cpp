// A row that ends its statement or its session each time it is sent, and what only looks like one.

#include <csignal>

#include "faults/fault_site.hpp"
#include "support/comes_true.hpp"

namespace forebay::test {
namespace {

using namespace std::chrono_literals;

void make_trigger(const PrivatePostgres& server, const std::string& body) {
  server.exec(
      "CREATE OR REPLACE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body +
      "; RETURN NEW; END $$; DROP TRIGGER IF EXISTS judged ON measurements; CREATE TRIGGER judged BEFORE INSERT OR "
      "UPDATE ON measurements FOR EACH ROW EXECUTE FUNCTION judge()");
}

TEST_CASE(
    "rows of several segments that crash their backend or outlast the limit go to quarantine, and all others land",
    "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(10);
  site.check_complete(server);
  // The first and the last of some batch, and two that follow each other.
  make_trigger(server,
               "IF NEW.tick IN (11, 100, 101) THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; IF NEW.tick "
               "IN (11, 60, 100, 101) THEN PERFORM pg_sleep(20); END IF");
  site.add(190);
  const SyncResult result = site.buffer().force_sync(60s);
  INFO(result.last_error);
  REQUIRE(result.settled);
  CHECK(result.quarantined_rows == 4);
  CHECK(server.one("SELECT string_agg(n::text, ' ' ORDER BY n) FROM generate_series(1, 200) n WHERE NOT EXISTS (SELECT "
                   "1 FROM measurements WHERE tick = n)") == "11 60 100 101");
  CHECK(server.query("SELECT sum(synced), sum(superseded), sum(quarantined) FROM sync_batches WHERE stream = "
                     "'measurements'") == Rows{{"196", "0", "4"}});
  CHECK(site.lines_with("57014: this row's statement took longer than SYNC_STATEMENT_TIMEOUT, 3 times, while other "
                        "rows of its table went in between") == 1);
  CHECK(site.lines_with("57P01: the server ended the session each time this row was sent, 5 times") >= 1);
}

TEST_CASE("a server that is slow for every row is waited for", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(10);
  site.check_complete(server);
  make_trigger(server, "PERFORM pg_sleep(20)");
  site.add(3);
  CHECK(comes_true([&] { return site.status().last_error.find("it is one row") != std::string::npos; }));
  // Each time of these is a statement that the row, or another, was sent with alone.
  server.exec("CREATE SEQUENCE tries");
  make_trigger(server, "PERFORM nextval('tries'); PERFORM pg_sleep(20)");
  CHECK(comes_true([&] { return std::stoi(server.one("SELECT last_value FROM tries")) > 12; }));
  CHECK(site.status().total().quarantined == 0);
  server.exec("DROP TRIGGER judged ON measurements");
  site.check_complete(server);
}

TEST_CASE("a lock that is held for longer than the limit is waited for, also one that a trigger wants",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(10);
  site.check_complete(server);
  make_trigger(server, "IF NEW.tick = 12 THEN PERFORM count(*) FROM wanted; END IF");
  server.exec("CREATE TABLE wanted ()");
  {
    std::thread holder([&] { server.exec("BEGIN; LOCK TABLE wanted; SELECT pg_sleep(4); COMMIT"); });
    REQUIRE(comes_true([&] {
      return server.one("SELECT count(*) FROM pg_locks WHERE relation = 'wanted'::regclass AND granted") == "1";
    }));
    site.add(10);
    CHECK(comes_true([&] { return site.lines_with("(55P03)") >= 1; }));
    holder.join();
  }
  site.check_complete(server);
}

TEST_CASE("a backend that an operator ends, and a server that is restarted in the middle of a batch, cost no row",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres server;
  FaultSite site(server.url());
  site.add(10);
  site.check_complete(server);
  // Long enough to be met in it, and no longer than the limit.
  make_trigger(server, "IF NEW.tick % 10 = 5 THEN PERFORM pg_sleep(0.3); END IF");
  const auto sleeps = [&] {
    return server.one(
               "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'forebay' AND wait_event = 'PgSleep'") !=
           "0";
  };
  for (int time = 0; time < 3; ++time) {
    site.add(10);
    REQUIRE(comes_true(sleeps));
    server.exec(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'forebay' AND wait_event = "
        "'PgSleep'");
    site.check_complete(server);
  }
  for (const int signal : {SIGINT, SIGQUIT}) {
    site.add(10);
    REQUIRE(comes_true(sleeps));
    server.stop(signal);
    server.start();
    site.check_complete(server);
  }
}

}  // namespace
}  // namespace forebay::test
