// Streams as a program that embeds forebay meets them: declared while the Buffer runs, and held one by one where a
// table is at fault.
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <thread>
#include <type_traits>
#include <vector>

#include "forebay/forebay.hpp"
#include "sink/contract.hpp"
#include "support/comes_true.hpp"
#include "support/in_child.hpp"
#include "support/own_database.hpp"
#include "support/sanitizers.hpp"
#include "support/temporary_directory.hpp"

#define ON_EACH_DESTINATION(sentence)                                                 \
  TEMPLATE_TEST_CASE(sentence, "[postgres][threads]", forebay::test::PostgresFixture, \
                     forebay::test::OpenGauss5AFixture, forebay::test::SqliteFixture)

namespace forebay::test {
namespace {

using namespace std::chrono_literals;

/// Each batch is of what force_sync() or the batch size seals: nothing is sent by its age.
Options options_for(const SinkFixture& fixture, const TemporaryDirectory& dir) {
  Options o;
  o.destination = fixture.url();
  o.state_directory = dir / "state";
  o.interval = 1h;
  o.control_socket = false;
  o.log = [](LogLevel, std::string_view) {};
  return o;
}

void add(Writer& writer, std::int64_t from, std::int64_t rows) {
  for (std::int64_t i = from; i < from + rows; ++i) writer.add(small_row(1, "/" + std::to_string(i), i, "note"));
}

void add_files(Writer& writer, int from, int rows) {
  for (int i = from; i < from + rows; ++i) writer.add_file({.backup_set_id = 1, .path = "/f" + std::to_string(i)});
}

std::vector<std::string> names(const std::vector<HeldStream>& held) {
  std::vector<std::string> all;
  for (const HeldStream& h : held) all.push_back(h.name);
  return all;
}

using Names = std::vector<std::string>;

/// By table and by ledger: each row once.
void check_landed(SinkFixture& fixture, const std::string& table, int rows) {
  INFO(table);
  CHECK(fixture.one("SELECT count(*) FROM " + table) == std::to_string(rows));
  CHECK(fixture.query("SELECT sum(synced), sum(superseded), sum(last_row - first_row + 1) FROM sync_batches WHERE "
                      "stream = '" +
                      table + "'") == Rows{{std::to_string(rows), "0", std::to_string(rows)}});
}

void make_tables(SinkFixture& fixture, const std::vector<const Stream*>& streams) {
  opens(*fixture.destination()->make_sink(streams));
}

ON_EACH_DESTINATION("a stream that is declared while the buffer runs is written and lands") {
  TestType fixture;
  if (!fixture.available()) return;
  const TemporaryDirectory dir;
  Buffer buffer(options_for(fixture, dir));
  Writer files = buffer.writer();
  add_files(files, 0, 3);
  REQUIRE(buffer.force_sync().settled);  // connected, and without a word of what comes
  CHECK_THROWS_WITH(buffer.writer("late"), Catch::Contains("no stream is named late"));
  CHECK_THROWS_AS(buffer.get_stats("late"), Error);

  buffer.declare_stream(small_stream("late"));
  Writer late = buffer.writer("late");
  add(late, 0, 5);
  add_files(files, 3, 3);
  CHECK(buffer.force_sync().outcome() == SyncOutcome::complete);
  CHECK(buffer.get_stats("late").synced == 5);
  check_landed(fixture, "late", 5);
  check_landed(fixture, "backup_files", 6);
  CHECK(buffer.stop().settled);
}

TEST_CASE("a declaration may come again, and another one of its name is refused with what differs", "[threads]") {
  const SqliteFixture fixture;
  const TemporaryDirectory dir;
  Options options = options_for(fixture, dir);
  options.streams = {small_stream("a")};
  Buffer buffer(options);
  CHECK_NOTHROW(buffer.declare_stream(small_stream("a")));
  CHECK_NOTHROW(buffer.declare_stream(backup_files_stream()));
  CHECK_NOTHROW(buffer.declare_stream(small_stream("b")));
  CHECK_NOTHROW(buffer.declare_stream(small_stream("b")));

  Stream other = small_stream("b");
  other.table = "c";
  try {
    buffer.declare_stream(other);
    FAIL("taken");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::usage);
    CHECK(std::string(e.what()) ==
          "stream b is declared already, and differs: its table is 'b', not 'c'; declare it as it is, or under another "
          "name");
  }
  other.key.clear();
  CHECK_THROWS_WITH(buffer.declare_stream(other), Catch::Contains("has no key"));

