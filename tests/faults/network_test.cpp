// A network that fails, between a Buffer and its server.
#include <random>

#include "faults/fault_site.hpp"
#include "support/tcp_proxy.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

TEST_CASE("connections that are reset at any byte of a batch lose nothing and bring nothing twice",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  const PrivatePostgres server;
  const Resources before = Resources::now();
  {
    TcpProxy proxy(server.socket());
    FaultSite site(proxy.url());
    site.add(100);
    site.check_complete(server);
    for (int fault = 0; fault < 12; ++fault) {
      const std::uint64_t resets = proxy.resets();
      // From within the login to some batches further.
      proxy.reset_after_bytes = 1 + static_cast<std::int64_t>(random() % 12'000);
      for (int i = 0; i < 100 && proxy.resets() == resets; ++i) {
        site.add(50);
        static_cast<void>(site.buffer().force_sync(20s));
      }
    }
    site.check_complete(server);
    CHECK(proxy.resets() == 12);
  }
  const Resources after = Resources::now();
  CHECK(after.descriptors <= before.descriptors);
  CHECK(after.threads <= before.threads);
}

TEST_CASE("answers to COMMIT that are lost leave each row there once, counted as synced",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  TcpProxy proxy(server.socket());
  FaultSite site(proxy.url());
  site.add(10);
  site.check_complete(server);
  proxy.lose_commit_answer = true;
  for (int i = 0; i < 200 && proxy.lost_commits() < 5; ++i) {
    site.add(10);
    static_cast<void>(site.buffer().force_sync(100ms));
  }
  CHECK(proxy.lost_commits() >= 5);
  proxy.lose_commit_answer = false;
  site.check_complete(server);
  CHECK(site.lines_with("looked up when it is sent again") >= 1);
}

TEST_CASE("a black hole ends at the deadline, and the rows land as soon as it is gone", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  TcpProxy proxy(server.socket());
  FaultSite site(proxy.url());
  site.add(100);
  site.check_complete(server);
  proxy.black_hole = true;
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(site.comes_to(DestinationState::down));
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK_THAT(site.status().last_error, Catch::Contains("no answer within"));
  const Resources held = Resources::now();
  site.add(500);
  REQUIRE(site.fails_with("SYNC_CONNECT_TIMEOUT"));
  CHECK(Resources::now().threads <= held.threads + 20);  // the proxy's, one for each connect
  proxy.black_hole = false;
  proxy.drop();
  site.check_complete(server);
}

TEST_CASE("a connection that dies without a sign in the middle of a batch does not hold its range for ever",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  TcpProxy proxy(server.socket());
  Options o = FaultSite::options(proxy.url());
  o.connections = 1;
  FaultSite site(o);
  site.add(50);
  site.check_complete(server);
  // Slow, so that it is in a transaction for sure when the network goes.
  server.exec(
      "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; "
      "END $$; CREATE TRIGGER slow AFTER INSERT ON measurements FOR EACH STATEMENT EXECUTE FUNCTION slow()");
  site.add(50);
  const auto in_transaction = [&] {
    return server.one(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'forebay' AND wait_event = 'PgSleep'");
  };
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (in_transaction() == "0" && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  proxy.black_hole = true;
  // Its backend waits for the next statement in vain, with its locks, while a new connection sends the range again.
  const std::string idle =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'forebay' AND state LIKE 'idle in transaction%'";
  while (server.one(idle) == "0") {
    REQUIRE(std::chrono::steady_clock::now() < until);
    std::this_thread::yield();
  }
  REQUIRE(site.comes_to(DestinationState::down));
  proxy.black_hole = false;
  site.check_complete(server);
}

TEST_CASE("a slow link brings what fits through it in time, in smaller parts where need be",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  TcpProxy proxy(server.socket());
  Options o = FaultSite::options(proxy.url());
  o.batch_rows_max = 2000;
  o.interval = 1h;
  o.connections = 1;
  FaultSite site(o);
  site.add(10);
  site.check_complete(server);
  proxy.trickle_bytes = 2000;  // 200 kB/s at most; 2,000 rows are about 150 kB
  proxy.delay_ms = 2;
  site.add(2000);
  site.check_complete(server);
  CHECK(std::stoi(server.one("SELECT count(*) FROM sync_batches")) > 2);
  proxy.trickle_bytes = 0;
  proxy.delay_ms = 60;
  site.add(100);
  site.check_complete(server);  // a long round trip alone fails nothing
}

TEST_CASE("connections that are dropped again and again hold nothing up", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  TcpProxy proxy(server.socket());
  FaultSite site(proxy.url());
  for (int i = 0; i < 30; ++i) {
    site.add(40);
    proxy.drop();
  }
  site.check_complete(server);
}
