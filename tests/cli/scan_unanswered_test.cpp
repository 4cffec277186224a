#include <libpq-fe.h>

#include <catch2/catch.hpp>
#include <memory>

#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

TEST_CASE("a scan that ends while a batch waits for an answer says that it does, and for how long",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const ScanSite site(fixture.url(), {{"SYNC_DRAIN_TIMEOUT", "3"}, {"SYNC_CONNECT_TIMEOUT", "2"}});
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  // For less than half of SYNC_STATEMENT_TIMEOUT: nothing fails before the end.
  const std::unique_ptr<PGconn, void (*)(PGconn*)> other(PQconnectdb(fixture.url().c_str()), PQfinish);
  PQclear(PQexec(other.get(), "BEGIN; LOCK TABLE sync_batches, backup_files, backup_sets IN ACCESS EXCLUSIVE MODE"));
  REQUIRE(PQtransactionStatus(other.get()) == PQTRANS_INTRANS);
  const Tree tree;
  const auto result = site.run({"scan", tree.path(), "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 3);
  CHECK(says(result.err, "no answer from postgresql:"));
  CHECK(says(summary_of(result).at("last_error").get<std::string>(), "no answer from"));
}

}  // namespace
}  // namespace forebay::test
