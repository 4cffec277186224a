// Several starts in one state directory, and what a start leaves behind for those after it.

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <fstream>

#include "adoption/adopt_orphans.hpp"
#include "adoption/finish_adoption.hpp"
#include "forebay/buffer.hpp"
#include "forebay/recover.hpp"
#include "state/totals.hpp"
#include "state/version_reserve.hpp"
#include "support/catalog_buffer.hpp"
#include "support/orphan.hpp"
#include "support/scan_tree.hpp"
#include "support/times.hpp"

namespace fs = std::filesystem;
using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

/// A catalog buffer whose log is kept.
struct Start {
  explicit Start(const TemporaryDirectory& dir) : options(catalog_options(dir)) {
    options.log = [this](LogLevel level, std::string_view line) {
      if (level != LogLevel::debug) (log += line) += '\n';
    };
  }
  /// Opens a Buffer, drains it and ends it.
  SyncStatus run() {
    Buffer buffer(options);
    settled = buffer.stop().settled;
    return buffer.get_sync_status();
  }
  /// Only adopts.
  SyncStatus recover() {
    RecoverOptions all = what;
    all.options = options;
    const RecoverResult result = forebay::recover(all);
    settled = result.sync.settled;
    return result.status;
  }
  Options options;
  RecoverOptions what{};
  std::string log;
  bool settled = false;
};

Orphan orphan_in(const TemporaryDirectory& dir, int rows, std::int64_t taken_us = 0) {
  Orphan orphan;
  orphan.destination = catalog_options(dir).destination;
  orphan.rows = rows;
  orphan.taken_us = taken_us;
  return orphan;
}

std::int64_t now_us() { return VersionClock::system_sources().wall_us(); }

int folders(const TemporaryDirectory& dir) {
  int n = 0;
  for ([[maybe_unused]] const auto& e : fs::directory_iterator(dir / "state" / "buffers")) ++n;
  return n;
}

/// What one of several processes that start at once found; told through a pipe.
struct Seen {
  std::uint64_t recovered = 0, own_synced = 0, failures = 0;
};

/// A child that waits for `go` to be closed, starts a Buffer there, adds a row of its own, and ends.
pid_t start_process(const TemporaryDirectory& dir, int number, const int (&go)[2], int report) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::close(go[1]);
  char byte = 0;
  while (::read(go[0], &byte, 1) > 0) {
  }
  Seen seen;
  try {
    Buffer buffer(catalog_options(dir));
    Writer writer = buffer.writer("measurements");
    writer.add(Measurement("start-" + std::to_string(number), ::getpid()));
    writer.commit();
    if (!buffer.stop().settled) ++seen.failures;
    const SyncStatus status = buffer.get_sync_status();
    seen.recovered = status.recovered.accepted;
    seen.own_synced = status.of("measurements").synced;
  } catch (...) {
    ++seen.failures;
  }
  if (::write(report, &seen, sizeof seen) != sizeof seen) ::_exit(2);
  ::_exit(0);
}

}  // namespace

