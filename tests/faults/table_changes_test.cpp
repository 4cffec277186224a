// A table that somebody changes while a Buffer is connected. Nothing may land as something else.
#include "faults/fault_site.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

struct Change {
  const char* what;
  const char* break_it;
  const char* says;
  const char* mend_it;
};

}  // namespace

TEST_CASE("a table that does not fit any more stops syncing with what differs, and gets everything once it is mended",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(60);
  site.check_complete(server);
  const std::vector<Change> changes = {
      {"a column dropped", "ALTER TABLE measurements RENAME COLUMN extra TO gone", "column \"extra\" is missing",
       "ALTER TABLE measurements RENAME COLUMN gone TO extra"},
      // Eight bytes either way: binary COPY would not notice.
      {"a type of the same size", "ALTER TABLE measurements ALTER tick TYPE double precision",
       "column \"tick\" is double precision and should be bigint", "ALTER TABLE measurements ALTER tick TYPE bigint"},
      {"two columns swapped in name",
       "ALTER TABLE measurements RENAME tick TO t; ALTER TABLE measurements RENAME sync_version TO tick; ALTER TABLE "
       "measurements RENAME taken_at TO sync_version",
       "does not fit stream measurements",
       "ALTER TABLE measurements RENAME sync_version TO taken_at; ALTER TABLE measurements RENAME tick TO "
       "sync_version; "
       "ALTER TABLE measurements RENAME t TO tick"},
      {"the key's index dropped", "ALTER TABLE measurements DROP CONSTRAINT measurements_pkey",
       "no unique index is on exactly", "ALTER TABLE measurements ADD PRIMARY KEY (sensor, tick)"},
      {"a column that nobody fills",
       "ALTER TABLE measurements ADD other integer NOT NULL DEFAULT 1; ALTER TABLE measurements ALTER other DROP "
       "DEFAULT",
       "column \"other\"", "ALTER TABLE measurements DROP other"},
      {"the table renamed, another in its place",
       "ALTER TABLE measurements RENAME TO kept; CREATE TABLE measurements (sensor text)", "does not fit stream",
       "DROP TABLE measurements; ALTER TABLE kept RENAME TO measurements"},
      {"the ledger's column dropped", "ALTER TABLE sync_batches RENAME reason TO why",
       "does not fit the batch ledger: ", "ALTER TABLE sync_batches RENAME why TO reason"},
  };
  for (const Change& change : changes) {
    INFO(change.what);
    server.exec(change.break_it);
    REQUIRE(site.fails_with(change.says));
    CHECK(site.status().destination_state == DestinationState::misconfigured);
    CHECK(site.buffer().get_stats("measurements").quarantined == 0);
    server.exec(change.mend_it);
    site.check_complete(server);
    CHECK(server.one(
              "SELECT count(*) FROM measurements WHERE extra ->> 'n' = tick::text AND taken_at = to_timestamp(tick "
              "* 10 / 1e6)") == std::to_string(site.added()));
  }
}

TEST_CASE("a change that still fits is taken without a word", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(60);
  site.check_complete(server);
  for (const char* change :
       {"ALTER TABLE measurements ALTER reading TYPE real", "ALTER TABLE measurements ADD note text DEFAULT 'x'",
        "ALTER TABLE measurements ALTER extra TYPE json", "ALTER TABLE measurements ALTER tick TYPE numeric",
        "ALTER TABLE measurements ENABLE ROW LEVEL SECURITY; ALTER TABLE measurements FORCE ROW LEVEL SECURITY"}) {
    INFO(change);
    server.exec(change);
    site.add(60);
    site.check_complete(server);
  }
  CHECK(site.lines_with("destination is") == 0);
  CHECK(server.one("SELECT count(*) FROM measurements WHERE extra ->> 'n' = tick::text AND reading = 0.5") ==
        std::to_string(site.added()));
}

TEST_CASE("a right that is missing is named, and nothing is quarantined", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  server.exec("CREATE ROLE less LOGIN; GRANT CREATE ON SCHEMA public TO less");
  FaultSite site("postgresql://less@127.0.0.1:" + std::to_string(server.port()) + "/forebay");
  site.add(10);
  site.check_complete(server);
  server.exec("ALTER TABLE measurements OWNER TO postgres");
  REQUIRE(site.fails_with("(42501)"));
  CHECK_THAT(site.status().last_error,
             Catch::Contains("GRANT SELECT, INSERT, UPDATE ON") && Catch::Contains("measurements"));
  CHECK(site.status().destination_state == DestinationState::misconfigured);
  server.exec("GRANT SELECT, INSERT, UPDATE ON measurements TO less");
  site.check_complete(server);
}
