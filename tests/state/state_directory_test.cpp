#include "state/state_directory.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <iostream>

#include "adoption/adoption_lines.hpp"
#include "base/private_path.hpp"
#include "forebay/error.hpp"
#include "state/version_reserve.hpp"
#include "support/orphan.hpp"
#include "support/temporary_directory.hpp"

namespace fs = std::filesystem;
using namespace forebay;
using namespace forebay::test;

namespace {

const std::string kHere = "sqlite:/here.db";

FoundOrphans found_in(const StateDirectory& state, bool any_destination = false) {
  return state.lock_orphans({kHere, any_destination, {}});
}

Orphan orphan_for(const std::string& destination, int rows = 3) {
  Orphan orphan;
  orphan.destination = destination;
  orphan.rows = rows;
  return orphan;
}

void make_fifo(const fs::path& path) {
  fs::remove_all(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
}

void make_link(const fs::path& path, const fs::path& target) {
  fs::remove_all(path);
  fs::create_symlink(target, path);
}

}  // namespace

TEST_CASE("a half-made folder is removed when its maker is dead, and left while its maker lives") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path buffers = dir / "state" / "buffers";
  fs::create_directory(buffers / ".dead-at-once");
  fs::create_directory(buffers / ".dead-before-its-manifest");
  std::ofstream(buffers / ".dead-before-its-manifest" / "lock");
  fs::create_directory(buffers / ".dead-in-its-manifest");
  std::ofstream(buffers / ".dead-in-its-manifest" / "lock");
  std::ofstream(buffers / ".dead-in-its-manifest" / "manifest.new") << "{\"format\": 1, \"buf";
  fs::create_directory(buffers / ".alive");
  const FileLock::Attempt held = FileLock::create(buffers / ".alive" / "lock");
  REQUIRE(held.outcome == FileLock::Outcome::taken);
  const FoundOrphans found = found_in(state);
  CHECK(found.locked.empty());
  CHECK(found.left_alone.empty());
  std::vector<std::string> left;
  for (const auto& e : fs::directory_iterator(buffers)) left.push_back(e.path().filename().string());
  CHECK(left == std::vector<std::string>{".alive"});
}

TEST_CASE("a buffer whose half-made folder someone takes away begins again under another name", "[threads]") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  // One child makes buffers, the other cleans up without a pause: whatever the order, each buffer made is whole.
  const pid_t cleaner = ::fork();
  if (cleaner == 0) {
    try {
      for (;;) found_in(state);
    } catch (const std::exception& e) {
      std::cerr << e.what() << '\n';
    }
    ::_exit(1);
  }
  for (int i = 0; i < 300; ++i) {
    const BufferFolder folder = state.create_buffer(Durability::process, "sqlite:/elsewhere.db");
    CHECK(read_manifest(folder.path).buffer == folder.manifest.buffer);
    CHECK(FileLock::try_lock(folder.path / "lock").outcome == FileLock::Outcome::held);
    CHECK(StateDirectory::remove_buffer(folder));
  }
  ::kill(cleaner, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(cleaner, &status, 0) == cleaner);
  CHECK(WIFSIGNALED(status));
}

TEST_CASE("a removal that was cut short is brought to its end") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path folder = orphan_for(kHere, 0).make(dir / "state");
  fs::remove(folder / "manifest");
  const bool lock_gone = GENERATE(false, true);
  if (lock_gone) fs::remove(folder / "lock");
  const FoundOrphans found = found_in(state);
  CHECK(found.locked.empty());
  CHECK(found.left_alone.empty());
  CHECK_FALSE(fs::exists(folder));
}

TEST_CASE("a folder whose manifest is gone or torn keeps its rows, and --to takes them") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  Orphan orphan = orphan_for(kHere);
  const fs::path folder = orphan.make(dir / "state");
  const bool torn = GENERATE(false, true);
  if (torn) {
    fs::resize_file(folder / "manifest", fs::file_size(folder / "manifest") / 2);
  } else {
    fs::remove(folder / "manifest");
  }
  {
    const FoundOrphans found = found_in(state);
    CHECK(found.locked.empty());
    REQUIRE(found.left_alone.size() == 1);
    CHECK(found.left_alone[0].cause == LeftAlone::Cause::unreadable);
    CHECK_THAT(found.left_alone[0].why, Catch::Contains("manifest") && Catch::Contains("recover --to URL"));
  }
  FoundOrphans found = found_in(state, /*any_destination=*/true);
  REQUIRE(found.locked.size() == 1);
  CHECK(found.locked[0].manifest.buffer == orphan.durable_name);
  StreamRegistry streams({measurements()});
  CHECK(adopt(std::move(found.locked[0]), streams).rows == 3);
}