TEST_CASE("of two starts at once, a hundred times, each has a buffer of its own and each orphan is adopted once",
          "[threads]") {
  const TemporaryDirectory dir(roomy());  // in memory: it is flushed a thousand times
  { Start(dir).run(); }                   // the catalog is made
  constexpr int kRounds = 100;
  constexpr int kOrphanRows = 3;
  std::uint64_t recovered = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int o = 0; o < 2; ++o) {
      Orphan orphan = orphan_in(dir, kOrphanRows);
      orphan.sensor = "orphan-" + std::to_string(round) + "-" + std::to_string(o);
      orphan.make(dir / "state");
    }
    // Nobody's: it lives through all rounds of its own.
    const StateDirectory state(dir / "state");
    const BufferFolder live = state.create_buffer(Durability::process, catalog_options(dir).destination);
    int go[2];
    int report[2];
    REQUIRE(::pipe(go) == 0);
    REQUIRE(::pipe(report) == 0);
    const pid_t children[] = {start_process(dir, 2 * round, go, report[1]),
                              start_process(dir, 2 * round + 1, go, report[1])};
    ::close(go[0]);
    ::close(go[1]);  // go
    for (const pid_t child : children) {
      Seen seen;
      REQUIRE(::read(report[0], &seen, sizeof seen) == sizeof seen);
      CHECK(seen.failures == 0);
      CHECK(seen.own_synced == 1);
      CHECK(seen.recovered % kOrphanRows == 0);
      recovered += seen.recovered;
      int status = 0;
      REQUIRE(::waitpid(child, &status, 0) == child);
      CHECK(status == 0);
    }
    ::close(report[0]);
    ::close(report[1]);
    CHECK(fs::exists(live.path / "manifest"));
    CHECK(StateDirectory::remove_buffer(live));
  }
  // A start that comes when the other has an orphan already, or just had a look at it, leaves it to a later one.
  recovered += Start(dir).run().recovered.accepted;
  CHECK(recovered == 2ULL * kRounds * kOrphanRows);
  CHECK(folders(dir) == 0);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 2 * kRounds * kOrphanRows + 2 * kRounds);
  CHECK(catalog_number(dir, "SELECT sum(rows) FROM sync_batches") == 2 * kRounds * kOrphanRows + 2 * kRounds);
  const auto totals = read_totals(dir / "state");
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].buffers == 4 * kRounds);
  CHECK(totals[0].synced == 2 * kRounds * kOrphanRows + 2 * kRounds);
}

TEST_CASE("what a buffer brought is in the totals after its folder is gone, however it ended", "[threads]") {
  const TemporaryDirectory dir;
  {
    Start first(dir);
    Buffer buffer(first.options);
    Writer writer = buffer.writer("measurements");
    for (int i = 0; i < 8; ++i) writer.add(Measurement("a", i % 4));  // each key twice
    CHECK(buffer.stop().settled);
  }
  auto totals = read_totals(dir / "state");
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].destination == catalog_options(dir).destination);
  CHECK(totals[0].stream == "measurements");
  CHECK(totals[0].accepted == 8);
  CHECK(totals[0].synced == 4);
  CHECK(totals[0].superseded == 4);
  // Killed with two segments landed, whose journals are gone, and one left: the ledger knows of the former.
  Orphan orphan = orphan_in(dir, 250);
  orphan.sensor = "killed";
  const fs::path folder = orphan.make(dir / "state");
  const TemporaryDirectory saved;
  fs::copy(folder, saved / "copy", fs::copy_options::recursive);
  Start landing(dir);
  CHECK(landing.run().recovered.synced == 250);
  fs::copy(saved / "copy", folder, fs::copy_options::recursive);
  for (int segment = 1; segment <= 2; ++segment) fs::remove(folder / journal_name(static_cast<std::uint64_t>(segment)));
  Start second(dir);
  CHECK(second.run().recovered.synced == 50);
  totals = read_totals(dir / "state");
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].buffers == 2);
  CHECK(totals[0].synced == 254);
  CHECK(totals[0].accepted == 258);
}

TEST_CASE("totals that cannot be kept are a warning, and rows land all the same", "[threads]") {
  const TemporaryDirectory dir;
  orphan_in(dir, 5).make(dir / "state");
  dir.write("state/totals.db",
            "not a database, but long enough to be looked at as one, as it has its hundred bytes of "
            "what could be a header but is none");
  Start start(dir);
  CHECK(start.run().recovered.synced == 5);
  CHECK(start.settled);
  CHECK_THAT(start.log, Catch::Contains("totals of buffer") && Catch::Contains("move the file away"));
  CHECK(folders(dir) == 0);
}

