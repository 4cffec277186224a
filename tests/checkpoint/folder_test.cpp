// Where checkpoints are written: unfit folders, killed and concurrent writers, a full disk.

#include "checkpoint/folder.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "checkpoint/fixtures.hpp"
#include "forebay/error.hpp"
#include "support/die_at.hpp"

namespace forebay::test {
namespace {

TEST_CASE("folders that cannot serve for checkpoints are refused with what to do") {
  const TemporaryDirectory dir;
  const auto refusal = [&](const std::filesystem::path& folder) {
    try {
      small_checkpoint(folder);
    } catch (const Error& e) {
      CHECK(e.code() == ErrorCode::usage);
      return std::string(e.what());
    }
    return std::string();
  };
  std::filesystem::create_directory(dir / "open");
  REQUIRE(::chmod((dir / "open").c_str(), 0777) == 0);
  CHECK_THAT(refusal(dir / "open"), Catch::Contains("others may write to it; chmod 700"));
  REQUIRE(::chmod((dir / "open").c_str(), 01777) == 0);
  CHECK_THAT(refusal(dir / "open"), Catch::Contains("others may write to it"));
  REQUIRE(::chmod((dir / "open").c_str(), 0770) == 0);
  CHECK_THAT(refusal(dir / "open"), Catch::Contains("others may write to it"));
  std::filesystem::create_directory(dir / "real");
  std::filesystem::create_symlink(dir / "real", dir / "link");
  CHECK_THAT(refusal(dir / "link"), Catch::Contains("a symlink"));
  CHECK_THAT(refusal(dir / "link/"), Catch::Contains("a symlink"));
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK_THAT(refusal(dir / "fifo"), Catch::Contains("not a directory"));
  CHECK_THAT(refusal(dir.write("file", "x")), Catch::Contains("not a directory"));
  CHECK(names_in(dir / "open").empty());
  CHECK(names_in(dir / "real").empty());
  CHECK(refusal(dir / "real/").empty());
}

TEST_CASE("a checkpoint folder whose parent cannot be made is refused with that parent and the reason") {
  const TemporaryDirectory dir;
  std::filesystem::create_symlink(dir / "nowhere", dir / "link");
  CHECK_THROWS_WITH(
      small_checkpoint(dir / "link" / "checkpoints"),
      Catch::Contains("cannot create directory " + (dir / "link").string() + ": ") && !Catch::Contains("No such file"));
}

TEST_CASE("another user's folder is refused for checkpoints", "[root]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can give a directory to another user");
    return;
  }
  const TemporaryDirectory dir;
  std::filesystem::create_directory(dir / "theirs");
  REQUIRE(::chown((dir / "theirs").c_str(), 1, 1) == 0);
  CHECK_THROWS_WITH(small_checkpoint(dir / "theirs"), Catch::Contains("another user"));
}

TEST_CASE("what is planted under a temporary's name is neither followed nor written to") {
  const TemporaryDirectory dir;
  const auto folder = dir / "checkpoints";
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  const auto target = dir.write("target", "precious");
  std::filesystem::create_symlink(target, folder / (".checkpoint-" + kBufferId + "-1.tmp"));
  REQUIRE(::mkfifo((folder / (".checkpoint-" + kBufferId + "-2.tmp")).c_str(), 0600) == 0);
  const CheckpointFile file = small_checkpoint(folder);
  CHECK(refusal_of(file.path).empty());
  CHECK(dir.read("target") == "precious");
}

TEST_CASE("checkpoints of a buffer are numbered upwards, also when a hook takes them away") {
  const TemporaryDirectory dir;
  const auto number = [&](const std::string& buffer) {
    return CheckpointReader(small_checkpoint(dir / "checkpoints", 1, some_origin(buffer)).path).info().number;
  };
  CHECK(number("one") == 1);
  CHECK(number("two") == 1);
  CHECK(number("one") == 2);
  for (const std::string& name : names_in(dir / "checkpoints")) std::filesystem::remove(dir / "checkpoints" / name);
  CHECK(number("one") == 3);
  // Of another process's time, as a restart would find it.
  std::filesystem::copy_file(dir / "checkpoints" / names_in(dir / "checkpoints")[0],
                             dir / "checkpoints" / checkpoint_name("one", 0, 41));
  CHECK(number("one") == 42);
}

