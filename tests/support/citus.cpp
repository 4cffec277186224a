#include "support/citus.hpp"

#include <libpq-fe.h>
#include <signal.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "support/comes_true.hpp"
#include "support/run_command.hpp"
#include "support/server_account.hpp"

namespace forebay::test {
namespace {

/// One query at a server itself, by a connection of its own.
std::string ask(const std::string& server, const std::string& sql) {
  const std::string url = "postgresql://postgres@/forebay?port=5432&host=" + server;
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url.c_str()), &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()), &PQclear);
  return PQresultStatus(result.get()) == PGRES_TUPLES_OK ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace

bool CitusCluster::available() {
  if (std::getenv("THROWAWAY_CITUS") != nullptr) return true;
  WARN("skipped: scripts/with-citus.sh has not started a Citus");
  return false;
}

std::string CitusCluster::coordinator() { return std::string(std::getenv("THROWAWAY_CITUS")) + "/coordinator"; }

void CitusCluster::stop(const std::string& worker) {
  pid_t postmaster = 0;
  std::ifstream(worker + "/data/postmaster.pid") >> postmaster;
  REQUIRE(postmaster > 1);
  REQUIRE(::kill(postmaster, SIGQUIT) == 0);
  REQUIRE(comes_true([&] { return ::kill(postmaster, 0) != 0; }));
}

void CitusCluster::start(const std::string& worker) {
  const auto started = run_command(
      as_server_user(std::string(std::getenv("THROWAWAY_PG_BIN")) + "/pg_ctl",
                     {"start", "-D", worker + "/data", "-w", "-t", "60", "-s", "-l", worker + "/server.log"}, "/"));
  CAPTURE(started.out, started.err);
  REQUIRE(started.status == 0);
}

void CitusCluster::end_connections(const std::string& worker) {
  REQUIRE(ask(worker,
              "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE "
              "'citus_internal%'") != "");
}

void CitusCluster::recover() {
  // By a new connection: a fixture's own has ones to the workers that may be dead, and fails once for each.
  REQUIRE(comes_true([] { return ask(coordinator(), "SELECT recover_prepared_transactions()") == "0"; }));
}

std::string CitusCluster::worker_with(PostgresFixture& fixture, const std::string& table, const std::string& value) {
  return fixture.one("SELECT nodename FROM citus_shards WHERE shardid = get_shard_id_for_distribution_column('" +
                     table + "', " + value + ")");
}

CitusFixture::CitusFixture(const std::string& how) {
  if (!available()) return;
  destination()->migrate_up();
  if (!how.empty()) query(how);
}

}  // namespace forebay::test
