#include "sink/contract.hpp"

// What the batch ledger tells of a buffer.
namespace forebay::test {
namespace {

SINK_CONTRACT("the ledger tells what of a buffer has landed, by stream, and nothing of others") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream files = small_stream();
  Stream notes = small_stream();
  notes.name = "notes";
  notes.table = "notes";
  const auto destination = fixture.destination();
  const auto sink = destination->make_sink({&files, &notes});
  opens(*sink);
  CHECK(destination->ledger_totals("b").empty());
  written(*sink, {RangeMaker(files, "b", 1).add(1, small_row(1, "/a")).add(2, small_row(1, "/a")).range(),
                  RangeMaker(notes, "b", 2).add(3, small_row(1, "/a")).range(),
                  RangeMaker(files, "other", 1).add(4, small_row(1, "/c")).range()});
  written(*sink, {RangeMaker(files, "b", 3).add(5, small_row(1, "/b")).range()});
  const auto totals = destination->ledger_totals("b");
  REQUIRE(totals.size() == 2);
  CHECK(totals[0].stream == "notes");
  CHECK(totals[0].rows == 1);
  CHECK(totals[0].synced == 1);
  CHECK(totals[1].stream == files.name);
  CHECK(totals[1].rows == 3);
  CHECK(totals[1].synced == 2);
  CHECK(totals[1].superseded == 1);
}

SINK_CONTRACT("where no ledger is, or one without streams, totals are asked for all the same") {
  TestType fixture;
  if (!fixture.available()) return;
  const auto destination = fixture.destination();
  CHECK(destination->ledger_totals("b").empty());
  const Stream stream = small_stream();
  written(*destination->make_sink({&stream}), {RangeMaker(stream, "b", 1).add(1, small_row(1, "/a")).range()});
  fixture.exec("ALTER TABLE sync_batches DROP COLUMN stream");
  const auto totals = destination->ledger_totals("b");
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].stream.empty());
  CHECK(totals[0].synced == 1);
}

SINK_CONTRACT("ledger rows of an earlier release count under no stream") {
  TestType fixture;
  if (!fixture.available()) return;
  const auto destination = fixture.destination();
  opens(*destination->make_sink({}));
  const bool sqlite = fixture.dialect().name() == "sqlite";
  fixture.exec(
      "INSERT INTO sync_batches (buffer, segment, first_row, last_row, rows, synced, superseded, reason, "
      "started_at, committed_at) VALUES ('old', 1, 1, 5, 5, 4, 1, 'end', " +
      std::string(sqlite ? "1, 1)" : "now(), now())"));
  const auto totals = destination->ledger_totals("old");
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].stream.empty());
  CHECK(totals[0].rows == 5);
}

}  // namespace
}  // namespace forebay::test
