// Trees that change, refuse, loop or go deeper than descriptors and PATH_MAX reach.
#include <fcntl.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <vector>

#include "base/io.hpp"
#include "forebay/error.hpp"
#include "support/scan_tree.hpp"

using namespace forebay;
using namespace forebay::test;
namespace fs = std::filesystem;

namespace {

class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t most) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit low{most, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

/// Levels nested below `root`, each with a file and two side directories with a file each.
void make_deep(const std::string& root, int levels, const std::string& name) {
  int fd = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  for (int i = 0; i < levels; ++i) {
    for (const char* side : {"a-side", "z-side"}) {
      REQUIRE(::mkdirat(fd, side, 0755) == 0);
      const int side_fd = ::openat(fd, side, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      REQUIRE(::mknodat(side_fd, "file", S_IFREG | 0644, 0) == 0);
      ::close(side_fd);
    }
    REQUIRE(::mkdirat(fd, name.c_str(), 0755) == 0);
    const int below = ::openat(fd, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    REQUIRE(below >= 0);
    ::close(fd);
    fd = below;
  }
  ::close(fd);
}

std::string listed(const Scanned& scanned) {
  std::string list;
  for (const auto& [path, reason] : scanned.unreadable) list += path + ": " + reason + "\n";
  return list;
}

constexpr const char* kNoMounts = "no mounts here";

}  // namespace

TEST_CASE("a tree 2,000 levels deep is walked within 48 descriptors", "[threads]") {
  const Tree tree(roomy());
  const std::string name(20, 'd');
  make_deep(tree.path(), 2000, name);
  std::string deepest = tree.path();
  for (int i = 0; i < 2000; ++i) deepest += "/" + name;
  for (int threads = 1; threads <= 4; ++threads) {
    const DescriptorLimit limit(48);
    const Scanned scanned = scan_tree(tree.path(), threads);
    CHECK(listed(scanned).empty());
    CHECK(scanned.entries.size() == 1 + 2000 * 5);
    CHECK(scanned.has(deepest));  // 42,000 bytes of path
    CHECK(scanned.has(deepest.substr(0, deepest.rfind('/')) + "/z-side/file"));
  }
}

TEST_CASE("where others hold the descriptors a walk makes do with those that are left, and ends where none is",
          "[threads]") {
  const Tree tree(roomy());
  make_deep(tree.path(), 30, "d");  // each level has directories that wait, for which it is kept open
  const DescriptorLimit limit(128);
  std::vector<UniqueFd> others;
  for (UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); fd; fd = UniqueFd(::dup(others.back().get())))
    others.push_back(std::move(fd));
  REQUIRE(others.size() > 16);
  others.resize(others.size() - 8);
  const Scanned scanned = scan_tree(tree.path(), 1);
  CHECK(listed(scanned).empty());
  CHECK(scanned.entries.size() == 1 + 30 * 5);

  while (UniqueFd fd{::dup(others.back().get())}) others.push_back(std::move(fd));
  others.pop_back();  // enough to look at the root
  try {
    scan_tree(tree.path(), 1);
    FAIL("the scan did not end");
  } catch (const Error& e) {
    others.clear();  // the sanitizer of undefined behaviour opens a pipe to look at the type of an object
    CHECK(e.code() == ErrorCode::local);
    CHECK_THAT(e.what(), Catch::Contains(tree.path()) && Catch::Contains("ulimit -n"));
  }
}

TEST_CASE("what lies below 16,384 levels is reported, not walked for ever", "[threads]") {
  const Tree tree(roomy());
  int fd = ::open(tree.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < 16'400; ++i) {
    REQUIRE(::mkdirat(fd, "d", 0755) == 0);
    const int below = ::openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(fd);
    fd = below;
  }
  ::close(fd);
  const Scanned scanned = scan_tree(tree.path(), 2);
  CHECK(scanned.entries.size() == 1 + 16'385);
  REQUIRE(scanned.unreadable.size() == 1);
  CHECK_THAT(scanned.unreadable.begin()->second, Catch::Contains("deeper than 16384 levels"));
}

TEST_CASE("a directory with many subdirectories is walked in stretches, without losing one", "[threads]") {
  const Tree tree(roomy());
  for (int i = 0; i < 10'000; ++i) {
    REQUIRE(::mkdir((tree / std::to_string(i)).c_str(), 0755) == 0);
    if (i % 10 == 0) tree.file(std::to_string(i) + "/file");
  }
  for (int threads = 1; threads <= 4; ++threads) {
    const Scanned scanned = scan_tree(tree.path(), threads);
    CHECK(scanned.entries.size() == 11'001);
    CHECK(scanned.unreadable.empty());
  }
}

TEST_CASE("a large flat directory is looked at by several threads, each entry once", "[threads]") {
  const Tree tree(roomy());
  for (int i = 0; i < 20'000; ++i)
    REQUIRE(::mknod((tree / ("file-number-" + std::to_string(i))).c_str(), S_IFREG | 0644, 0) == 0);
  for (int threads = 1; threads <= 4; ++threads) {
    const Scanned scanned = scan_tree(tree.path(), threads);
    CHECK(scanned.entries.size() == 20'001);
    CHECK(scanned.counted_entries == 20'001);
    for (int i = 0; i < 20'000; ++i) {
      if (scanned.entries.count(tree / ("file-number-" + std::to_string(i))) != 1) FAIL("file " << i);
    }
  }
}

TEST_CASE("what vanishes during the scan is reported, and the scan goes on", "[threads]") {
  const Tree tree;
  for (int i = 0; i < 50; ++i) tree.file("doomed/" + std::to_string(i));
  tree.file("kept/file");
  std::string survivor;
  ScanOptions options;
  options.roots = {tree.path()};
  options.threads = 1;
  const Scanned scanned = scan_tree(options, [&](const FileRecord& record) {
    const fs::path path(record.path);
    if (path.parent_path() != tree / "doomed" || !survivor.empty()) return;
    survivor = path;
    for (int i = 0; i < 50; ++i) {
      if (const std::string other = tree / ("doomed/" + std::to_string(i)); other != survivor) fs::remove(other);
    }
  });
  CHECK(scanned.has(survivor));
  CHECK(scanned.has(tree / "kept/file"));
  CHECK(scanned.unreadable.size() == 49);
  CHECK(scanned.counted_unreadable == 49);
  for (const auto& [path, reason] : scanned.unreadable) CHECK(reason == "vanished during the scan");
}

TEST_CASE("a directory that is replaced between the look and the open is entered as it is now", "[threads]") {
  const Tree tree, outside;
  outside.file("secret");
  tree.file("removed/file");
  tree.file("swapped/file");
  tree.file("linked/file");
  tree.file("filed/file");
  ScanOptions options;
  options.roots = {tree.path()};
  options.threads = 1;
  const Scanned scanned = scan_tree(options, [&](const FileRecord& record) {
    if (record.path == tree / "removed") fs::remove_all(record.path);
    if (record.path == tree / "swapped" && !fs::exists(outside / "aside")) {
      fs::rename(record.path, outside / "aside");
      tree.file("swapped/another");
      fs::permissions(tree / "swapped", fs::perms(0710));
    }
    if (record.path == tree / "linked") {
      fs::remove_all(record.path);
      fs::create_directory_symlink(outside.path(), record.path);
    }
    if (record.path == tree / "filed") {
      fs::remove_all(record.path);
      tree.file("filed");
    }
  });
  CHECK(scanned.counted_entries == 6);  // the root, the four as they were, and one file
  CHECK(scanned.has(tree / "swapped/another"));
  std::set<std::uint32_t> permissions;
  for (auto [at, end] = scanned.entries.equal_range(tree / "swapped"); at != end; ++at) {
    permissions.insert(at->second.permissions);
  }
  CHECK(permissions.size() == 2);
  CHECK(permissions.count(0710) == 1);
  REQUIRE(scanned.unreadable.size() == 3);
  CHECK(scanned.unreadable.find(tree / "removed")->second == "vanished during the scan");
  CHECK(scanned.unreadable.find(tree / "linked")->second == "changed during the scan");
  CHECK(scanned.unreadable.find(tree / "filed")->second == "changed during the scan");
}

TEST_CASE("a root that vanishes before it is read is reported", "[threads]") {
  const Tree tree;
  ScanOptions options;
  options.roots = {tree.directory("first"), tree.directory("second")};
  options.threads = 1;
  const Scanned scanned = scan_tree(options, [&](const FileRecord& record) {
    fs::remove_all(record.path == tree / "first" ? tree / "second" : tree / "first");
  });
  CHECK(scanned.entries.size() == 1);
  CHECK(scanned.unreadable.size() == 1);
}

TEST_CASE("symlinks are recorded and not followed, whatever they point at", "[threads]") {
  const Tree tree;
  tree.file("real/file");
  tree.symlink("up", "..");
  tree.symlink("self", "self");
  tree.symlink("real/sideways", tree / "real");
  const Scanned scanned = scan_tree(tree.path(), 2);
  CHECK(scanned.entries.size() == 6);
  CHECK(scanned.unreadable.empty());
}

TEST_CASE("sizes up to 8 EiB are told as they are, and their sum does not wrap", "[threads]") {
  constexpr std::int64_t kLargest = 9'223'372'036'854'775'807;
  // tmpfs has files of that size; ext4 ends at 16 TiB.
  const Tree tree(roomy());
  for (const char* name : {"sparse0", "sparse1", "sparse2"}) {
    if (::truncate(tree.file(name).c_str(), kLargest) != 0) {
      WARN("skipped: no file system with files of 8 EiB");
      return;
    }
  }
  const Scanned scanned = scan_tree(tree.path(), 2);
  CHECK(scanned.at(tree / "sparse2").size == kLargest);
  CHECK(scanned.counted_bytes == 18'446'744'073'709'551'615U);
}

TEST_CASE("a directory that may not be read is reported, and its siblings are scanned", "[root][threads]") {
  if (!is_root()) {
    WARN("skipped: needs root, to become someone who may not read");
    return;
  }
  const Tree tree;
  tree.file("closed/file");
  tree.file("open/file");
  tree.file("no-search/file");
  fs::permissions(tree / "closed", fs::perms::owner_all);
  fs::permissions(tree / "no-search", fs::perms(0744));
  const std::string said = answer_of_child([&]() -> std::string {
    if (::setgroups(0, nullptr) != 0 || ::setgid(65'534) != 0 || ::setuid(65'534) != 0) return "cannot become nobody";
    const Scanned scanned = scan_tree(tree.path());
    try {
      check_roots({tree / "closed"});
    } catch (const Error& e) {
      return std::to_string(scanned.entries.size()) + (scanned.has(tree / "open/file") ? " " : " not ") + "open\n" +
             listed(scanned) + e.what();
    }
    return "a closed root was accepted";
  });
  CHECK(said == "5 open\n" + (tree / "closed") + ": Permission denied\n" + (tree / "no-search/file") +
                    ": Permission denied\ncannot scan '" + (tree / "closed") +
                    "': Permission denied; name a directory that can be read");
}

TEST_CASE("one file system: a mount point is recorded and not entered", "[root][threads]") {
  const Tree tree;
  tree.directory("mounted");
  tree.file("beside");
  const std::string said = answer_of_child([&]() -> std::string {
    if (!private_mounts() || ::mount("tmpfs", (tree / "mounted").c_str(), "tmpfs", 0, nullptr) != 0) return kNoMounts;
    tree.file("mounted/file");
    ScanOptions options;
    options.roots = {tree.path()};
    options.threads = 1;
    const auto across = scan_tree(options).entries.size();
    options.one_file_system = true;
    const Scanned within = scan_tree(options);
    return std::to_string(across) + " " + std::to_string(within.entries.size()) +
           (within.has(tree / "mounted") ? " with it" : "");
  });
  if (said == kNoMounts) {
    WARN("skipped: needs root and leave to mount");
    return;
  }
  CHECK(said == "4 3 with it");
}

TEST_CASE("a directory mounted inside itself is reported and not entered again", "[root][threads]") {
  const Tree tree;
  tree.file("a/file");
  tree.directory("a/b/loop");
  const std::string said = answer_of_child([&]() -> std::string {
    if (!private_mounts() ||
        ::mount((tree / "a").c_str(), (tree / "a/b/loop").c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
      return kNoMounts;
    }
    const Scanned scanned = scan_tree(tree.path());
    return std::to_string(scanned.entries.size()) + "\n" + listed(scanned);
  });
  if (said == kNoMounts) {
    WARN("skipped: needs root and leave to mount");
    return;
  }
  CHECK(said ==
        "5\n" + (tree / "a/b/loop") + ": not entered: it is " + (tree / "a") + " again, through a mount (a loop)\n");
}

TEST_CASE("a file system mounted between the look and the open is entered, but not with one_file_system",
          "[root][threads]") {
  const Tree tree;
  tree.directory("later");
  const std::string said = answer_of_child([&]() -> std::string {
    if (!private_mounts()) return kNoMounts;
    std::string counts;
    for (const bool one_file_system : {false, true}) {
      ScanOptions options;
      options.roots = {tree.path()};
      options.threads = 1;
      options.one_file_system = one_file_system;
      bool mounted = false;
      const Scanned scanned = scan_tree(options, [&](const FileRecord& record) {
        if (record.path != tree / "later" || mounted) return;
        mounted = ::mount("tmpfs", (tree / "later").c_str(), "tmpfs", 0, nullptr) == 0;
        if (mounted) tree.file("later/file");
      });
      if (!mounted) return kNoMounts;
      ::umount((tree / "later").c_str());
      counts += std::to_string(scanned.counted_entries) + " " + listed(scanned);
    }
    return counts;
  });
  if (said == kNoMounts) {
    WARN("skipped: needs root and leave to mount");
    return;
  }
  CHECK(said == "3 2 ");
}