  static_cast<void>(buffer.stop());
  try {
    buffer.declare_stream(small_stream("d"));
    FAIL("taken");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::stopped);
  }
}

ON_EACH_DESTINATION("a stream whose table is missing waits while another lands, and lands when the table is there") {
  TestType fixture;
  if (!fixture.available()) return;
  make_tables(fixture, {&backup_files_stream()});
  fixture.exec("ALTER TABLE backup_files RENAME TO aside");
  const TemporaryDirectory dir;
  Options options = options_for(fixture, dir);
  options.streams = {small_stream("others")};
  options.batch_rows_max = 10;
  Buffer buffer(options);
  Writer files = buffer.writer();
  Writer others = buffer.writer("others");
  // What is left of each goes into one batch with the other.
  add_files(files, 0, 25);
  add(others, 0, 25);
  const SyncResult first = buffer.force_sync(100ms);
  CHECK_FALSE(first.settled);
  REQUIRE(comes_true([&] { return buffer.get_stats("others").pending == 0; }));
  REQUIRE(comes_true([&] { return !buffer.get_sync_status().held_streams.empty(); }));

  const SyncResult again = buffer.force_sync(100ms);
  CHECK(again.outcome() == SyncOutcome::unsettled);
  CHECK(names(again.held_streams) == Names{"backup_files"});
  CHECK(again.pending_rows == 25);
  const SyncStatus status = buffer.get_sync_status();
  CHECK(names(status.held_streams) == Names{"backup_files"});
  CHECK_THAT(status.held_streams.at(0).error, Catch::Contains("table backup_files"));
  CHECK(status.held_streams.at(0).error == status.last_error);
  CHECK(status.held_streams.at(0).since_us == status.destination_since_us);
  CHECK(status.destination_state == DestinationState::misconfigured);
  CHECK(status.of("backup_files").pending == 25);
  CHECK(status.of("backup_files").synced == 0);
  CHECK(status.of("others").synced == 25);
  check_landed(fixture, "others", 25);

  // What comes meanwhile fares alike.
  add_files(files, 25, 5);
  add(others, 25, 5);
  static_cast<void>(buffer.force_sync(1ms));
  REQUIRE(comes_true([&] { return buffer.get_stats("others").synced == 30; }));
  CHECK(buffer.get_stats().pending == 30);

  fixture.exec("ALTER TABLE aside RENAME TO backup_files");
  const SyncResult all = buffer.force_sync(20s);
  INFO(all.last_error);
  CHECK(all.outcome() == SyncOutcome::complete);
  CHECK(all.held_streams.empty());
  CHECK(buffer.get_stats().synced == 30);
  CHECK(buffer.get_sync_status().destination_state == DestinationState::ok);
  CHECK(buffer.get_sync_status().last_error.empty());
  check_landed(fixture, "backup_files", 30);
  check_landed(fixture, "others", 30);
}

