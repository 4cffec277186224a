// A primary that is lost, and an asynchronous standby that takes over without its last rows: both real servers.
#include <signal.h>

#include "faults/fault_site.hpp"
#include "support/libpq_handles.hpp"
#include "support/scan_site.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

std::string rows_in_ledger(const PrivatePostgres& server) {
  return server.one("SELECT coalesce(sum(last_row - first_row + 1), 0) FROM sync_batches");
}

/// A batch that comes when the ledger has so many waits, for a lock of holding(), until the server is gone.
void hold_after(const PrivatePostgres& server, int batches) {
  server.exec(
      "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT count(*) FROM sync_batches) > " +
      std::to_string(batches) + " THEN PERFORM pg_advisory_lock(1); END IF; RETURN NULL; END $$");
  server.exec("CREATE TRIGGER hold AFTER INSERT ON sync_batches FOR EACH STATEMENT EXECUTE FUNCTION hold()");
}

PgConnection holding(const PrivatePostgres& server) {
  PgConnection holder(PQconnectdb(server.url().c_str()), &PQfinish);
  const PgResult held(PQexec(holder.get(), "SELECT pg_advisory_lock(1)"), &PQclear);
  REQUIRE(PQresultStatus(held.get()) == PGRES_TUPLES_OK);
  return holder;
}

constexpr const char* kWaiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";

}  // namespace

TEST_CASE("what a promoted standby lacks of the rows that had landed is counted and said, and the rest goes there",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres primary;
  const PrivatePostgres standby(PrivatePostgres::StandbyOf{primary});
  FaultSite site(primary.url_with(standby));
  site.add(100);
  REQUIRE(site.buffer().force_sync(20s).settled);
  standby.cut_off(primary);
  const bool lacks = GENERATE(true, false);
  if (lacks) {
    site.add(60);
    REQUIRE(site.buffer().force_sync(20s).settled);
  }
  const std::string counted = rows_in_ledger(primary);
  primary.stop(SIGQUIT);
  standby.promote();
  site.add(10);
  REQUIRE(site.buffer().force_sync(20s).settled);

  CHECK(standby.one("SELECT count(*) FROM measurements") == "110");
  const std::uint64_t missing = lacks ? 60 : 0;
  CHECK(comes_true([&] { return site.lines_with("another server answers at ") == 1; }));
  CHECK(site.status().missing_rows == missing);
  CHECK(site.buffer().get_stats("measurements").synced == 110);
  CHECK(site.buffer().get_stats("measurements").accepted == 110 + missing);
  CHECK(site.lines_with("60 rows are lost: they had landed") == (lacks ? 1 : 0));
  CHECK(site.lines_with("all rows that had landed are there") == (lacks ? 0 : 1));
  CHECK(std::stoull(rows_in_ledger(standby)) == std::stoull(counted) - missing + 10);

  // Told once: later batches and the end say nothing more of it.
  site.add(10);
  const SyncResult end = site.buffer().stop(20s);
  CHECK(end.settled);
  CHECK(end.missing_rows == missing);
  CHECK(end.outcome() == (lacks ? SyncOutcome::incomplete : SyncOutcome::complete));
  CHECK(site.status().outcome() == end.outcome());
  CHECK(site.status().missing_rows == missing);
  CHECK(site.lines_with("another server answers at ") == 1);
}

TEST_CASE("a server that was only restarted is not taken for another one", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres server;
  FaultSite site(server.url());
  site.add(100);
  site.check_complete(server);
  server.stop(SIGQUIT);
  server.start();
  site.add(10);
  site.check_complete(server);
  CHECK(site.lines_with("another server answers") == 0);
}

