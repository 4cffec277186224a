#include "sink/ledger.hpp"

#include <catch2/catch.hpp>

#include "sink/test_streams.hpp"

namespace forebay {
namespace {

BatchRange range_of(const Stream& stream, std::uint64_t first, std::uint64_t last) {
  test::RangeMaker rows(stream, "b", 1, first);
  for (std::uint64_t i = first; i <= last; ++i) {
    rows.add(static_cast<std::int64_t>(i), {Value::integer(1), Value::text(std::to_string(i / 2)), Value(), Value()});
  }
  return rows.range(true);
}

TEST_CASE("each gap of a range becomes a ledger row with counts of its own") {
  const Stream stream = test::small_stream();
  Batch batch(Reason::end, {range_of(stream, 1, 10)});
  const std::vector<std::vector<LandedSpan>> landed = {{{4, 5, 1, 1, 0}}};
  batch.build(spans_of(landed));
  LedgerEntries ledger(batch);
  REQUIRE(ledger.entries().size() == 2);
  CHECK(ledger.entries()[0].synced() == 2);  // rows 1 … 3: keys 0, 1, 1
  CHECK(ledger.entries()[0].superseded() == 1);
  CHECK(ledger.entries()[1].synced() == 3);  // rows 6 … 10: keys 3, 3, 4, 4, 5
  CHECK(ledger.entries()[1].superseded() == 2);
  ledger.add_older(1, 1);  // one more is newer at the destination
  const Written written = ledger.written(batch, landed);
  CHECK(written.ranges.at(0).synced == 2 + 2 + 1);
  CHECK(written.ranges.at(0).superseded == 1 + 3 + 1);
}

TEST_CASE("the shares of a landed span add up, however it is cut") {
  const Stream stream = test::small_stream();
  const LandedSpan whole{1, 10, 5, 3, 2};
  for (std::uint64_t cut = 1; cut < 10; ++cut) {
    std::uint64_t synced = 0, superseded = 0, quarantined = 0;
    for (const auto& [first, last] : {std::pair{std::uint64_t{1}, cut}, std::pair{cut + 1, std::uint64_t{10}}}) {
      Batch batch(Reason::end, {range_of(stream, first, last)});
      const std::vector<std::vector<LandedSpan>> landed = {{whole}};
      batch.build(spans_of(landed));
      const LedgerEntries ledger(batch);
      CHECK(ledger.entries().empty());
      const Written written = ledger.written(batch, landed);
      CHECK(written.ranges[0].synced + written.ranges[0].superseded + written.ranges[0].quarantined ==
            last - first + 1);
      synced += written.ranges[0].synced;
      superseded += written.ranges[0].superseded;
      quarantined += written.ranges[0].quarantined;
    }
    CHECK(synced == whole.synced);
    CHECK(superseded == whole.superseded);
    CHECK(quarantined == whole.quarantined);
  }
}

}  // namespace
}  // namespace forebay