ON_EACH_DESTINATION("a table that goes under one of two streams holds that one, and nothing lands twice") {
  TestType fixture;
  if (!fixture.available()) return;
  const TemporaryDirectory dir;
  Options options = options_for(fixture, dir);
  options.streams = {small_stream("stays"), small_stream("goes")};
  options.batch_rows_max = 10;
  Buffer buffer(options);
  Writer stays = buffer.writer("stays");
  Writer goes = buffer.writer("goes");
  add(stays, 0, 15);
  add(goes, 0, 15);
  REQUIRE(buffer.force_sync().settled);

  // Another in its place: forebay makes no table where there is one.
  fixture.exec("ALTER TABLE goes RENAME TO gone");
  fixture.exec("CREATE TABLE goes (set_id integer)");
  fixture.hand_over("goes");
  add(stays, 15, 15);
  add(goes, 15, 15);
  static_cast<void>(buffer.force_sync(1ms));
  REQUIRE(comes_true([&] { return buffer.get_stats("stays").synced == 30; }));
  REQUIRE(comes_true([&] { return !buffer.get_sync_status().held_streams.empty(); }));
  const SyncStatus status = buffer.get_sync_status();
  CHECK(names(status.held_streams) == Names{"goes"});
  CHECK_THAT(status.last_error, Catch::Contains("table") && Catch::Contains("goes"));
  CHECK(status.of("goes").synced == 15);
  CHECK(status.of("goes").pending == 15);

  fixture.exec("DROP TABLE goes");
  fixture.exec("ALTER TABLE gone RENAME TO goes");
  const SyncResult all = buffer.force_sync(20s);
  INFO(all.last_error);
  CHECK(all.outcome() == SyncOutcome::complete);
  check_landed(fixture, "stays", 30);
  check_landed(fixture, "goes", 30);
}

ON_EACH_DESTINATION(
    "after kill -9 with a stream held, the other's rows land by recover(), and its own with the table") {
#ifdef FOREBAY_THREAD_SANITIZED
  if (std::is_base_of_v<OpenGaussFixture, TestType>) {
    WARN("skipped: the stand-in is a thread of this process, and the thread sanitizer then lets a child start none");
    return;
  }
#endif
  TestType fixture;
  if (!fixture.available()) return;
  make_tables(fixture, {&backup_files_stream()});
  fixture.exec("ALTER TABLE backup_files RENAME TO aside");
  const TemporaryDirectory dir;
  Options options = options_for(fixture, dir);
  options.streams = {small_stream("others")};
  options.batch_rows_max = 10;
  const std::string ended = in_child([&] {
    Buffer buffer(options);
    Writer files = buffer.writer();
    Writer others = buffer.writer("others");
    add_files(files, 0, 25);
    add(others, 0, 5);
    static_cast<void>(buffer.force_sync(1ms));
    expect(comes_true([&] { return !buffer.get_sync_status().held_streams.empty(); }), "backup_files is held");
    expect(comes_true([&] { return buffer.get_stats("others").synced == 5; }), "the others have landed");
    add(others, 5, 7);
    files.commit();
    others.commit();
    ::kill(::getpid(), SIGKILL);
  });
  REQUIRE(ended == "ended by Killed");

  RecoverOptions what{.options = options};
  what.options.drain_timeout = 1s;
  const RecoverResult without = recover(what);
  CHECK(without.outcome() == SyncOutcome::unsettled);
  CHECK(names(without.sync.held_streams) == Names{"backup_files"});
  CHECK(without.sync.pending_rows == 25);
  check_landed(fixture, "others", 12);

  fixture.exec("ALTER TABLE aside RENAME TO backup_files");
  CHECK(recover({.options = options}).outcome() == SyncOutcome::complete);
  check_landed(fixture, "backup_files", 25);
  check_landed(fixture, "others", 12);
  CHECK(std::filesystem::is_empty(dir / "state" / "buffers"));
}

TEST_CASE("a missing grant on one table holds its stream, and names the grant", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const OwnDatabase database(server);
  database.allow_create();
  const Stream mine = small_stream("mine");
  const Stream yours = small_stream("yours");
  opens(*database.destination()->make_sink({&mine, &yours}));
  database.exec("ALTER TABLE yours OWNER TO CURRENT_USER");
  const TemporaryDirectory dir;
  Options options = options_for(server, dir);
  options.destination = database.url();
  options.streams = {mine, yours};
  Buffer buffer(options);
  Writer to_mine = buffer.writer("mine");
  Writer to_yours = buffer.writer("yours");
  add(to_mine, 0, 5);
  add(to_yours, 0, 5);
  static_cast<void>(buffer.force_sync(1ms));
  REQUIRE(comes_true([&] { return buffer.get_stats("mine").synced == 5; }));
  REQUIRE(comes_true([&] { return !buffer.get_sync_status().held_streams.empty(); }));
  const SyncStatus status = buffer.get_sync_status();
  CHECK(names(status.held_streams) == Names{"yours"});
  CHECK_THAT(status.last_error, Catch::Contains("GRANT SELECT, INSERT, UPDATE ON public.yours TO"));
  database.exec("GRANT SELECT, INSERT, UPDATE ON yours TO " + database.role());
  CHECK(buffer.force_sync(20s).outcome() == SyncOutcome::complete);
  CHECK(database.one("SELECT count(*) FROM yours") == "5");
}

