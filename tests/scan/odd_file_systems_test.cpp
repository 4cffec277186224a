// File systems that give odd numbers, break off, lead back, never end or never answer.
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <thread>

#include "support/in_child.hpp"
#include "support/odd_file_system.hpp"
#include "support/scan_site.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

/// What is seen of a tree, without the place where it is mounted.
std::set<std::string> below(const std::string& root, const Scanned& scanned) {
  std::set<std::string> paths;
  for (const auto& [path, entry] : scanned.entries) paths.insert(path.substr(root.size()));
  return paths;
}

/// What find sees where nothing is wrong; empty where there is no FUSE.
const std::set<std::string>& whole_tree() {
  static const std::set<std::string> paths = [] {
    std::set<std::string> found;
    const OddFileSystem well("well");
    if (!well.available()) return found;
    for (const auto& [path, size] : found_under(well.path())) found.insert(path.substr(well.path().size()));
    return found;
  }();
  return paths;
}

std::set<std::string> whole_tree_without(const std::string& part) {
  std::set<std::string> paths = whole_tree();
  std::erase_if(paths, [&](const std::string& path) { return path.starts_with(part); });
  return paths;
}

std::string only_reason(const Scanned& scanned, const std::string& path) {
  REQUIRE(scanned.unreadable.size() == 1);
  CHECK(scanned.unreadable.begin()->first == path);
  CHECK(scanned.counted_unreadable == 1);
  return scanned.unreadable.begin()->second;
}

/// Ends the scan when it has heard of a call that is not answered.
struct Impatient : NobodyListens {
  void unanswered(const Unanswered& what) override {
    waits_for = what;
    stop = true;
  }
  void left_behind(const Unanswered& what) override { left = what; }

  std::atomic<bool> stop{false};
  Unanswered waits_for, left;
};

/// Cannot even be told.
struct Throwing : NobodyListens {
  void unanswered(const Unanswered&) override { throw std::runtime_error("nobody takes this"); }
};

/// Whether a thread of this process is in a system call that asks a file system.
bool any_thread_asks() {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    long call = -1;
    std::ifstream(thread.path() / "syscall") >> call;
    for (const long asking : {SYS_statx, SYS_newfstatat, SYS_openat, SYS_openat2, SYS_getdents64}) {
      if (call == asking) return true;
    }
  }
  return false;
}

struct Counting : EntryConsumer {
  explicit Counting(std::atomic<int>& to) : taken(to) {}
  std::int64_t next_version() override { return 1; }
  void take(std::int64_t, const FileRecord&) override { ++taken; }
  std::atomic<int>& taken;
};

}  // namespace

TEST_CASE("where inode numbers change, repeat or are all one, each entry is recorded and each directory entered",
          "[root][threads]") {
  const std::string way = GENERATE("renumber", "collide", "one", "zero", "twice");
  CAPTURE(way);
  const OddFileSystem odd(way);
  if (!odd.available()) return;
  REQUIRE(whole_tree().size() == 22);
  for (int threads = 1; threads <= 3; threads += 2) {
    const Scanned scanned = scan_tree(odd.path(), threads);
    CHECK(below(odd.path(), scanned) == whole_tree());
    CHECK(scanned.unreadable.empty());
    if (way != "twice") CHECK(scanned.entries.size() == whole_tree().size());
  }
}

TEST_CASE("where all directories have one number and are alike, forebay's own is left out, and no other",
          "[root][threads]") {
  const OddFileSystem odd("one");
  if (!odd.available()) return;
  ScanOptions options;
  options.roots = {odd.path()};
  options.own_paths = {odd / "c"};
  const Scanned scanned = scan_tree(options);
  CHECK(below(odd.path(), scanned) == whole_tree_without("/c"));
  options.roots = {odd / "a"};
  CHECK(scan_tree(options).has(odd / "a/b/b/f4"));
}

