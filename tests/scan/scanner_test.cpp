#include "scan/scanner.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <random>
#include <set>

#include "forebay/error.hpp"
#include "scan/file_row.hpp"
#include "support/scan_tree.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

void make_socket(const Tree& tree, const char* name) {
  // Bound by a relative name: socket paths end at 107 bytes.
  const std::string before = std::filesystem::current_path();
  std::filesystem::current_path(tree.path());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(fd);
  std::filesystem::current_path(before);
}

/// What find says, by path: type, size, permissions, owner, group, mtime and ctime in microseconds.
std::map<std::string, std::string> found_by_find(const std::string& root) {
  const std::string command = "find '" + root + "' -printf '%p\\0%y\\0%s\\0%m\\0%u\\0%g\\0%T@\\0%C@\\0'";
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::vector<std::string> fields(1);
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) {
    if (c == 0) {
      fields.emplace_back();
    } else {
      fields.back() += static_cast<char>(c);
    }
  }
  REQUIRE(::pclose(pipe) == 0);
  const std::map<std::string, std::string> types = {{"f", "file"}, {"d", "directory"}, {"l", "symlink"},
                                                    {"p", "fifo"}, {"s", "socket"},    {"b", "block"},
                                                    {"c", "char"}};
  const auto microseconds = [](const std::string& t) {  // "1700000000.1234567890"
    const auto dot = t.find('.');
    return t.substr(0, dot) + t.substr(dot + 1, 6);
  };
  std::map<std::string, std::string> found;
  for (std::size_t i = 0; i + 8 < fields.size() + 0; i += 8) {
    const auto* f = &fields[i];
    found[f[0]] = types.at(f[1]) + " " + f[2] + " " + f[3] + " " + f[4] + " " + f[5] + " " + microseconds(f[6]) + " " +
                  microseconds(f[7]);
  }
  return found;
}

std::string in_finds_words(const Entry& e) {
  char permissions[8];
  std::snprintf(permissions, sizeof permissions, "%o", e.permissions);
  return e.type + " " + std::to_string(e.size) + " " + permissions + " " + e.owner + " " + e.group + " " +
         std::to_string(e.modified_us.value()) + " " + std::to_string(e.changed_us.value());
}

}  // namespace