TEST_CASE("a schema that is not there holds the stream of its table", "[postgres][threads]") {
  PostgresFixture server;
  if (!server.available()) return;
  const TemporaryDirectory dir;
  Options options = options_for(server, dir);
  Stream elsewhere = small_stream("elsewhere");
  const std::string schema = server.schema() + "_more";
  elsewhere.table = schema + ".elsewhere";
  options.streams = {small_stream("here"), elsewhere};
  Buffer buffer(options);
  Writer here = buffer.writer("here");
  Writer there = buffer.writer("elsewhere");
  add(here, 0, 5);
  add(there, 0, 5);
  static_cast<void>(buffer.force_sync(1ms));
  REQUIRE(comes_true([&] { return buffer.get_stats("here").synced == 5; }));
  REQUIRE(comes_true([&] { return !buffer.get_sync_status().held_streams.empty(); }));
  CHECK(names(buffer.get_sync_status().held_streams) == Names{"elsewhere"});
  CHECK_THAT(buffer.get_sync_status().last_error, Catch::Contains(schema));

  server.exec("CREATE SCHEMA " + schema);
  CHECK(buffer.force_sync(20s).outcome() == SyncOutcome::complete);
  CHECK(server.one("SELECT count(*) FROM " + schema + ".elsewhere") == "5");
  static_cast<void>(buffer.stop());
  server.exec("DROP SCHEMA " + schema + " CASCADE");
}

/// Two streams of a catalog: the table of `held` does not fit, until mend().
class HeldSite {
 public:
  explicit HeldSite(const std::function<void(Options&)>& change = [](Options&) {}) {
    make_tables(fixture, {});  // the file is forebay's
    fixture.exec("CREATE TABLE held (set_id integer)");
    Options options = options_for(fixture, dir);
    options.streams = {small_stream("held"), small_stream("free")};
    options.batch_rows_max = 100;
    change(options);
    buffer.emplace(options);
    held.emplace(buffer->writer("held"));
    free.emplace(buffer->writer("free"));
  }
  void mend() { fixture.exec("DROP TABLE held"); }
  bool is_held() {
    return comes_true([&] { return !buffer->get_sync_status().held_streams.empty(); });
  }

  SqliteFixture fixture;
  TemporaryDirectory dir;
  std::optional<Buffer> buffer;
  std::optional<Writer> held, free;
};

TEST_CASE("rows of a held stream leave memory for the disk, and do not stop the producers of others", "[threads]") {
  HeldSite site([](Options& o) { o.memory_rows_max = 500; });
  add(*site.held, 0, 3000);
  REQUIRE(site.is_held());
  for (int round = 0; round < 10; ++round) {
    add(*site.free, round * 300, 300);
    REQUIRE(comes_true([&] { return site.buffer->get_sync_status().memory_rows <= 500; }));
  }
  static_cast<void>(site.buffer->force_sync(1ms));
  REQUIRE(comes_true([&] { return site.buffer->get_stats("free").synced == 3000; }));
  const SyncStatus status = site.buffer->get_sync_status();
  CHECK(status.of("held").pending == 3000);
  CHECK(status.journaled_rows == 3000);
  CHECK(status.memory_rows <= 500);
  site.mend();
  CHECK(site.buffer->force_sync(20s).outcome() == SyncOutcome::complete);
  check_landed(site.fixture, "held", 3000);
  check_landed(site.fixture, "free", 3000);
}

