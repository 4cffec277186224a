// What adoption does for a process of level `memory` that was killed.

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <functional>

#include "forebay/buffer.hpp"
#include "state/totals.hpp"
#include "support/catalog_buffer.hpp"

namespace fs = std::filesystem;
using namespace forebay;
using namespace forebay::test;

namespace {

/// State and catalog of a level `memory` buffer, with a log that is kept. The destination is away while `away()`: a
/// directory that stands where the catalog should be cannot be opened.
struct Site {
  explicit Site(Durability durability = Durability::memory) : options(catalog_options(dir)) {
    options.durability = durability;
    options.log = [this](LogLevel level, std::string_view line) {
      if (level != LogLevel::debug) (log += line) += '\n';
    };
  }
  void away() const { fs::create_symlink("nowhere/catalog.db", dir / "catalog.db"); }
  void back() const { fs::remove(dir / "catalog.db"); }

  /// Runs `work` in a process that dies by kill -9 at its end, destination away at first.
  void killed(const std::function<void(Buffer&, Writer&)>& work) const {
    away();
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        Buffer buffer(options);
        Writer writer = buffer.writer("measurements");
        work(buffer, writer);
        ::kill(::getpid(), SIGKILL);
      } catch (const std::exception& e) {
        ::_exit(1);
      }
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    if (fs::is_symlink(dir / "catalog.db")) back();
  }
  SyncStatus start() {
    log.clear();
    Buffer buffer(options);
    CHECK(buffer.stop().settled);
    return buffer.get_sync_status();
  }
  std::vector<fs::path> checkpoints() const {
    std::vector<fs::path> found;
    for (const auto& e : fs::directory_iterator(dir / "state" / "checkpoints")) {
      if (e.path().extension() == ".db") found.push_back(e.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  bool any_buffers() const { return !fs::is_empty(dir / "state" / "buffers"); }

  TemporaryDirectory dir;
  Options options;
  std::string log;
};

void add(Writer& writer, int first, int last) {
  for (int i = first; i <= last; ++i) writer.add(Measurement("a", i));
}

void two_checkpoints(Buffer& buffer, Writer& writer) {
  add(writer, 1, 30);
  buffer.create_checkpoint();
  add(writer, 31, 40);
  buffer.create_checkpoint();
  add(writer, 41, 45);
}

}  // namespace

TEST_CASE("at level memory a killed process's rows come back up to its newest checkpoint", "[threads]") {
  Site site;
  site.killed(two_checkpoints);
  REQUIRE(site.checkpoints().size() == 2);
  const SyncStatus status = site.start();
  CHECK(status.recovered.synced == 40);
  CHECK(status.damaged_checkpoints == 0);
  CHECK(catalog_number(site.dir, "SELECT count(*) FROM measurements") == 40);
  CHECK_THAT(site.log, Catch::Contains("continues from its checkpoint " + site.checkpoints()[1].string() + " of 20"));
  CHECK_THAT(site.log, Catch::Contains("40 rows; rows added after that, and not sent yet, are lost"));
  CHECK_FALSE(site.any_buffers());
  CHECK(site.start().recovered.accepted == 0);
  CHECK(site.log.find("checkpoint") == std::string::npos);
}

TEST_CASE("a damaged newest checkpoint is told, and the one before it is used", "[threads]") {
  Site site;
  site.killed(two_checkpoints);
  const auto checkpoints = site.checkpoints();
  REQUIRE(checkpoints.size() == 2);
  fs::resize_file(checkpoints[1], fs::file_size(checkpoints[1]) / 2);
  const SyncStatus status = site.start();
  CHECK(status.recovered.synced == 30);
  CHECK(status.damaged_checkpoints == 1);
  CHECK_THAT(site.log, Catch::Contains(checkpoints[1].string()) &&
                           Catch::Contains("continues from its checkpoint " + checkpoints[0].string()));
  CHECK(fs::exists(checkpoints[1]));
}

TEST_CASE("rows of a checkpoint that had landed before the kill are known, and not counted twice", "[threads]") {
  Site site;
  site.killed([&](Buffer& buffer, Writer& writer) {
    add(writer, 1, 20);
    buffer.create_checkpoint();
    site.back();
    if (!buffer.force_sync().settled) ::_exit(1);
    add(writer, 21, 25);  // never sealed, never in a checkpoint
  });
  REQUIRE(catalog_number(site.dir, "SELECT count(*) FROM measurements") == 20);
  const SyncStatus status = site.start();
  CHECK(status.recovered.synced == 20);
  CHECK(status.recovered.superseded == 0);
  CHECK(catalog_number(site.dir, "SELECT sum(rows) FROM sync_batches") == 20);
  const auto totals = read_totals(site.dir / "state");
  REQUIRE(totals.size() == 1);
  CHECK(totals[0].synced == 20);
  CHECK(totals[0].accepted == 20);
}

TEST_CASE("without a checkpoint the loss is told, in one line for all", "[threads]") {
  Site site;
  site.options.recover = false;
  for (int i = 0; i < 3; ++i) site.killed([](Buffer&, Writer& writer) { add(writer, 1, 5); });
  site.options.recover = true;
  CHECK(site.start().recovered.accepted == 0);
  CHECK_THAT(site.log, Catch::Contains("and 2 more there: level memory, no orderly end, and no checkpoint in " +
                                       (site.dir / "state" / "checkpoints").string()));
  CHECK(site.log.find("no orderly end") == site.log.rfind("no orderly end"));
  CHECK_FALSE(site.any_buffers());
}

TEST_CASE("after an orderly end at level memory nothing is lost, and no checkpoint is looked at", "[threads]") {
  Site site;
  site.away();
  {
    Buffer buffer(site.options);
    Writer writer = buffer.writer("measurements");
    add(writer, 1, 10);
    buffer.create_checkpoint();
    add(writer, 11, 15);
    CHECK_FALSE(buffer.stop(std::chrono::milliseconds(0)).settled);
  }
  site.back();
  CHECK(site.start().recovered.synced == 15);
  CHECK(site.log.find("checkpoint") == std::string::npos);
  CHECK(site.log.find("lost") == std::string::npos);
}

TEST_CASE("at level process a checkpoint is not looked at: the journals hold more", "[threads]") {
  Site site(Durability::process);
  site.killed([](Buffer& buffer, Writer& writer) {
    two_checkpoints(buffer, writer);
    writer.commit();
  });
  REQUIRE(site.checkpoints().size() == 2);
  CHECK(site.start().recovered.synced == 45);
  CHECK(site.log.find("checkpoint") == std::string::npos);
}