TEST_CASE("a manifest of a newer format is left to the forebay that can read it") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path folder = orphan_for(kHere).make(dir / "state");
  write_private_file(folder / "manifest", "{\"format\": 2}\n", false);
  const FoundOrphans found = found_in(state, /*any_destination=*/true);
  CHECK(found.locked.empty());
  REQUIRE(found.left_alone.size() == 1);
  CHECK_THAT(found.left_alone[0].why, Catch::Contains("newer than this forebay"));
}

TEST_CASE("a buffer of another host stays, and --to takes it") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path folder = orphan_for(kHere).make(dir / "state");
  Manifest elsewhere = read_manifest(folder);
  elsewhere.host = elsewhere.boot_id = elsewhere.machine = "elsewhere";
  write_manifest(folder, elsewhere, false);
  {
    const FoundOrphans found = found_in(state);
    CHECK(found.locked.empty());
    REQUIRE(found.left_alone.size() == 1);
    CHECK_THAT(found.left_alone[0].why, Catch::Contains("forebay recover --host elsewhere sends"));
  }
  CHECK(found_in(state, /*any_destination=*/true).locked.size() == 1);
}

TEST_CASE("a host is known by its name, its running kernel or its machine, and by nothing that is empty") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path folder = orphan_for(kHere).make(dir / "state");
  const Manifest own = read_manifest(folder);
  CHECK(is_of_this_host(own));
  Manifest renamed = own;
  renamed.host = "renamed";
  CHECK(is_of_this_host(renamed));  // a container's next start
  renamed.boot_id = "another boot";
  CHECK(is_of_this_host(renamed) == !machine_id().empty());
  for (const std::string& other : {std::string("another machine"), std::string()}) {
    renamed.machine = other;
    CHECK_FALSE(is_of_this_host(renamed));
  }
  renamed.boot_id.clear();
  CHECK_FALSE(is_of_this_host(renamed));
  renamed.host = own.host;
  CHECK(is_of_this_host(renamed));
}

TEST_CASE("a free lock makes an orphan, whatever lives under the pid that its manifest names") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path folder = orphan_for(kHere).make(dir / "state");
  REQUIRE(read_manifest(folder).pid == ::getpid());  // alive: as if the pid had been given out again
  CHECK(found_in(state).locked.size() == 1);
}

TEST_CASE("what is planted in place of a lock or manifest is refused, and the other buffers are adopted") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path victim = dir.write("victim", "not to be touched");
  const std::string name = GENERATE("lock", "manifest");
  for (const char* what : {"symlink", "fifo", "directory", "gone"}) {
    CAPTURE(name, what);
    const fs::path folder = orphan_for(kHere).make(dir / "state");
    const fs::path good = orphan_for(kHere).make(dir / "state");
    if (what == std::string("symlink")) make_link(folder / name, victim);
    if (what == std::string("fifo")) make_fifo(folder / name);
    if (what == std::string("directory")) {
      fs::remove(folder / name);
      fs::create_directory(folder / name);
    }
    if (what == std::string("gone")) fs::remove(folder / name);
    const FoundOrphans found = found_in(state);  // and comes back: a FIFO would have it wait for ever
    REQUIRE(found.locked.size() == 1);
    CHECK(found.locked[0].path == good);
    REQUIRE(found.left_alone.size() == 1);
    CHECK(found.left_alone[0].path == folder);
    CHECK_THAT(found.left_alone[0].why, Catch::Contains(name));
    CHECK(fs::exists(folder / journal_name(1)));
    CHECK(dir.read("victim") == "not to be touched");
    fs::remove_all(folder);
    fs::remove_all(good);
  }
}

TEST_CASE("symlinks, FIFOs and open directories under buffers/ are told and not followed") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path elsewhere = orphan_for(kHere).make(dir / "other-state");
  make_link(dir / "state" / "buffers" / "planted-link", elsewhere);
  make_fifo(dir / "state" / "buffers" / "planted-fifo");
  fs::copy(elsewhere, dir / "state" / "buffers" / "planted-open");
  fs::permissions(dir / "state" / "buffers" / "planted-open", fs::perms::all);
  const FoundOrphans found = found_in(state);
  CHECK(found.locked.empty());
  std::vector<std::string> reasons;
  for (const LeftAlone& left : found.left_alone) reasons.push_back(left.path.filename().string() + ": " + left.why);
  REQUIRE(reasons.size() == 3);
  CHECK_THAT(reasons[0], Catch::Contains("planted-fifo: it is not a directory"));
  CHECK_THAT(reasons[1], Catch::Contains("planted-link: it is a symlink"));
  CHECK_THAT(reasons[2], Catch::Contains("planted-open: others may write to it"));
}