TEST_CASE("inode numbers that an overlay gives anew once the kernel let go of a directory are no change",
          "[root][threads][field][field-11]") {
  constexpr const char* kCannot = "no overlay, or its numbers stay";
  const Tree tree;
  const std::string said = answer_of_child([&]() -> std::string {
    const std::string top = tree.directory("top"), low = tree.directory("low"), merged = tree.directory("merged");
    if (!private_mounts() || ::mount("tmpfs", top.c_str(), "tmpfs", 0, nullptr) != 0) return kCannot;
    tree.directory("top/up");
    tree.directory("top/work");
    for (int i = 0; i < 300; ++i) tree.file("low/d" + std::to_string(i) + "/file");
    const std::string options = "lowerdir=" + low + ",upperdir=" + top + "/up,workdir=" + top + "/work,xino=off";
    if (::mount("overlay", merged.c_str(), "overlay", 0, options.c_str()) != 0) return kCannot;
    const auto number = [&] {
      struct stat st {};
      ::stat((merged + "/d7").c_str(), &st);
      return st.st_ino;
    };
    int directories = 0;
    ino_t before = 0, after = 0;
    ScanOptions scan_options;
    scan_options.roots = {merged};
    scan_options.threads = 1;
    const Scanned scanned = scan_tree(scan_options, [&](const FileRecord& record) {
      if (record.file_type != "directory" || ++directories != 301) return;
      before = number();
      std::ofstream("/proc/sys/vm/drop_caches") << "2";
      after = number();
    });
    if (before == after) return kCannot;
    return std::to_string(scanned.entries.size()) + " " + std::to_string(scanned.unreadable.size());
  });
  if (said == kCannot) {
    WARN("skipped: " << said);
    return;
  }
  CHECK(said == "601 0");
}

TEST_CASE("a directory that breaks off, is stale or is refused is told, and the rest of the tree is scanned",
          "[root][threads]") {
  const auto [way, reason] = GENERATE(table<std::string, std::string>({
      {"torn", "Input/output error"},
      {"stale", "vanished during the scan, or its server knows it no more (stale file handle)"},
      {"forbidden", "Operation not permitted"},
  }));
  CAPTURE(way);
  const OddFileSystem odd(way);
  if (!odd.available()) return;
  const Scanned scanned = scan_tree(odd.path(), 2);
  CHECK(only_reason(scanned, odd / "odd") == reason);
  std::set<std::string> expected = whole_tree_without("/odd/");
  if (way == "torn") expected.insert({"/odd/g0", "/odd/g1", "/odd/g2"});
  CHECK(below(odd.path(), scanned) == expected);
  CHECK(scanned.said.empty());  // EPERM of a file system is no refusal of a system call
}

TEST_CASE("a mount whose server dies is told for each path that is not answered, and the scan ends",
          "[root][threads]") {
  const OddFileSystem odd("dies");
  if (!odd.available()) return;
  const Tree beside;
  beside.file("file");
  ScanOptions options;
  options.roots = {odd.path(), beside.path()};
  const Scanned scanned = scan_tree(options);
  CHECK(scanned.has(beside / "file"));
  CHECK(scanned.unreadable.count(odd / "odd") == 1);
  CHECK(scanned.counted_unreadable == scanned.unreadable.size());
}

TEST_CASE("a file system that leads back into itself is told, not walked for ever", "[root][threads]") {
  const OddFileSystem odd("leads-back");
  if (!odd.available()) return;
  const Scanned scanned = scan_tree(odd.path(), 2);
  CHECK(only_reason(scanned, odd / "odd/back") ==
        "not entered: it is " + (odd / "odd") + " again: the file system leads back there (a loop)");
  std::set<std::string> expected = whole_tree();
  expected.insert("/odd/back");
  CHECK(below(odd.path(), scanned) == expected);
}

TEST_CASE("a listing that never ends is told and left", "[root][threads]") {
  const OddFileSystem odd("endless");
  if (!odd.available()) return;
  const Scanned scanned = scan_tree(odd.path(), 2);
  CHECK(only_reason(scanned, odd / "odd") == "its listing does not end: the same names come again and again");
  CHECK(below(odd.path(), scanned) == whole_tree());
}