TEST_CASE("many left-over buffers of one reason make one warning, and each adopted one a line", "[threads]") {
  const TemporaryDirectory dir;
  for (int i = 0; i < 5; ++i) {
    Orphan other = orphan_in(dir, 1);
    other.destination = "sqlite:/elsewhere.db";
    other.make(dir / "state");
    orphan_in(dir, 2, now_us() + kYearUs + i * kSecondUs).make(dir / "state");
  }
  const Orphan taken = [&] {
    Orphan o = orphan_in(dir, 3);
    o.make(dir / "state");
    return o;
  }();
  Start start(dir);
  const SyncStatus status = start.run();
  CHECK(status.recovered.accepted == 3);
  CHECK(status.buffers_in_doubt == 5);
  const auto times = [&](const std::string& what) {
    int n = 0;
    for (std::size_t at = 0; (at = start.log.find(what, at)) != std::string::npos; ++at) ++n;
    return n;
  };
  CHECK(times("left as") == 2);
  CHECK(times("and 4 more there are left as they are: its rows are for sqlite:/elsewhere.db") == 1);
  CHECK(times("adopted buffer " + taken.durable_name + " of process " + std::to_string(::getpid()) +
              ", which has ended (level process): 3 rows in 1 journal, accepted 20") == 1);
  CHECK(folders(dir) == 10);
}

TEST_CASE("rows from the future are left alone until a shift is named, which moves them in order", "[threads]") {
  const TemporaryDirectory dir;
  const fs::path folder = orphan_in(dir, 250, now_us() + 10 * kYearUs).make(dir / "state");
  {
    Start start(dir);
    const SyncStatus status = start.run();
    CHECK(status.buffers_in_doubt == 1);
    CHECK(status.recovered.accepted == 0);
    CHECK_THAT(start.log, Catch::Contains("forebay recover --shift-versions -3153"));
    CHECK(fs::exists(folder / journal_name(1)));
  }
  Start start(dir);
  start.what.shift_versions = -20 * 365 * 24h;
  CHECK_THROWS_WITH(start.recover(), Catch::Contains("before 2020") && Catch::Contains("nothing was changed"));
  CHECK_FALSE(fs::exists(folder / "version-shift"));
  start.what.shift_versions = -10 * 365 * 24h - 60s;
  const std::int64_t before = now_us();
  CHECK(start.recover().recovered.synced == 250);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 250);
  const std::int64_t newest =
      version_us_since_2020(catalog_number(dir, "SELECT max(sync_version) FROM measurements")) + kVersionEpochUnixUs;
  CHECK(newest < before);
  CHECK(newest > before - 120 * kSecondUs);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements WHERE sync_version & 4095 <> 7") == 0);
  CHECK(catalog_number(dir,
                       "SELECT count(*) FROM measurements a, measurements b WHERE a.tick + 1 = b.tick AND "
                       "a.sync_version >= b.sync_version") == 0);
}

TEST_CASE("a shift that was cut short moves the rest by as much, and nothing twice", "[threads]") {
  const TemporaryDirectory dir;
  const std::int64_t taken = now_us() + kYearUs;
  const fs::path folder = orphan_in(dir, 300, taken).make(dir / "state");
  const TemporaryDirectory saved;
  const auto year = 365 * 24h;
  {
    // As a kill would leave it after the first of three journals: the shift is noted, and one segment has landed.
    fs::copy(folder, saved / "copy", fs::copy_options::recursive);
    for (std::uint64_t s = 2; s <= 3; ++s) fs::remove(folder / journal_name(s));
    Start first(dir);
    first.what.shift_versions = -year;
    CHECK(first.recover().recovered.synced == 100);
    fs::copy(saved / "copy", folder, fs::copy_options::recursive);
    write_shift(folder, -year, false);
  }
  Start second(dir);  // an ordinary one, that names no shift
  CHECK(second.run().recovered.synced == 300);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 300);
  const std::int64_t first_version = version_of(taken - kYearUs - kVersionEpochUnixUs, 7);
  CHECK(catalog_number(dir, "SELECT min(sync_version) FROM measurements") == first_version);
  CHECK(catalog_number(dir, "SELECT max(sync_version) FROM measurements") == first_version + (299 << kVersionSaltBits));
  CHECK(folders(dir) == 0);
}

