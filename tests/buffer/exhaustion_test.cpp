// What happens to rows when the machine has no more of something: memory, descriptors, threads, file size, disk space,
// inodes. Limits are set in child processes, so that they end with the test case.

#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "base/io.hpp"
#include "forebay/buffer.hpp"
#include "journal/reader.hpp"
#include "support/catalog_buffer.hpp"
#include "support/in_child.hpp"
#include "support/pipeline.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

void set_limit(int resource, rlim_t soft) {
  rlimit limit{};
  ::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
  limit.rlim_cur = soft;
  expect(::setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) == 0, "setrlimit");
}

rlim_t hard_limit(int resource) {
  rlimit limit{};
  ::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
  return limit.rlim_max;
}

std::uint64_t journaled_rows(const Pipeline& p) {
  std::uint64_t rows = 0;
  for (const auto& path : p.journal_files()) rows += JournalReader::summarize(path).rows;
  return rows;
}

/// Adds until one is refused; how many were taken.
std::int64_t fill(Pipeline& p, WriterCore& writer, std::int64_t from, std::int64_t rows_max, std::string& refusal) {
  for (std::int64_t i = from; i < from + rows_max; ++i) {
    try {
      p.add(writer, "a", i);
    } catch (const Error& e) {
      refusal = e.what();
      return i - from;
    }
  }
  return rows_max;
}

/// A mount namespace of this process's own, with a small file system at `path`. False when the kernel won't.
bool mount_small(const std::filesystem::path& path, const char* options) {
  return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("none", path.c_str(), "tmpfs", 0, options) == 0;
}

}  // namespace