TEST_CASE("stop() sends what it can, names the held stream, and keeps its rows for the next buffer", "[threads]") {
  HeldSite site;
  add(*site.held, 0, 250);
  add(*site.free, 0, 250);
  const auto start = std::chrono::steady_clock::now();
  const SyncResult result = site.buffer->stop(1s);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(result.outcome() == SyncOutcome::unsettled);
  CHECK(result.pending_rows == 250);
  CHECK(result.unsaved_rows == 0);
  CHECK(names(result.held_streams) == Names{"held"});
  CHECK_THAT(result.last_error, Catch::Contains("stream held"));
  check_landed(site.fixture, "free", 250);
  site.mend();
  Buffer next(options_for(site.fixture, site.dir));
  CHECK(next.get_sync_status().recovered.accepted == 250);
  CHECK(next.stop().settled);
  check_landed(site.fixture, "held", 250);
}

TEST_CASE("without a buffer the producer of a held stream is told in time, while others land", "[threads]") {
  HeldSite site([](Options& o) {
    o.buffered = false;
    o.batch_rows_max = 10;
    o.drain_timeout = 1s;
  });
  std::atomic<bool> told{false};
  std::jthread busy([&] {
    for (int i = 0; !told; i += 10) add(*site.free, i, 10);
  });
  try {
    add(*site.held, 0, 10);
    FAIL_CHECK("the batch landed");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::destination);
  }
  told = true;
  busy.join();
  CHECK(site.buffer->get_stats("free").synced >= 10);
  CHECK(site.buffer->get_stats("free").pending == 0);
  site.mend();
  CHECK(site.buffer->force_sync(20s).settled);
  CHECK(site.buffer->get_stats("held").synced == 10);
}

TEST_CASE("a table that refuses most of its stream's rows holds that stream, and quarantines none", "[threads]") {
  SqliteFixture fixture;
  const Stream held = small_stream("held");
  make_tables(fixture, {&held});
  fixture.exec("CREATE TRIGGER no BEFORE INSERT ON held BEGIN SELECT RAISE(ABORT, 'no'); END");
  const TemporaryDirectory dir;
  Options options = options_for(fixture, dir);
  options.streams = {held, small_stream("free")};
  Buffer buffer(options);
  Writer to_held = buffer.writer("held");
  Writer to_free = buffer.writer("free");
  add(to_held, 0, 200);
  add(to_free, 0, 200);
  static_cast<void>(buffer.force_sync(1ms));
  REQUIRE(comes_true([&] { return buffer.get_stats("free").synced == 200; }));
  REQUIRE(comes_true([&] { return !buffer.get_sync_status().held_streams.empty(); }));
  CHECK_THAT(buffer.get_sync_status().last_error, Catch::Contains("refuses more than half of the rows of stream held"));
  CHECK(buffer.get_stats("held").quarantined == 0);
  fixture.exec("DROP TRIGGER no");
  CHECK(buffer.force_sync(20s).outcome() == SyncOutcome::complete);
  check_landed(fixture, "held", 200);
}

TEST_CASE("threads declare streams and write to them at once", "[threads]") {
  SqliteFixture fixture;
  const TemporaryDirectory dir;
  Options options = options_for(fixture, dir);
  options.batch_rows_max = 50;
  Buffer buffer(options);
  constexpr int kThreads = 4;
  constexpr int kStreams = 5;
  constexpr int kRows = 60;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int s = 0; s < kStreams; ++s) {
          const std::string name = "shared_" + std::to_string(s);
          buffer.declare_stream(small_stream(name));
          Writer writer = buffer.writer(name);
          add(writer, t * kRows, kRows);
          static_cast<void>(buffer.get_stats(name));
        }
      });
    }
  }
  CHECK(buffer.stop().outcome() == SyncOutcome::complete);
  for (int s = 0; s < kStreams; ++s) check_landed(fixture, "shared_" + std::to_string(s), kThreads * kRows);
}

}  // namespace
}  // namespace forebay::test