TEST_CASE("one buffer may be named, and a shift of 0 takes its rows as they are", "[threads]") {
  const TemporaryDirectory dir;
  Orphan orphan = orphan_in(dir, 4, now_us() + kYearUs);
  orphan.make(dir / "state");
  orphan_in(dir, 5).make(dir / "state");
  Start start(dir);
  start.what.buffer = orphan.durable_name;
  start.what.shift_versions = 0s;
  CHECK(start.recover().recovered.synced == 4);
  CHECK(folders(dir) == 1);
  CHECK(catalog_number(dir, "SELECT min(sync_version) FROM measurements") >
        version_of(now_us() - kVersionEpochUnixUs, 0));
}

TEST_CASE("a reserve that a clock left far ahead goes down with a shift, unless another process lives", "[threads]") {
  const TemporaryDirectory dir;
  { Start(dir).run(); }
  const auto sources = VersionClock::system_sources();
  const VersionReserve reserve(dir / "state" / "version-reserve");
  {
    // By a clock ten years ahead, before a reboot.
    reserve.extend(now_us() - kVersionEpochUnixUs + 10 * kYearUs, sources);
    std::string text = dir.read("state/version-reserve");
    text.replace(text.find_first_not_of('0', 21), 1, "9");
    dir.write("state/version-reserve", text);
  }
  const std::int64_t ahead = reserve.floor_us(sources);
  REQUIRE(ahead > now_us() - kVersionEpochUnixUs + 9 * kYearUs);
  orphan_in(dir, 4, now_us() + 10 * kYearUs).make(dir / "state");
  Start start(dir);
  start.what.shift_versions = -10 * 365 * 24h;
  {
    const StateDirectory state(dir / "state");
    const BufferFolder live = state.create_buffer(Durability::process, "sqlite:/elsewhere.db");
    start.what.buffer = "none of that name";
    start.recover();
    CHECK(reserve.floor_us(sources) == ahead);
    StateDirectory::remove_buffer(live);
  }
  start.what.buffer.clear();
  CHECK(start.recover().recovered.synced == 4);
  CHECK_THAT(start.log, Catch::Contains("version reserve is down to"));
  const std::int64_t floor = reserve.floor_us(sources);
  CHECK(floor < now_us() - kVersionEpochUnixUs + 5 * kSecondUs);
  // New rows win over those that were moved.
  Start next(dir);
  Buffer buffer(next.options);
  Writer writer = buffer.writer("measurements");
  CHECK(writer.next_version() > catalog_number(dir, "SELECT max(sync_version) FROM measurements"));
}

TEST_CASE("an emptied folder whose ledger cannot be asked stays for the next start") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  orphan_in(dir, 0).make(dir / "state");
  AdoptionOptions options;
  options.wanted.destination = catalog_options(dir).destination;
  StreamRegistry streams({measurements()});
  std::string log;
  const auto say = [&](LogLevel, std::string_view line) { log += line; };
  {
    const AdoptedOrphans adopted = adopt_orphans(state, options, streams);
    REQUIRE(adopted.buffers.size() == 1);
    CHECK_FALSE(finish_adoption(
        state, adopted.buffers[0],
        [](const std::string&) -> BufferTotals { throw Error(ErrorCode::destination, "away"); }, say));
    CHECK_THAT(log, Catch::Contains("stays for the next start: away"));
    CHECK(folders(dir) == 1);
  }
  const AdoptedOrphans adopted = adopt_orphans(state, options, streams);
  REQUIRE(adopted.buffers.size() == 1);
  CHECK(finish_adoption(
      state, adopted.buffers[0],
      [](const std::string& buffer) {
        return BufferTotals{buffer, "x", {}};
      },
      say));
  CHECK(folders(dir) == 0);
}