TEST_CASE("every type of entry is told by its name", "[threads]") {
  const Tree tree;
  tree.file("file", "12345");
  tree.directory("directory");
  tree.symlink("symlink", "nowhere");
  REQUIRE(::mkfifo((tree / "fifo").c_str(), 0600) == 0);
  make_socket(tree, "socket");
  std::set<std::string> expected = {"file", "directory", "symlink", "fifo", "socket"};
  if (::mknod((tree / "char").c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0) expected.insert("char");
  if (::mknod((tree / "block").c_str(), S_IFBLK | 0600, makedev(7, 99)) == 0) expected.insert("block");
  if (expected.size() < 7) WARN("skipped in part: device nodes need root");

  const Scanned scanned = scan_tree(tree.path());
  for (const std::string& type : expected) CHECK(scanned.at(tree / type).type == type);
  CHECK(scanned.entries.size() == expected.size() + 1);  // and the root itself
  CHECK(scanned.at(tree.path()).type == "directory");
  CHECK(scanned.at(tree / "file").size == 5);
  CHECK(scanned.at(tree / "symlink").size == 7);  // the length of what it says, not its target's
  CHECK(scanned.unreadable.empty());
}

TEST_CASE("permissions, owner and times are the entry's own", "[threads]") {
  const Tree tree;
  const std::string path = tree.file("odd");
  REQUIRE(::chmod(path.c_str(), 06751) == 0);
  // 1969 and 2300, where a signed or a 64-bit-nanosecond clock would slip
  const timespec times[2] = {{-1, 999'999'999}, {10'413'792'000, 1'500}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  const Scanned scanned = scan_tree(tree.path());
  const Entry& entry = scanned.at(path);
  CHECK(entry.permissions == 06751);
  CHECK(entry.accessed_us == -1);
  CHECK(entry.modified_us == 10'413'792'000'000'001);
  CHECK(entry.changed_us.value() <= entry.seen_us);
  CHECK(entry.changed_us.value() > entry.seen_us - 3'600'000'000);
  if (entry.created_us) CHECK(*entry.created_us <= entry.seen_us);
  if (is_root()) {
    CHECK(entry.owner == "root");
    REQUIRE(::lchown(path.c_str(), 3'000'000'001, 3'000'000'002) == 0);
    const Scanned again = scan_tree(tree.path());
    CHECK(again.at(path).owner == "3000000001");
    CHECK(again.at(path).group == "3000000002");
  }
}

TEST_CASE("hostile names come back byte for byte through the row they become", "[threads]") {
  const Tree tree;
  const std::vector<std::string> names = {"new\nline",
                                          "tab\tstop",
                                          "back\\slash",
                                          "\\.",
                                          "quo\"te's",
                                          "-rf",
                                          "--",
                                          " ",
                                          "*",
                                          "%41",
                                          "%",
                                          "\x01\x1B[2J\x7F",
                                          "caf\xE9",
                                          "\xFF\xFE",
                                          "\xED\xA0\x80",
                                          "\xC0\xAF",
                                          "right\u202Eto\u202Cleft",
                                          "zero\u200Bwidth",
                                          "日本語",
                                          std::string(255, 'x'),
                                          std::string(255, '\xFF'),
                                          "...",
                                          ".hidden",
                                          "{}",
                                          "$(id)",
                                          "';drop table--"};
  std::set<std::string> expected = {tree.path()};
  for (const std::string& name : names) {
    tree.file(name + "/" + name);
    expected.insert(tree / name);
    expected.insert(tree / (name + "/" + name));
  }
  std::set<std::string> paths;
  FileRow row;
  ScanOptions options;
  options.roots = {tree.path()};
  options.threads = 1;
  const Scanned scanned = scan_tree(options, [&](const FileRecord& record) {
    const auto values = row.fill(record);
    const auto& full = values[15];
    const std::string path = path_bytes((full.is_null() ? values[1] : full).as_chars());
    paths.insert(path);
    if (path == tree.path()) return;
    const std::string name = name_bytes(values[2].as_chars());
    CHECK(path_bytes(values[3].as_chars()) + "/" + name == path);
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  });
  CHECK(paths == expected);
  CHECK(scanned.unreadable.empty());
}

TEST_CASE("a scan with any number of threads sees what find sees", "[threads]") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const Tree tree;
  std::vector<std::string> directories = {"."};
  for (int i = 0; i < 3000; ++i) {
    const std::string name = directories[random() % directories.size()] + "/" + std::to_string(i);
    switch (random() % 5) {
      case 0:
        tree.directory(name);
        directories.push_back(name);
        break;
      case 1:
        tree.symlink(name, "/");
        break;
      default:
        tree.file(name, std::string(random() % 100, 'x'));
    }
  }
  const auto found = found_by_find(tree.path());
  REQUIRE(found.size() == 3001);
  std::uint64_t bytes = 0;
  for (int threads = 1; threads <= 4; ++threads) {
    const Scanned scanned = scan_tree(tree.path(), threads);
    std::map<std::string, std::string> seen;
    std::set<std::int64_t> versions;
    bytes = 0;
    for (const auto& [path, entry] : scanned.entries) {
      seen[path] = in_finds_words(entry);
      versions.insert(entry.version);
      bytes += static_cast<std::uint64_t>(entry.size);
    }
    CHECK(seen == found);
    CHECK(scanned.entries.size() == found.size());  // none twice
    CHECK(versions.size() == found.size());
    CHECK(scanned.counted_entries == found.size());
    CHECK(scanned.counted_bytes == bytes);
    CHECK(scanned.counted_unreadable == 0);
  }
}

TEST_CASE("what is excluded is neither recorded nor entered", "[threads]") {
  const Tree tree;
  for (const char* name :
       {"a/keep.txt", "a/drop.o", "cache/inside", "b/cache/inside", "b/build", "c/build/inside", "c/x/y/z"}) {
    tree.file(name);
  }
  const auto scanned_without = [&](std::vector<std::string> globs) {
    ScanOptions options;
    options.roots = {tree.path()};
    options.exclude_globs = std::move(globs);
    return scan_tree(options);
  };
  Scanned scanned = scanned_without({"*.o", "cache"});
  CHECK(scanned.has(tree / "a/keep.txt"));
  CHECK_FALSE(scanned.has(tree / "a/drop.o"));
  CHECK_FALSE(scanned.has(tree / "cache"));
  CHECK_FALSE(scanned.has(tree / "cache/inside"));
  CHECK_FALSE(scanned.has(tree / "b/cache/inside"));

  scanned = scanned_without({tree / "c/*/y"});
  CHECK(scanned.has(tree / "c/x"));
  CHECK_FALSE(scanned.has(tree / "c/x/y"));
  CHECK_FALSE(scanned.has(tree / "c/x/y/z"));

  scanned = scanned_without({"build/"});
  CHECK(scanned.has(tree / "b/build"));  // a file
  CHECK_FALSE(scanned.has(tree / "c/build"));
  CHECK_FALSE(scanned.has(tree / "c/build/inside"));

  scanned = scanned_without({"*"});
  CHECK(scanned.entries.size() == 1);
  CHECK(scanned.has(tree.path()));
}

TEST_CASE("forebay's own files are left out, wherever the scan starts", "[threads]") {
  const Tree tree;
  tree.file("data/file");
  tree.file("state/buffers/journal");
  tree.file("data/catalog.db");
  ScanOptions options;
  options.roots = {tree.path()};
  options.own_paths = {tree / "state", tree / "data/catalog.db", tree / "data/not-there-yet"};
  Scanned scanned = scan_tree(options);
  CHECK(scanned.entries.size() == 3);
  CHECK(scanned.has(tree / "data/file"));
  CHECK(scanned.unreadable.empty());

  options.roots = {tree / "state/buffers"};
  scanned = scan_tree(options);
  CHECK(scanned.entries.empty());
  CHECK(scanned.unreadable.begin()->second == "belongs to forebay itself (state directory or catalog) and is left out");
}

TEST_CASE("roots become canonical, and each is scanned once", "[threads]") {
  const Tree tree;
  tree.directory("real/below");
  tree.symlink("link", "real");
  const std::string real = tree / "real";
  CHECK(check_roots({tree / "link", real + "/", real + "/below/..", tree / "real/below"}) ==
        std::vector<std::string>{real, real + "/below"});
  CHECK(check_roots({"/"}) == std::vector<std::string>{"/"});
}

TEST_CASE("a root that cannot be scanned is refused with its path", "[threads]") {
  const Tree tree;
  tree.file("file");
  const auto refused = [](const std::string& root) {
    try {
      check_roots({root});
      return std::string("accepted");
    } catch (const Error& e) {
      CHECK(e.code() == ErrorCode::usage);
      return std::string(e.what());
    }
  };
  CHECK(refused(tree / "none") ==
        "cannot scan '" + (tree / "none") + "': No such file or directory; name a directory that can be read");
  CHECK_THAT(refused(tree / "file"), Catch::Contains((tree / "file") + "': Not a directory"));
  CHECK_THAT(refused(""), Catch::Contains("No such file or directory"));
  CHECK_THAT(refused("/no\nwhere"), Catch::Contains("'/no\\nwhere'"));
}

TEST_CASE("entries of overlapping roots are seen once per root", "[threads]") {
  const Tree tree;
  tree.file("a/b");
  ScanOptions options;
  options.roots = {tree.path(), tree / "a"};
  CHECK(scan_tree(options).entries.count(tree / "a/b") == 2);
}

TEST_CASE("what a consumer throws ends the scan in all threads and reaches the caller", "[threads]") {
  const Tree tree;
  for (int i = 0; i < 200; ++i) tree.file(std::to_string(i) + "/file");
  for (int threads = 1; threads <= 4; ++threads) {
    std::atomic<int> taken{0};
    ScanOptions options;
    options.roots = {tree.path()};
    options.threads = threads;
    CHECK_THROWS_WITH(scan_tree(options,
                                [&](const FileRecord&) {
                                  if (++taken == 20) throw Error(ErrorCode::full, "no room");
                                }),
                      "no room");
    CHECK(taken < 401);
  }
}

TEST_CASE("a consumer that cannot be made ends the scan", "[threads]") {
  const Tree tree;
  ScanOptions options;
  options.roots = {tree.path()};
  ScanProgress progress;
  const std::atomic<bool> stop{false};
  NobodyListens nobody;
  CHECK_THROWS_WITH(
      scan(
          options, [](int) -> std::unique_ptr<EntryConsumer> { throw Error(ErrorCode::local, "no writer"); }, nobody,
          progress, stop),
      "no writer");
}

TEST_CASE("a scan ends soon after it is told to stop", "[threads]") {
  const Tree tree;
  for (int i = 0; i < 200; ++i) tree.file(std::to_string(i) + "/file");
  for (int threads = 1; threads <= 4; ++threads) {
    std::atomic<bool> stop{false};
    std::atomic<int> taken{0};
    ScanOptions options;
    options.roots = {tree.path()};
    options.threads = threads;
    const Scanned scanned = scan_tree(
        options,
        [&](const FileRecord&) {
          if (++taken == 20) stop = true;
        },
        stop);
    CHECK(scanned.entries.size() >= 20);
    CHECK(scanned.entries.size() < 20 + static_cast<std::size_t>(threads));
    CHECK(scanned.counted_entries == scanned.entries.size());
  }
}
