// A kill around each step of the quarantine: refused rows are kept once, the others land once, and a retry that was cut
// short goes on.

#include <catch2/catch.hpp>
#include <string>

#include "crash/crash_points.hpp"
#include "forebay/buffer.hpp"
#include "forebay/recover.hpp"
#include "quarantine/view.hpp"
#include "sqlite/statement.hpp"
#include "state/totals.hpp"
#include "support/catalog_buffer.hpp"
#include "support/die_at.hpp"
#include "support/in_child.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

void run_sql(const TemporaryDirectory& dir, const std::string& sql) {
  SqliteConnection((dir / "catalog.db").string()).exec(sql);
}

constexpr const char* kRefuse =
    "CREATE TRIGGER no_bad BEFORE INSERT ON measurements WHEN new.sensor = 'bad' BEGIN SELECT RAISE(ABORT, 'bad'); END";
constexpr std::uint64_t kProducedRows = 30;
constexpr std::uint64_t kBad = 10;  // of them

void produce(const TemporaryDirectory& dir) {
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  for (std::uint64_t i = 0; i < kProducedRows; ++i) {
    writer.add(Measurement(i % 3 == 0 ? "bad" : "good", static_cast<std::int64_t>(i)));
  }
  static_cast<void>(buffer.stop());
}

SyncStatus recover(const TemporaryDirectory& dir, bool retry) {
  RecoverOptions what;
  what.options = catalog_options(dir);
  what.retry_quarantined = retry;
  const RecoverResult result = forebay::recover(what);
  CHECK(result.sync.settled);
  return result.status;
}

std::uint64_t in_quarantine(const TemporaryDirectory& dir) {
  std::uint64_t rows = 0;
  for (const auto& folder : std::filesystem::directory_iterator(dir / "state" / "buffers")) {
    for (const auto& [stream, n] : count_quarantined(folder.path(), {})) rows += n;
  }
  return rows;
}

/// The tables, with nothing in them.
void prepare(const TemporaryDirectory& dir) {
  Options o = catalog_options(dir);
  Buffer buffer(o);
  buffer.writer("measurements").add(Measurement("first", -1));
  static_cast<void>(buffer.stop());
  run_sql(dir, std::string("DELETE FROM measurements; ") + kRefuse);
}

}  // namespace

TEST_CASE("a kill around COMMIT keeps each refused row once, and the others land once", "[crash][threads]") {
  for (const char* point : {"refused rows are being kept", "refused rows are kept, before COMMIT", "before COMMIT",
                            "after COMMIT", "a batch with refused rows has landed"}) {
    CAPTURE(point);
    const TemporaryDirectory dir;
    prepare(dir);
    const std::string ended = in_child([&] {
      die_at(point);
      produce(dir);
    });
    CHECK(ended == "ended by Killed");
    recover(dir, false);
    CHECK(in_quarantine(dir) == kBad);
    CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == static_cast<std::int64_t>(kProducedRows - kBad));
    CHECK(recover(dir, false).recovered.accepted == 0);  // left alone from here on
    run_sql(dir, "DROP TRIGGER no_bad");
    const Counts retried = recover(dir, true).recovered;
    CHECK(retried.accepted == kBad);
    CHECK(retried.synced == kBad);
    CHECK(retried.quarantined == 0);
    CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == static_cast<std::int64_t>(kProducedRows));
    CHECK(std::filesystem::is_empty(dir / "state" / "buffers"));
  }
}

TEST_CASE("a retry that a kill cuts short goes on under its number, and its folder goes", "[crash][threads]") {
  for (const char* point :
       {"retries are noted, and not sent", "before COMMIT", "after COMMIT", "a retry has landed, before its rows go",
        "the rows of a retry are gone", "before an empty quarantine goes", "before a buffer's manifest goes"}) {
    CAPTURE(point);
    const TemporaryDirectory dir;
    prepare(dir);
    produce(dir);
    CHECK(in_quarantine(dir) == kBad);
    run_sql(dir, "DROP TRIGGER no_bad");
    const std::string ended = in_child([&] {
      die_at(point);
      recover(dir, true);
    });
    CHECK(ended == "ended by Killed");
    recover(dir, true);  // finds what is left, if anything is
    recover(dir, false);
    CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == static_cast<std::int64_t>(kProducedRows));
    CHECK(catalog_number(dir, "SELECT count(DISTINCT segment) FROM sync_batches WHERE reason = 'retry'") == 1);
    CHECK(catalog_number(dir, "SELECT sum(rows) FROM sync_batches WHERE reason = 'retry'") == kBad);
    CHECK(std::filesystem::is_empty(dir / "state" / "buffers"));
    for (const FinishedTotals& t : read_totals(dir / "state")) {
      if (t.stream != "measurements") continue;
      CHECK(t.synced == kProducedRows + 1);
      CHECK(t.quarantined == 0);
    }
  }
}

TEST_CASE("at level memory, too, a folder with nothing but rows in quarantine is left alone without a word",
          "[threads]") {
  const TemporaryDirectory dir;
  prepare(dir);
  std::vector<std::string> warnings;
  {
    Options o = catalog_options(dir);
    o.durability = Durability::memory;
    Buffer buffer(o);
    Writer writer = buffer.writer("measurements");
    writer.add(Measurement("bad", 1));
    const SyncResult result = buffer.stop();
    CHECK(result.settled);
    CHECK(result.quarantined_rows == 1);
  }
  RecoverOptions what;
  what.options = catalog_options(dir);
  what.options.log = [&](LogLevel level, std::string_view line) {
    if (level >= LogLevel::warning) warnings.emplace_back(line);
  };
  for (int i = 0; i < 2; ++i) {
    const RecoverResult result = forebay::recover(what);
    CHECK(result.sync.settled);
    CHECK(result.status.recovered.accepted == 0);
    CHECK(result.outcome() == SyncOutcome::incomplete);
  }
  CHECK(warnings.empty());
  CHECK(in_quarantine(dir) == 1);
}

TEST_CASE("a running buffer sends its quarantined rows again, and its folder goes at its end", "[threads]") {
  const TemporaryDirectory dir;
  prepare(dir);
  Buffer buffer(catalog_options(dir));
  Writer writer = buffer.writer("measurements");
  for (int i = 0; i < 4; ++i) writer.add(Measurement(i < 2 ? "bad" : "good", i));
  CHECK(buffer.force_sync().quarantined_rows == 2);
  const RetryResult refused = buffer.retry_errors("measurements");
  CHECK(refused.retried == 2);
  CHECK(refused.refused == 2);
  CHECK(refused.unsettled == 0);
  CHECK_THROWS_AS(buffer.retry_errors("no such stream"), Error);
  run_sql(dir, "DROP TRIGGER no_bad");
  const RetryResult retried = buffer.retry_errors();
  CHECK(retried.retried == 2);
  CHECK(retried.synced == 2);
  const Counts c = buffer.get_stats("measurements");
  CHECK(c.accepted == 4);
  CHECK(c.synced == 4);
  CHECK(c.quarantined == 0);
  static_cast<void>(buffer.stop());
  CHECK(std::filesystem::is_empty(dir / "state" / "buffers"));
}
