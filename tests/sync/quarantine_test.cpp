// Refused rows on their way from a batch to quarantine and back, with the SQLite catalog as destination.

#include <catch2/catch.hpp>

#include "quarantine/view.hpp"
#include "sqlite/statement.hpp"
#include "support/pipeline.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

void run_sql(const Pipeline& p, const std::string& sql) { SqliteConnection(p.catalog().string()).exec(sql); }

/// The catalog's table is there, and refuses rows of sensor "bad".
void refuse_bad(Pipeline& p) {
  const auto sink = p.destination->make_sink({&measurements()});
  REQUIRE_FALSE(sink->open());
  run_sql(p,
          "CREATE TRIGGER no_bad BEFORE INSERT ON measurements WHEN new.sensor = 'bad' BEGIN SELECT RAISE(ABORT, "
          "'bad'); END");
}

bool adds_up(const Counts& c) { return c.accepted == c.synced + c.superseded + c.pending + c.quarantined; }

std::uint64_t in_file(const Pipeline& p) { return read_quarantine(p.folder(), {}, 0).size(); }

}  // namespace

TEST_CASE("refused rows go to quarantine, the rest of their batch lands, and the destination is well", "[threads]") {
  Pipeline p(limits_with(100));
  refuse_bad(p);
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 100; ++i) p.add(*writer, i % 10 == 0 ? "bad" : "good", i);
  p.scheduler->start();
  const SyncResult result = p.scheduler->drain(30s, kNever);
  CHECK(result.settled);
  CHECK(result.quarantined_rows == 10);
  CHECK(p.landed_rows() == 90);
  const Counts c = p.counts();
  CHECK(c.quarantined == 10);
  CHECK(c.synced == 90);
  CHECK(adds_up(c));
  CHECK(p.scheduler->state().destination == DestinationState::ok);
  CHECK(in_file(p) == 10);
  CHECK(p.journals() == 0);
}

TEST_CASE("a batch that is sent again does not keep its refused rows twice", "[threads]") {
  Pipeline p(limits_with(10));
  refuse_bad(p);
  std::atomic<int> lost{0};
  p.destination->after_write = [&](const Batch&) -> std::optional<Failure> {
    if (++lost > 1) return std::nullopt;
    return Failure{FailureClass::in_doubt, {}, "the answer to COMMIT is lost"};
  };
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 10; ++i) p.add(*writer, i < 4 ? "bad" : "good", i);
  p.scheduler->start();
  CHECK(p.scheduler->drain(30s, kNever).settled);
  CHECK(in_file(p) == 4);
  CHECK(p.landed_rows() == 6);
  CHECK(adds_up(p.counts()));
}

TEST_CASE("a row that is refused in a try that fails, and taken in the next, is not in quarantine", "[threads]") {
  Pipeline p(limits_with(10));
  refuse_bad(p);
  std::atomic<int> tries{0};
  // As a sink would: what is refused is kept, then COMMIT fails.
  p.destination->before_commit = [&](Batch& batch, const KeepRefused& keep) -> std::optional<Failure> {
    if (++tries > 1) return std::nullopt;
    batch.build();
    const BatchRow& row = batch.parts.front().rows.front();
    keep(batch, {{row.range, row.number, row.version, row.values, "23514", "c", "refused"}});
    run_sql(p, "DROP TRIGGER no_bad");
    return Failure{FailureClass::retry_batch, "40001", "serialization failure"};
  };
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 10; ++i) p.add(*writer, "bad", i);
  p.scheduler->start();
  CHECK(p.scheduler->drain(30s, kNever).settled);
  CHECK(tries == 2);
  CHECK(in_file(p) == 0);
  CHECK(p.landed_rows() == 10);
  CHECK(p.counts().synced == 10);
}

TEST_CASE("while refused rows cannot be kept, their batch is not committed", "[threads]") {
  Pipeline p(limits_with(10));
  refuse_bad(p);
  const auto writer = p.store->make_writer(measurements());
  for (int i = 0; i < 10; ++i) p.add(*writer, i < 4 ? "bad" : "good", i);
  std::filesystem::create_directory(p.folder() / "quarantine.db");
  p.scheduler->start();
  while (p.scheduler->state().last_error.empty()) std::this_thread::yield();
  CHECK_THAT(p.scheduler->state().last_error, Catch::Contains("quarantine.db"));
  CHECK(p.landed_rows() == 0);
  CHECK(p.counts().pending == 10);
  std::filesystem::remove(p.folder() / "quarantine.db");
  CHECK(p.scheduler->drain(30s, kNever).settled);
  CHECK(in_file(p) == 4);
  CHECK(p.landed_rows() == 6);
}

TEST_CASE("a row sent again from quarantine does not overwrite a newer one", "[threads]") {
  Pipeline p(limits_with(10));
  refuse_bad(p);
  const auto writer = p.store->make_writer(measurements());
  writer->add(p.clock.next(), Measurement("bad", 1, /*reading=*/1));
  writer->add(p.clock.next(), Measurement("bad", 2, /*reading=*/1));
  p.scheduler->start();
  REQUIRE(p.scheduler->force_sync(30s).settled);
  REQUIRE(p.counts().quarantined == 2);
  run_sql(p, "DROP TRIGGER no_bad");
  writer->add(p.clock.next(), Measurement("bad", 1, /*reading=*/2));
  REQUIRE(p.scheduler->force_sync(30s).settled);

  std::uint64_t unreadable = 0;
  std::vector<SegmentPtr> segments;
  for (const Retry& retry : p.quarantine->begin_retries("", 10, unreadable)) {
    segments.push_back(retry_segment("test-buffer", retry, &measurements(), p.quarantine));
    p.store->queue().adopt(segments.back());
  }
  REQUIRE(segments.size() == 1);
  CHECK(p.scheduler->wait_for(segments, std::chrono::steady_clock::now() + 30s).settled);
  const Landed brought = p.store->queue().brought(segments[0]);
  CHECK(brought.synced == 1);
  CHECK(brought.superseded == 1);
  CHECK(p.query("SELECT reading FROM measurements WHERE tick = 1") == 2);
  const Counts c = p.counts();
  CHECK(c.accepted == 3);
  CHECK(c.quarantined == 0);
  CHECK(adds_up(c));
  CHECK(in_file(p) == 0);
}