TEST_CASE("a symlink, a FIFO or an open directory in place of buffers/ is refused at the start") {
  const TemporaryDirectory dir;
  { const StateDirectory made(dir / "state"); }
  const fs::path buffers = dir / "state" / "buffers";
  const auto refusal = [&] {
    try {
      const StateDirectory state(dir / "state");
      return std::string("taken");
    } catch (const Error& e) {
      return std::string(e.what());
    }
  };
  fs::create_directory(dir / "target");
  make_link(buffers, dir / "target");
  CHECK_THAT(refusal(), Catch::Contains("buffers: it is a symlink"));
  CHECK(fs::is_empty(dir / "target"));
  make_fifo(buffers);
  CHECK_THAT(refusal(), Catch::Contains("not a directory"));
  fs::remove(buffers);
  fs::create_directory(buffers);
  fs::permissions(buffers, fs::perms::all);
  CHECK_THAT(refusal(), Catch::Contains("others may write to it"));
}

TEST_CASE("what is planted in place of the version reserve is refused and not written to") {
  const TemporaryDirectory dir;
  const fs::path victim = dir.write("victim", "not to be touched");
  const VersionReserve reserve(dir / "version-reserve");
  const auto sources = VersionClock::system_sources();
  make_link(dir / "version-reserve", victim);
  CHECK_THROWS_WITH(reserve.extend(1, sources), Catch::Contains("symlink"));
  make_fifo(dir / "version-reserve");
  CHECK_THROWS_WITH(reserve.floor_us(sources), Catch::Contains("FIFO"));
  fs::remove(dir / "version-reserve");
  fs::create_directory(dir / "version-reserve");
  CHECK_THROWS_WITH(reserve.floor_us(sources), Catch::Contains("directory"));
  CHECK(dir.read("victim") == "not to be touched");
}

TEST_CASE("a journal that is a symlink or a FIFO is told and left, and the others are read") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path folder = orphan_for(kHere, 5).make(dir / "state");
  make_link(folder / journal_name(7), folder / journal_name(1));
  make_fifo(folder / journal_name(8));
  FoundOrphans found = found_in(state);
  REQUIRE(found.locked.size() == 1);
  StreamRegistry streams({measurements()});
  const AdoptedBuffer adopted = adopt(std::move(found.locked[0]), streams);
  CHECK(adopted.rows == 5);
  CHECK(adopted.findings.size() == 2);
  CHECK_FALSE(StateDirectory::remove_buffer(adopted.folder));
}

TEST_CASE("a journal of another buffer never passes for one of its own") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  const fs::path folder = orphan_for(kHere, 5).make(dir / "state");
  const fs::path other = orphan_for("sqlite:/elsewhere.db", 2).make(dir / "state");
  fs::copy_file(other / journal_name(1), folder / "segment-000001.9.journal");  // segment 1 of another buffer
  FoundOrphans found = found_in(state);
  REQUIRE(found.locked.size() == 1);
  StreamRegistry streams({measurements()});
  CHECK(adopt(std::move(found.locked[0]), streams).rows == 7);
}

TEST_CASE("buffers that are left for one reason make one line") {
  std::vector<LeftAlone> left;
  for (int i = 0; i < 40; ++i) {
    left.push_back({"/state/buffers/" + std::to_string(i), LeftAlone::Cause::other_destination, "its rows are for x"});
  }
  left.push_back({"/state/buffers/last", LeftAlone::Cause::unreadable, "it is damaged"});
  const std::vector<std::string> lines = left_alone_lines(left);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "buffer /state/buffers/0 and 39 more there are left as they are: its rows are for x");
  CHECK(lines[1] == "buffer /state/buffers/last is left as it is: it is damaged");
  CHECK(left_alone_lines({}).empty());
}

TEST_CASE("a buffer that was made since orphans were looked for counts as one in use") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  orphan_for(kHere).make(dir / "state");
  orphan_for("sqlite:/elsewhere.db").make(dir / "state");
  const FoundOrphans found = found_in(state);
  CHECK(state.all_free(found));
  const BufferFolder live = state.create_buffer(Durability::process, kHere);
  CHECK_FALSE(state.all_free(found));
  CHECK_FALSE(state.all_free(found_in(state)));
}
