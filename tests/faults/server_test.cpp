// A server that stops, dies, refuses or is full, behind a Buffer.
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "faults/fault_site.hpp"
#include "support/comes_true.hpp"
#include "support/small_disk.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

TEST_CASE("a stopped backend ends in a retry, and everything lands", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(100);
  site.check_complete(server);
  const std::vector<pid_t> backends = backends_of(server);
  REQUIRE_FALSE(backends.empty());
  for (const pid_t backend : backends) REQUIRE(server.signal(backend, SIGSTOP));
  site.add(300);
  site.check_complete(server);  // by new ones
  for (const pid_t backend : backends) server.signal(backend, SIGCONT);
}

TEST_CASE("a stopped postmaster is down at the deadline, and back as soon as it goes on",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  const Resources before = Resources::now();
  {
    FaultSite site(server.url());
    REQUIRE(server.signal(server.postmaster(), SIGSTOP));  // its socket takes connections, nobody serves them
    site.add(100);
    REQUIRE(site.fails_with("no answer within 500 ms (SYNC_CONNECT_TIMEOUT)"));
    CHECK(site.status().destination_state == DestinationState::down);
    CHECK(site.status().destination_since_us);
    CHECK(site.status().last_error_us);
    CHECK(site.lines_with("no answer within") == 1);
    site.add(500);
    REQUIRE(server.signal(server.postmaster(), SIGCONT));
    site.check_complete(server);
    CHECK(site.lines_with("destination is back") == 1);
  }
  const Resources after = Resources::now();
  CHECK(after.descriptors <= before.descriptors);
  CHECK(after.threads <= before.threads);
}

TEST_CASE("backends that are terminated and killed at random lose nothing and bring nothing twice",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(50);
  site.check_complete(server);
  const Resources before = Resources::now();
  for (int round = 0; round < 30; ++round) {
    site.add(static_cast<int>(random() % 120));
    const std::vector<pid_t> backends = backends_of(server);
    if (backends.empty()) {
      static_cast<void>(site.buffer().force_sync(20s));
      continue;
    }
    server.query("SELECT pg_terminate_backend(" + std::to_string(backends[random() % backends.size()]) + ")");
  }
  site.check_complete(server);
  // One that is killed takes the whole server down for a moment: all others are ended too (57P02).
  for (int round = 0; round < 2; ++round) {
    site.add(60);
    const std::vector<pid_t> backends = backends_of(server);
    if (!backends.empty()) server.signal(backends.front(), SIGKILL);
    CHECK(site.buffer().force_sync(20s).settled);
  }
  site.check_complete(server);
  CHECK(Resources::now().descriptors <= before.descriptors + 8);
  CHECK(Resources::now().threads <= before.threads);
}

TEST_CASE("a server that is stopped at once and started again gets everything", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres server;
  FaultSite site(server.url());
  site.add(200);
  server.stop(SIGQUIT);
  site.add(200);
  REQUIRE(site.comes_to(DestinationState::down));
  site.add(1000);
  server.start();
  site.check_complete(server);
}

TEST_CASE("a role without a free connection waits for one", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  server.exec("CREATE ROLE few LOGIN CONNECTION LIMIT 0; GRANT CREATE ON SCHEMA public TO few");
  FaultSite site("postgresql://few@127.0.0.1:" + std::to_string(server.port()) + "/forebay");
  REQUIRE(site.fails_with("(53300)"));
  CHECK(site.status().destination_state == DestinationState::down);
  CHECK_THAT(site.status().last_error, Catch::Contains("lower SYNC_CONNECTIONS"));
  server.exec("ALTER ROLE few CONNECTION LIMIT 1");  // for two workers: one of them lands all
  const auto start = std::chrono::steady_clock::now();
  site.add(200);
  while (site.buffer().get_stats("measurements").pending > 0 && std::chrono::steady_clock::now() - start < 20s)
    static_cast<void>(site.buffer().force_sync(1s));
  server.exec("ALTER ROLE few CONNECTION LIMIT 10");
  site.add(1);
  site.check_complete(server);
}