TEST_CASE("what is still in the buffer of a segment that had landed in part is sent again to the server that took over",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres primary;
  const PrivatePostgres standby(PrivatePostgres::StandbyOf{primary});
  const Tree tree;
  fill(tree, 3000);
  ScanSite site(primary.url_with(standby), {{"SCAN_THREADS", "1"}, {"SYNC_DRAIN_TIMEOUT", "1"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  primary.exec("ALTER TABLE backup_files RENAME TO not_now");
  REQUIRE(site.run({"scan", tree.path(), "--set-id", "9"}).status == 3);  // one segment of files
  primary.exec("ALTER TABLE not_now RENAME TO backup_files");
  standby.cut_off(primary);
  hold_after(primary, 3);
  const PgConnection holder = holding(primary);

  site.set("MEMORY_DB_SYNC_BATCH_SIZE", "100");
  site.set("SYNC_DRAIN_TIMEOUT", "30");
  RunningCommand recover(site.line({"recover", "--json"}));
  REQUIRE(comes_true([&] { return primary.one(kWaiting) != "0"; }));
  REQUIRE(std::stoull(rows_in_ledger(primary)) > 0);
  primary.stop(SIGQUIT);
  standby.promote();
  const CommandResult result = recover.wait();
  CAPTURE(result.out, result.err);
  CHECK(says(result.err, " rows that had landed are sent again"));
  CHECK(summary_of(result).at("pending") == 0);
  CHECK(adds_up(summary_of(result)));
  // The set's own row was a segment of its own, and may have landed whole.
  const auto missing = summary_of(result).at("lost_failover").get<std::uint64_t>();
  CHECK(missing <= 2);
  CHECK(result.status == (missing == 0 ? 0 : 4));
  CHECK(standby.one("SELECT count(*) FROM backup_files") == std::to_string(found_under(tree.path()).size()));
  CHECK(standby.one("SELECT sum(last_row - first_row + 1) FROM sync_batches WHERE stream = 'backup_files'") ==
        std::to_string(found_under(tree.path()).size()));
}

// As where an address is moved to another server, and connections to the old one stay.
TEST_CASE("connections to a server that was left are given up, and nothing that lands there meanwhile counts",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres old;
  const PrivatePostgres taking_over(PrivatePostgres::StandbyOf{old});
  const TemporaryDirectory address;
  const auto socket = address.path() / (".s.PGSQL." + std::to_string(old.port()));
  std::filesystem::permissions(address.path(), std::filesystem::perms::all);
  std::filesystem::create_symlink(old.socket(), socket);
  FaultSite site("postgresql://postgres@/forebay?host=" + address.path().string() +
                 "&port=" + std::to_string(old.port()));
  site.add(300);
  REQUIRE(site.buffer().force_sync(20s).settled);
  const std::vector<pid_t> backends = backends_of(old);
  taking_over.cut_off(old);
  taking_over.promote();
  std::filesystem::remove(socket);
  std::filesystem::create_symlink(taking_over.socket(), socket);
  old.signal(backends.front(), SIGTERM);  // one connection is made anew, the others are still at the old server
  for (int i = 0; i < 40; ++i) {
    site.add(60);
    REQUIRE(site.buffer().force_sync(20s).settled);
  }
  CHECK(std::stoull(taking_over.one("SELECT count(*) FROM measurements")) + site.status().missing_rows ==
        static_cast<std::uint64_t>(site.added()));
  CHECK(backends_of(old).empty());
}

TEST_CASE("a scan whose standby is promoted in its middle ends with 4 and the number of rows that are gone",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres primary;
  const PrivatePostgres standby(PrivatePostgres::StandbyOf{primary});
  const Tree tree;
  fill(tree, 3000);
  const ScanSite site(primary.url_with(standby), {{"MEMORY_DB_SYNC_BATCH_SIZE", "100"}, {"SYNC_DRAIN_TIMEOUT", "30"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  standby.cut_off(primary);
  hold_after(primary, 3);
  const PgConnection holder = holding(primary);

  RunningCommand scan(site.line({"scan", tree.path(), "--set-id", "9", "--json"}));
  REQUIRE(comes_true([&] { return primary.one(kWaiting) != "0"; }));
  primary.stop(SIGQUIT);
  standby.promote();
  const CommandResult result = scan.wait();
  CAPTURE(result.out, result.err);
  primary.start();
  const std::string on_primary = rows_in_ledger(primary);
  primary.stop(SIGINT);

  CHECK(result.status == 4);
  CHECK(summary_of(result).at("lost_failover") == std::stoull(on_primary));
  CHECK(summary_of(result).at("pending") == 0);
  CHECK(adds_up_by_stream(summary_of(result)));
  CHECK(summary_of(result).at("synced") == std::stoull(standby.one("SELECT count(*) FROM backup_files")));
  CHECK(says(result.err, on_primary + " rows are lost: they had landed"));
  const std::uint64_t all = summary_of(result).at("scanned").get<std::uint64_t>() + 2;  // the set, at begin and end
  CHECK(std::stoull(rows_in_ledger(standby)) == all - std::stoull(on_primary));

  // Its process has ended, and status still tells.
  std::uint64_t missing = 0;
  const auto status = summary_of(site.run({"status", "--json"}));
  for (const auto& of : status.at("finished")) missing += of.at("lost_failover").get<std::uint64_t>();
  CHECK(missing == std::stoull(on_primary));
  CHECK(summary_of(result).at("outcome") == "incomplete");

  // The advice: scan again.
  CHECK(site.run({"scan", tree.path(), "--set-id", "9"}).status == 0);
  CHECK(standby.one("SELECT count(*) FROM backup_files") == std::to_string(found_under(tree.path()).size()));
}