TEST_CASE("times that no destination can hold are none, counted, and the first is told", "[root][threads]") {
  const OddFileSystem odd("times");
  if (!odd.available()) return;
  const Scanned scanned = scan_tree(odd.path());
  using Time = std::optional<std::int64_t>;
  CHECK(scanned.at(odd / "f0").modified_us == Time());
  CHECK(scanned.at(odd / "a/f1").modified_us == Time());
  CHECK(scanned.at(odd / "a/b/f2").modified_us == Time(9'223'372'036'854'775'807));  // the last one
  CHECK(scanned.at(odd / "a/b/b/f3").modified_us == Time());
  CHECK(scanned.at(odd / "a/b/b/f4").modified_us == Time(-210'866'803'200'000'000));  // the first one
  CHECK(scanned.at(odd / "c/f5").modified_us == Time());
  // Nanoseconds beyond a second do not make it a later second.
  CHECK(scanned.at(odd / "c/d/f6").modified_us == Time(253'402'300'800'999'999));
  CHECK(scanned.counted_times_left_out == 4);
  REQUIRE(scanned.said.size() == 1);
  CHECK(scanned.said.front().starts_with("time left out: " + odd.path()));
}

TEST_CASE("sizes that add up to more than 64 bits are told as they are", "[root][threads]") {
  const OddFileSystem odd("sizes");
  if (!odd.available()) return;
  const Scanned scanned = scan_tree(odd.path());
  CHECK(scanned.at(odd / "f0").size == 9'223'372'036'854'775'807);
  CHECK(scanned.at(odd / "a/f1").size == 9'007'199'254'740'993);
  CHECK(scanned.counted_bytes == 18'446'744'073'709'551'615U);
}

TEST_CASE("a call that is not answered is told, and once the scan is stopped it is left behind", "[root][threads]") {
  const auto [way, path, call] = GENERATE(table<std::string, std::string, std::string>({
      {"no-stat", "/odd", "stat"},
      {"no-open", "/odd", "open"},
      {"no-list", "/odd", "list"},
      {"automount", "", "open"},
  }));
  CAPTURE(way);
  OddFileSystem odd(way);
  if (!odd.available()) return;
  // In a child: this process would have a thread for good, which no later case that forks expects.
  const std::string failure = in_child([&, path = path, call = call, automount = way == "automount"] {
    // Before the child ends, in any case: the kernel lets no process end that waits for FUSE.
    const std::unique_ptr<const OddFileSystem, void (*)(const OddFileSystem*)> answers(
        &odd, [](const OddFileSystem* at_last) { at_last->let_go(); });
    std::atomic<int> taken{0};
    Impatient impatient;
    ScanProgress progress;
    ScanOptions options;
    options.roots = {odd.path()};
    options.threads = 2;
    options.tell_unanswered = std::chrono::milliseconds(300);
    scan(
        options, [&](int) { return std::make_unique<Counting>(taken); }, impatient, progress, impatient.stop);
    expect(impatient.waits_for.path == odd.path() + path, "told " + path + ", not " + impatient.waits_for.path);
    expect(impatient.waits_for.call == call, call + ", not " + impatient.waits_for.call);
    expect(impatient.left.path == odd.path() + path, "left behind at " + path + ", not " + impatient.left.path);
    expect(progress.unreadable == 1, "one path unreadable, not " + std::to_string(progress.unreadable));
    expect(static_cast<int>(progress.entries) == taken, "as many entries taken as counted");
    if (automount) return;  // nobody is there who could answer
    // The thread that was left behind comes back, and touches nothing any more.
    expect(any_thread_asks(), "a thread that was left behind");
    odd.let_go();
    while (any_thread_asks()) std::this_thread::yield();
  });
  CHECK(failure == "");
}

TEST_CASE("an observer that throws each time it is told of a call does not keep the scan from being left",
          "[root][threads]") {
  OddFileSystem odd("no-open");
  if (!odd.available()) return;
  const std::string failure = in_child([&] {
    const std::unique_ptr<const OddFileSystem, void (*)(const OddFileSystem*)> answers(
        &odd, [](const OddFileSystem* at_last) { at_last->let_go(); });
    std::atomic<int> taken{0};
    std::atomic<bool> stop{false};
    Throwing throwing;
    ScanProgress progress;
    ScanOptions options;
    options.roots = {odd.path()};
    options.threads = 2;
    options.tell_unanswered = std::chrono::milliseconds(300);
    std::string why = "nothing";
    try {
      scan(
          options, [&](int) { return std::make_unique<Counting>(taken); }, throwing, progress, stop);
    } catch (const std::runtime_error& e) {
      why = e.what();
    }
    expect(why == "nobody takes this", "the scan threw " + why);
    expect(progress.unreadable == 1, "one path unreadable, not " + std::to_string(progress.unreadable));
    odd.let_go();
    while (any_thread_asks()) std::this_thread::yield();
  });
  CHECK(failure == "");
}