TEST_CASE("a password that is changed in mid-run is misconfigured, told without it, and no row is lost",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  server.exec("CREATE ROLE locked LOGIN PASSWORD 'canary-one'; GRANT CREATE ON SCHEMA public TO locked");
  FaultSite site("postgresql://locked:canary-one@127.0.0.1:" + std::to_string(server.port()) + "/forebay");
  site.add(50);
  site.check_complete(server);
  server.exec("ALTER ROLE locked PASSWORD 'canary-two'");
  server.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'locked'");
  REQUIRE(site.comes_to(DestinationState::misconfigured));
  const std::string error = site.status().last_error;
  CHECK_THAT(error, Catch::Contains("(28P01)") && Catch::Contains("check user and password"));
  CHECK(site.lines_with("canary") == 0);
  CHECK_THAT(error, !Catch::Contains("canary"));
  CHECK(comes_true([&] { return site.lines_with("28P01") > 0; }));  // the line comes right after the state
  CHECK(site.lines_with("28P01") == 1);
  server.exec("ALTER ROLE locked PASSWORD 'canary-one'");
  site.check_complete(server);
}

TEST_CASE("a database that is missing is misconfigured until it is there", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site("postgresql://postgres@127.0.0.1:" + std::to_string(server.port()) + "/later");
  REQUIRE(site.comes_to(DestinationState::misconfigured));
  CHECK_THAT(site.status().last_error, Catch::Contains("(3D000)") && Catch::Contains("create the database"));
  server.exec("CREATE DATABASE later");
  CHECK(site.buffer().force_sync(20s).settled);
  CHECK(site.buffer().get_stats("measurements").synced == static_cast<std::uint64_t>(site.added()));
}

TEST_CASE("of several servers the one that takes writes is found, also when the roles change",
          "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres first;
  PrivatePostgres second({"default_transaction_read_only=on"});
  const std::string list = "127.0.0.1:" + std::to_string(second.port()) + ",127.0.0.1:" + std::to_string(first.port());
  FaultSite site("postgresql://postgres@" + list + "/forebay");
  site.add(100);
  site.check_complete(first);
  // Both read-only now: nobody takes writes.
  first.exec("ALTER SYSTEM SET default_transaction_read_only = on");
  first.query("SELECT pg_reload_conf()");
  REQUIRE(site.comes_to(DestinationState::down));
  REQUIRE(site.fails_with("read-only"));
  first.exec("ALTER SYSTEM RESET default_transaction_read_only");
  first.query("SELECT pg_reload_conf()");
  site.check_complete(first);
  CHECK(second.one("SELECT count(*) FROM pg_class WHERE relname = 'measurements'") == "0");
}

TEST_CASE("a server alone that is read-only is waited for", "[faults][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(50);
  site.check_complete(server);
  server.exec("ALTER SYSTEM SET default_transaction_read_only = on");
  server.query("SELECT pg_reload_conf()");
  REQUIRE(site.fails_with("(25006)"));
  CHECK(site.status().destination_state == DestinationState::down);
  CHECK_THAT(site.status().last_error, Catch::Contains("name the primary"));
  server.exec("ALTER SYSTEM RESET default_transaction_read_only");
  server.query("SELECT pg_reload_conf()");
  site.check_complete(server);
}

TEST_CASE("a server whose disk is full is waited for, and gets everything when there is room",
          "[faults][postgres][root][threads]") {
  if (!PrivatePostgres::available()) return;
  if (::geteuid() != 0) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const TemporaryDirectory folder("/tmp");
  const SmallDisk disk(folder / "disk", "size=1500k");
  const passwd* owner = ::getpwnam("postgres");
  if (!disk.mounted() || ::chown((folder / "disk").c_str(), owner->pw_uid, owner->pw_gid) != 0 ||
      ::chmod(folder.path().c_str(), 0755) != 0) {
    WARN("skipped: mounting a tmpfs is not permitted");
    return;
  }
  const PrivatePostgres server;
  FaultSite site(server.url());
  site.add(10);
  site.check_complete(server);
  server.exec("CREATE TABLESPACE tiny LOCATION '" + (folder / "disk").string() + "'");
  server.exec("ALTER TABLE measurements SET TABLESPACE tiny; ALTER INDEX measurements_pkey SET TABLESPACE tiny");
  server.exec("CREATE TABLE ballast TABLESPACE tiny AS SELECT repeat('x', 1000) AS t FROM generate_series(1, 1000)");
  site.add(5000);
  REQUIRE(site.fails_with("(53100)"));
  CHECK(site.status().destination_state == DestinationState::down);
  CHECK_THAT(site.status().last_error, Catch::Contains("make room on the server's disk"));
  server.exec("DROP TABLE ballast");
  server.exec(
      "ALTER TABLE measurements SET TABLESPACE pg_default; ALTER INDEX measurements_pkey SET TABLESPACE pg_default");
  site.check_complete(server);
}