TEST_CASE("names of checkpoints tell buffer and number, and nothing passes for one that is none") {
  const std::string name = checkpoint_name("20260101T000000Z-42-0badcafe", 1'767'225'600'000'000, 17);
  CHECK(name == "checkpoint-20260101T000000Z-42-0badcafe-20260101T000000Z-17.db");
  const auto parsed = parse_checkpoint_name(name);
  REQUIRE(parsed);
  CHECK(parsed->buffer == "20260101T000000Z-42-0badcafe");
  CHECK(parsed->number == 17);
  for (const char* none : {"checkpoint-.db", "checkpoint-a-b.db", "checkpoint-a-b-.db", "checkpoint-a-b-1x.db",
                           "checkpoint-a/b-t-1.db", "checkpoint--t-1.db", "x-a-b-1.db", "checkpoint-a-b-1.tmp",
                           "checkpoint-.d", "checkpoint-a-b-99999999999999999999.db"}) {
    CAPTURE(none);
    CHECK_FALSE(parse_checkpoint_name(none));
  }
}

TEST_CASE("a writer that does not finish leaves nothing") {
  const TemporaryDirectory dir;
  {
    CheckpointWriter writer(dir / "checkpoints", some_origin());
    writer.add_segment(kBufferId, 1, measurements());
    writer.add_rows(measured_rows(2000));
    CHECK(names_in(dir / "checkpoints").size() == 1);
    CHECK(list_checkpoints(dir / "checkpoints").empty());  // it has not its name yet
  }
  CHECK(names_in(dir / "checkpoints").empty());
}

TEST_CASE("writers at once, of one buffer and of others, do not meet", "[threads]") {
  const TemporaryDirectory dir;
  std::vector<std::thread> threads;
  std::vector<CheckpointFile> files(8);
  for (std::size_t t = 0; t < files.size(); ++t) {
    threads.emplace_back([&, t] {
      files[t] = small_checkpoint(dir / "checkpoints", 50 + t, some_origin(t % 4 == 0 ? "other" : kBufferId));
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(names_in(dir / "checkpoints").size() == files.size());
  std::vector<std::uint64_t> numbers;
  for (std::size_t t = 0; t < files.size(); ++t) {
    CheckpointReader reader(files[t].path);
    reader.verify();
    CHECK(reader.info().rows == 50 + t);
    if (reader.info().origin.buffer == kBufferId) numbers.push_back(reader.info().number);
  }
  std::sort(numbers.begin(), numbers.end());
  CHECK((numbers == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6}));
}

/// A child that writes a checkpoint and is killed at the point, "" while it writes rows.
void write_and_die(const std::filesystem::path& folder, const char* point) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    die_at(point);
    CheckpointWriter writer(folder, some_origin());
    writer.add_segment(kBufferId, 1, measurements());
    writer.add_rows(measured_rows(5000));
    if (*point == '\0') ::kill(::getpid(), SIGKILL);
    writer.finish();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

TEST_CASE("a killed writer leaves no file with a checkpoint's name but a whole one, and the next cleans up",
          "[threads]") {
  const TemporaryDirectory dir;
  const auto folder = dir / "checkpoints";
  for (const char* point :
       {"", "a checkpoint is flushed, and not verified yet", "a checkpoint is whole, and has not its name yet"}) {
    CAPTURE(point);
    write_and_die(folder, point);
    CHECK(list_checkpoints(folder).empty());
    CHECK(names_in(folder).size() == 1);
  }
  {
    // What a live writer holds is not cleaned up.
    CheckpointWriter alive(folder, some_origin());
    alive.add_segment(kBufferId, 1, measurements());
    alive.add_rows(measured_rows(3));
    CHECK(names_in(folder).size() == 1);
    const CheckpointFile other = small_checkpoint(folder, 3, some_origin("other"));
    CHECK(names_in(folder).size() == 2);
    std::filesystem::remove(other.path);
    CHECK(refusal_of(alive.finish().path).empty());
  }
  write_and_die(folder, "a checkpoint has its name, and its folder is not flushed");
  CHECK(names_in(folder).size() == 2);
  for (const ListedCheckpoint& c : list_checkpoints(folder)) CHECK(refusal_of(c.path).empty());
}

TEST_CASE("a checkpoint that fills the disk fails with the reason, and leaves nothing", "[root]") {
  if (::geteuid() != 0) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const TemporaryDirectory disk;
  REQUIRE(::mount("none", disk.path().c_str(), "tmpfs", 0, "size=512k,mode=700") == 0);
  std::string why;
  try {
    CheckpointWriter writer(disk / "checkpoints", some_origin());
    writer.add_segment(kBufferId, 1, measurements());
    for (std::uint64_t first = 1; first < 200'000; first += 1000) writer.add_rows(measured_rows(1000, first));
    writer.finish();
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::local);
    why = e.what();
  }
  CHECK_THAT(why, Catch::Contains("full") && Catch::Contains("checkpoint"));
  CHECK(names_in(disk / "checkpoints").empty());
  CHECK(refusal_of(small_checkpoint(disk / "checkpoints").path).empty());
  CHECK(::umount(disk.path().c_str()) == 0);
}

}  // namespace
}  // namespace forebay::test
