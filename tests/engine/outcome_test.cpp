// Whether all is at the destination: what force_sync(), stop(), status and the documented example answer.

#include <catch2/catch.hpp>

#include "forebay/buffer.hpp"
#include "sqlite/connection.hpp"
#include "support/catalog_buffer.hpp"

namespace forebay::test {
namespace {

void refuse_bad(const TemporaryDirectory& dir) {
  SqliteConnection((dir / "catalog.db").string())
      .exec(
          "CREATE TRIGGER no_bad BEFORE INSERT ON measurements WHEN new.sensor = 'bad' BEGIN SELECT RAISE(ABORT, "
          "'bad'); END");
}

TEST_CASE("force_sync, stop and status tell what is all there, what is settled without, and what is pending",
          "[threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(catalog_options(dir));
  CHECK(buffer.get_sync_status().outcome() == SyncOutcome::complete);  // of nothing
  Writer writer = buffer.writer("measurements");
  writer.add(Measurement("good", 1));
  CHECK(buffer.get_sync_status().outcome() == SyncOutcome::unsettled);
  CHECK(buffer.force_sync().outcome() == SyncOutcome::complete);
  CHECK(buffer.get_sync_status().outcome() == SyncOutcome::complete);

  refuse_bad(dir);
  writer.add(Measurement("bad", 2));
  const SyncResult refused = buffer.force_sync();
  CHECK(refused.settled);
  CHECK(refused.pending_rows == 0);
  CHECK(refused.quarantined_rows == 1);
  CHECK(refused.outcome() == SyncOutcome::incomplete);
  CHECK(buffer.get_sync_status().outcome() == SyncOutcome::incomplete);

  {
    SqliteConnection busy((dir / "catalog.db").string());
    busy.exec("BEGIN EXCLUSIVE");
    writer.add(Measurement("good", 3));
    const SyncResult late = buffer.force_sync(std::chrono::milliseconds(50));
    CHECK_FALSE(late.settled);
    CHECK(late.outcome() == SyncOutcome::unsettled);
    CHECK(buffer.get_sync_status().outcome() == SyncOutcome::unsettled);
  }
  CHECK(buffer.stop().outcome() == SyncOutcome::incomplete);
  CHECK(buffer.stop().outcome() == SyncOutcome::incomplete);
}

TEST_CASE("what an earlier process left in quarantine beside rows makes the outcome of who takes over incomplete",
          "[threads]") {
  const TemporaryDirectory dir;
  {
    Buffer buffer(catalog_options(dir));
    Writer writer = buffer.writer("measurements");
    writer.add(Measurement("good", 1));
    REQUIRE(buffer.force_sync().outcome() == SyncOutcome::complete);
    refuse_bad(dir);
    writer.add(Measurement("bad", 2));
    REQUIRE(buffer.force_sync().outcome() == SyncOutcome::incomplete);
    SqliteConnection busy((dir / "catalog.db").string());
    busy.exec("BEGIN EXCLUSIVE");
    writer.add(Measurement("good", 3));
    REQUIRE(buffer.stop(std::chrono::milliseconds(0)).outcome() == SyncOutcome::unsettled);
  }
  Buffer next(catalog_options(dir));
  const SyncResult result = next.stop();
  CHECK(result.settled);
  CHECK(result.quarantined_rows == 0);
  CHECK(result.quarantined_before == 1);
  CHECK(result.outcome() == SyncOutcome::incomplete);
  CHECK(next.get_sync_status().outcome() == SyncOutcome::incomplete);
}

}  // namespace
}  // namespace forebay::test
