#include <atomic>
#include <random>
#include <thread>

#include "sink/contract.hpp"

// The newest wins, nothing counts twice.
namespace forebay::test {
namespace {

SINK_CONTRACT("of two batches with one key the newest wins in either order") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  const bool newest_first = GENERATE(true, false);
  RangeMaker older(stream, "b", 1), newer(stream, "b", 2);
  older.add(10, small_row(1, "/x", 1)).add(10, small_row(1, "/only old"));
  newer.add(20, small_row(1, "/x", 2)).add(20, small_row(1, "/only new"));
  const auto first = written(*sink, {(newest_first ? newer : older).range()}).ranges.at(0);
  const auto second = written(*sink, {(newest_first ? older : newer).range()}).ranges.at(0);
  CHECK(first.synced == 2);
  CHECK(second.synced == (newest_first ? 1U : 2U));
  CHECK(second.superseded == (newest_first ? 1U : 0U));
  CHECK(fixture.query("SELECT path, size, row_version FROM small_files WHERE path = '/x'") == Rows{{"/x", "2", "20"}});
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "3");
  CHECK(fixture.query("SELECT sum(rows), sum(synced), sum(superseded) FROM sync_batches") ==
        (newest_first ? Rows{{"4", "3", "1"}} : Rows{{"4", "4", "0"}}));
}

SINK_CONTRACT("a batch that is sent twice lands once and counts as synced") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a")).add(2, small_row(1, "/b")).add(3, small_row(1, "/a"));
  const auto first = written(*sink, {rows.range()}).ranges.at(0);
  fixture.exec("UPDATE small_files SET note = 'seen'");  // any write would show
  const auto again = written(*sink, {rows.range(true)}).ranges.at(0);
  CHECK(first.synced == 2);
  CHECK(first.superseded == 1);
  CHECK(again.synced == 2);
  CHECK(again.superseded == 1);
  CHECK(fixture.one("SELECT count(*) FROM small_files WHERE note = 'seen'") == "2");
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "1");
}

SINK_CONTRACT("only the gaps of a range that has landed in part are sent") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto part = [&](std::uint64_t first, std::uint64_t last, bool maybe_sent) {
    RangeMaker rows(stream, "b", 9, first);
    for (std::uint64_t i = first; i <= last; ++i) {
      rows.add(static_cast<std::int64_t>(i), small_row(1, "/" + std::to_string(i % 10 == 0 ? 0 : i)));
    }
    return rows.range(maybe_sent);
  };
  CHECK(written(*sink, {part(21, 40, false)}).ranges.at(0).superseded == 1);  // rows 30 and 40 share a key
  fixture.exec("UPDATE small_files SET note = 'landed before'");
  const auto whole = written(*sink, {part(1, 60, true)}).ranges.at(0);
  // Rows 10 and 20, 50 and 60 of the gaps lose to 60 (or are older than what has landed).
  CHECK(whole.synced + whole.superseded == 60);
  CHECK(whole.superseded == 4);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == "55");
  CHECK(fixture.one("SELECT count(*) FROM small_files WHERE note = 'landed before'") == "18");
  CHECK(fixture.query("SELECT first_row, last_row, rows FROM sync_batches ORDER BY first_row") ==
        Rows{{"1", "20", "20"}, {"21", "40", "20"}, {"41", "60", "20"}});
  CHECK(fixture.one("SELECT sum(synced + superseded) FROM sync_batches") == "60");
}

SINK_CONTRACT("the halves of a batch that had landed whole add up to it") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto part = [&](std::uint64_t first, std::uint64_t last, bool maybe_sent) {
    RangeMaker rows(stream, "b", 9, first);
    for (std::uint64_t i = first; i <= last; ++i)
      rows.add(static_cast<std::int64_t>(i), small_row(1, "/" + std::to_string(i % 7)));
    return rows.range(maybe_sent);
  };
  const auto whole = written(*sink, {part(1, 21, false)}).ranges.at(0);
  CHECK(whole.synced == 7);
  const auto left = written(*sink, {part(1, 10, true)}).ranges.at(0);
  const auto right = written(*sink, {part(11, 21, true)}).ranges.at(0);
  CHECK(left.synced + right.synced == 7);
  CHECK(left.superseded + right.superseded == 14);
  CHECK(fixture.one("SELECT count(*) FROM sync_batches") == "1");
}

SINK_CONTRACT("rows at the version that the destination has count as synced") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  for (const char* buffer : {"first", "restored"}) {
    RangeMaker rows(stream, buffer, 1);
    rows.add(7, small_row(1, "/a")).add(8, small_row(1, "/b"));
    const auto result = written(*sink, {rows.range()}).ranges.at(0);
    CHECK(result.synced == 2);
    CHECK(result.superseded == 0);
  }
}

SINK_CONTRACT("two connections with overlapping keys in opposite orders never deadlock, and the newest wins") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto destination = fixture.destination();
  opens(*destination->make_sink({&stream}));
  constexpr int kRounds = 60;
  constexpr int kKeys = 300;
  std::atomic<std::int64_t> version{1};
  std::atomic<std::uint64_t> synced{0}, superseded{0};
  std::vector<std::string> failures(2);
  const auto producer = [&](int which) {
    const auto sink = destination->make_sink({&stream});
    for (int round = 0; round < kRounds && failures[which].empty(); ++round) {
      RangeMaker rows(stream, "b" + std::to_string(which), static_cast<std::uint64_t>(round));
      for (int i = 0; i < kKeys; ++i) {
        const int key = which == 0 ? i : kKeys - 1 - i;
        const std::int64_t v = version++;
        rows.add(v, small_row(1, "/" + std::to_string(key), v));
      }
      Batch batch(Reason::end, {rows.range()});
      const WriteOutcome outcome = sink->write(batch);
      if (const auto* failure = std::get_if<Failure>(&outcome)) {
        failures[which] = failure->message;
      } else {
        synced += std::get<Written>(outcome).ranges[0].synced;
        superseded += std::get<Written>(outcome).ranges[0].superseded;
      }
    }
  };
  std::thread other(producer, 1);
  producer(0);
  other.join();
  CHECK(failures == std::vector<std::string>(2));
  CHECK(synced + superseded == 2 * kRounds * kKeys);
  CHECK(fixture.one("SELECT count(*) FROM small_files") == std::to_string(kKeys));
  CHECK(fixture.one("SELECT count(*) FROM small_files WHERE size <> row_version") == "0");
  // Each producer's last batch is newer than all its others, so no key may hold a version from before both.
  const std::string last = fixture.one("SELECT min(row_version) FROM small_files");
  CHECK(std::stoll(last) > (version - 1) / 2);
}

}  // namespace
}  // namespace forebay::test