TEST_CASE("at SQLite's heap limit a row is refused, counts stay right, and what commit said is in the journal",
          "[threads]") {
  const auto level = GENERATE(Durability::process, Durability::power);
  CHECK(in_child([&] {
          Pipeline p(limits_with(1'000'000), level, 1);
          const auto writer = p.store->make_writer(measurements());
          // Process-wide memory statistics, on which the limit rests, are on unless a program switches them off.
          sqlite3_hard_heap_limit64(sqlite3_memory_used() + 2'000'000);
          std::string refusal;
          std::int64_t next = 0;
          for (int round = 0; round < 20; ++round) {  // refused at other places of a row, of a group, of a page
            const std::int64_t taken = fill(p, *writer, next, 1'000'000, refusal);
            expect(!refusal.empty(), "a refusal");
            expect(refusal.find("memory") != std::string::npos, "memory named in: " + refusal);
            next += taken + 1;
            sqlite3_hard_heap_limit64(sqlite3_memory_used() + 50'000);
            refusal.clear();
          }
          sqlite3_hard_heap_limit64(0);
          writer->commit();
          const std::uint64_t accepted = p.counts().accepted;
          expect(accepted > 0 && accepted == p.counts().pending, "accepted rows pending");
          expect(journaled_rows(p) == accepted,
                 std::to_string(accepted) + " rows in the journal, not " + std::to_string(journaled_rows(p)));
          p.scheduler->start();
          expect(p.scheduler->force_sync(60s).settled, "settled");
          expect(p.landed_rows() == static_cast<std::int64_t>(accepted), "all at the destination");
        }) == "");
}

TEST_CASE("without a descriptor for a journal add says so, and goes on when there is one", "[threads]") {
  CHECK(in_child([&] {
          Pipeline p(limits_with(1), Durability::power, 0);  // a file for each row
          const auto writer = p.store->make_writer(measurements());
          p.add(*writer, "a", 0);
          // The undefined behaviour sanitizer opens a pipe when it meets a type's objects for the first time: those of
          // the failure to come it meets here.
          try {
            create_posix_file("/there is no such folder/file");
          } catch (const Error& e) {
            expect(std::string(e.what()).find("cannot create") == 0, e.what());
          }
          set_limit(RLIMIT_NOFILE, 3);
          std::string refusal;
          const std::int64_t taken = fill(p, *writer, 1, 1000, refusal);  // spare journals are open already
          expect(refusal.find("Too many open files") != std::string::npos &&
                     refusal.find("ulimit -n") != std::string::npos,
                 "open files named in: " + refusal);
          set_limit(RLIMIT_NOFILE, hard_limit(RLIMIT_NOFILE));
          p.add(*writer, "a", 5000);
          writer->commit();
          expect(p.counts().accepted == static_cast<std::uint64_t>(taken) + 2, "what was refused is not counted");
          expect(journaled_rows(p) == p.counts().accepted, "all in journals");
        }) == "");
}

TEST_CASE("without threads a Buffer and a Writer say so, and work once there are some", "[threads]") {
  const TemporaryDirectory dir;
  if (::geteuid() == 0) REQUIRE(::chown(dir.path().c_str(), 65534, 65534) == 0);
  CHECK(in_child([&] {
          if (::geteuid() == 0) {  // whom the limit does not bind
            expect(::setresgid(65534, 65534, 65534) == 0 && ::setresuid(65534, 65534, 65534) == 0, "another user");
          }
          set_limit(RLIMIT_NPROC, 0);
          expect_error([&] { Buffer(catalog_options(dir)); }, "thread");
          set_limit(RLIMIT_NPROC, hard_limit(RLIMIT_NPROC));
          Buffer buffer(catalog_options(dir));
          set_limit(RLIMIT_NPROC, 0);
          expect_error([&] { static_cast<void>(buffer.writer("measurements")); }, "ulimit -u");
          set_limit(RLIMIT_NPROC, hard_limit(RLIMIT_NPROC));
          Writer writer = buffer.writer("measurements");
          writer.add(Measurement("a", 1));
          expect(buffer.stop().settled, "settled");
        }) == "");
}

TEST_CASE("at the limit on file sizes commit fails instead of the process, and rows go on to the destination",
          "[threads]") {
  CHECK(in_child([&] {
          std::signal(SIGXFSZ, SIG_IGN);  // as the command does, and as docs/library.md tells who embeds
          Pipeline p(limits_with(100'000), Durability::process, 1);
          const auto writer = p.store->make_writer(measurements());
          for (int i = 0; i < 10; ++i) p.add(*writer, "a", i);
          writer->commit();
          set_limit(RLIMIT_FSIZE, 20'000);
          for (int i = 10; i < 990; ++i) p.add(*writer, "a", i);
          expect_error([&] { writer->commit(); }, "ulimit -f");
          expect_error([&] { p.add(*writer, "a", 990); }, "ulimit -f");
          set_limit(RLIMIT_FSIZE, hard_limit(RLIMIT_FSIZE));
          p.add(*writer, "a", 990);
          writer->commit();
          expect(journaled_rows(p) == 991, "991 rows in journals");
          p.scheduler->start();
          expect(p.scheduler->force_sync(60s).settled, "settled");
          expect(p.landed_rows() == 991, "all at the destination");
        }) == "");
}

TEST_CASE("on a full disk, or without inodes, add fails and says so; with room again nothing is missing [root]",
          "[root][threads]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can make a small file system");
    return;
  }
  const char* options = GENERATE("size=64k,mode=700", "nr_inodes=16,mode=700");
  const auto level = GENERATE(Durability::process, Durability::power);
  const TemporaryDirectory small;
  const TemporaryDirectory elsewhere;
  const std::string outcome = in_child([&] {
    if (!mount_small(small.path(), options)) throw std::runtime_error("skipped");
    Options o = catalog_options(elsewhere);  // the destination has room, and is away for now
    o.state_directory = small.path();
    o.durability = level;
    o.batch_rows_max = 50;
    o.connections = 1;
    std::filesystem::create_symlink("nowhere/catalog.db", elsewhere / "catalog.db");
    Buffer buffer(o);
    Writer writer = buffer.writer("measurements");
    std::uint64_t taken = 0;
    const std::string refusal = expect_error(
        [&] {
          for (; taken < 100'000; ++taken) {
            writer.add(Measurement("a", static_cast<std::int64_t>(taken)));
            if (taken % 50 == 0) writer.commit();
          }
        },
        "No space left on device");
    expect(refusal.find("FOREBAY_STATE_DIR") != std::string::npos, "the way out in: " + refusal);
    // What commit() failed of was taken all the same.
    const std::uint64_t accepted = buffer.get_stats("measurements").accepted;
    expect(accepted > 0, "some rows before the disk was full");
    expect(accepted == taken || accepted == taken + 1, "accepted are those that add() took");
    std::filesystem::remove(elsewhere / "catalog.db");
    const SyncResult result = buffer.stop(60s, [] { return false; });
    expect(result.settled, "settled, not: " + result.last_error);
    expect(catalog_number(elsewhere, "SELECT count(*) FROM measurements") == static_cast<std::int64_t>(accepted),
           "all at the destination");
    expect(std::filesystem::is_empty(small / "buffers"), "nothing left");
  });
  if (outcome == "skipped") {
    WARN("skipped: mounts are not allowed here");
    return;
  }
  CHECK(outcome == "");
}
