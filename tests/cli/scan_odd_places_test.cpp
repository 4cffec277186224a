// The command in places that hang, that refuse it system calls, or that show it its own files under another name.

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "sqlite/connection.hpp"
#include "sqlite/statement.hpp"
#include "support/odd_file_system.hpp"
#include "support/refused_calls.hpp"
#include "support/sanitizers.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

constexpr const char* kCannot = "the machine cannot show it";

/// False, with a warning, where the child found that it cannot be shown here.
bool shown(const std::string& said) {
  if (said == kCannot) WARN("skipped: needs root and leave to mount, or a kernel with seccomp filters");
  return said != kCannot;
}

TEST_CASE("one SIGTERM ends a scan whose mount hangs: the path is named, and what was seen is at the destination",
          "[root][threads][field][field-14]") {
  const std::string way = GENERATE("no-stat", "no-open", "no-list", "automount");
  CAPTURE(way);
  const bool automount = way == "automount";
#ifdef FOREBAY_SANITIZED
  // A leak check at the process's end waits until each thread has stopped, and the kernel holds that one.
  if (automount) return;
#endif
  OddFileSystem odd(way);
  if (!odd.available()) return;
  // As a directory on the command line, an automount point would be waited for before the scan begins.
  const std::string root = automount ? std::filesystem::path(odd.path()).parent_path().string() : odd.path();
  const ScanSite site("", {{"SYNC_DRAIN_TIMEOUT", "20"}});
  RunningCommand scan(site.line({"scan", root, "--set-id", "5", "--json"}));
  REQUIRE(odd.was_asked());
  scan.send_signal(SIGTERM);
  REQUIRE(scan.wait_for("that path does not answer"));
  REQUIRE(scan.wait_for("interrupted; the scan is not whole"));
  odd.let_go();  // the kernel keeps the process until its call is over
  const auto result = scan.wait();
  CAPTURE(result.err);
  CHECK(result.status == 130);
  CHECK(says(result.err, "left without an answer from " + odd.path() + (automount ? " (" : "/odd (")));
  const auto summary = summary_of(result);
  CHECK(summary.at("unreadable") == 1);
  CHECK(summary.at("pending") == 0);
  CHECK(summary.at("whole") == false);
  CHECK(summary.at("accepted") == summary.at("scanned"));
  CHECK(summary.at("scanned").get<std::size_t>() == landed_in_catalog(site.catalog(), 5).size());
  CHECK(landed_in_catalog(site.catalog(), 5).count(root) == 1);
  CHECK(site.buffers_left() == 0);
}

TEST_CASE("while a mount hangs and the destination is away, SIGTERM leaves all that was seen to recover",
          "[root][threads]") {
  OddFileSystem odd("no-open");
  if (!odd.available()) return;
  const ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "1"}});
  RunningCommand scan(site.line({"scan", odd.path(), "--set-id", "6", "--json"}));
  REQUIRE(odd.was_asked());
  scan.send_signal(SIGTERM);
  REQUIRE(scan.wait_for("forebay recover"));
  odd.let_go();
  const auto result = scan.wait();
  CAPTURE(result.err);
  CHECK(result.status == 130);
  CHECK(says(result.err, "left without an answer from " + (odd / "odd (open")));
  const auto summary = summary_of(result);
  CHECK(summary.at("pending") == summary.at("accepted"));
  CHECK(summary.at("lost_unsaved") == 0);
  CHECK(site.buffers_left() == 1);
}

TEST_CASE("a second SIGTERM leaves a scan whose mount hangs at once", "[root][threads]") {
  OddFileSystem odd("no-open");
  if (!odd.available()) return;
  const ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "600"}});
  RunningCommand scan(site.line({"scan", odd.path()}));
  REQUIRE(odd.was_asked());
  scan.send_signal(SIGTERM);
  REQUIRE(scan.wait_for("interrupted: sending"));
  scan.send_signal(SIGTERM);
  REQUIRE(scan.wait_for("interrupted twice: left with"));
  odd.let_go();
  CHECK(scan.wait().status == 130);
}

TEST_CASE("a directory to scan that does not answer is named, and a signal ends the wait", "[root][threads]") {
  OddFileSystem odd("no-stat");
  if (!odd.available()) return;
  const ScanSite site;
  RunningCommand scan(site.line({"scan", odd / "odd"}));
  REQUIRE(scan.wait_for("no answer for 5 s: " + (odd / "odd")));
  scan.send_signal(SIGTERM);
  odd.let_go();
  CHECK(scan.wait().status == 128 + SIGTERM);
  CHECK_FALSE(std::filesystem::exists(site.state()));
}

TEST_CASE("-x records an automount point whose server is dead, and does not wait for it", "[root][threads]") {
  const OddFileSystem odd("automount");
  if (!odd.available()) return;
  const ScanSite site;
  const auto above = std::filesystem::path(odd.path()).parent_path().string();
  const auto summary = summary_of(site.run({"scan", above, "-x", "--set-id", "7", "--json"}));
  CHECK(summary.at("scanned") == 2);
  CHECK(landed_in_catalog(site.catalog(), 7).count(odd.path()) == 1);
}

TEST_CASE("where statx() is refused a scan sees everything, without birth times, and says so",
          "[threads][field][field-22]") {
  const int error = GENERATE(EPERM, ENOSYS);
  CAPTURE(error);
  const Tree tree;
  for (int i = 0; i < 10; ++i) tree.file("sub/" + std::to_string(i), "content");
  const ScanSite site;
  const std::string said = answer_of_child([&]() -> std::string {
    if (!refuse_calls({SYS_statx}, error)) return kCannot;
    const auto result = site.run({"scan", tree.path(), "--set-id", "8", "--json"});
    const std::string line = "statx() is refused here (";
    return std::to_string(result.status) + " " + summary_of(result).at("scanned").dump() +
           (says(result.err, line) ? " said" : " not said: " + result.err);
  });
  if (!shown(said)) return;
  CHECK(said == "0 12 said");
  SqliteConnection db(site.catalog());
  SqliteStatement whole(db,
                        "SELECT count(*) FROM backup_files WHERE created_time IS NULL AND modified_time > 0 AND "
                        "changed_time > 0 AND accessed_time > 0 AND file_owner IS NOT NULL AND file_permissions <> ''");
  REQUIRE(whole.step());
  CHECK(whole.column_text(0) == "12");
  CHECK(landed_in_catalog(site.catalog(), 8) == found_under(tree.path()));
}

TEST_CASE("a deep tree is walked where openat2() is refused", "[threads]") {
  const int error = GENERATE(EPERM, ENOSYS);
  const Tree tree;
  std::string deep;
  for (int i = 0; i < 60; ++i) tree.file((deep += (i == 0 ? "d" : "/d")) + "/file");
  const std::string said = answer_of_child([&]() -> std::string {
    if (!refuse_calls({SYS_openat2}, error)) return kCannot;
    rlimit few{16, 16};  // a budget of four directories: the others are found again through several at once
    if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return kCannot;
    const Scanned scanned = scan_tree(tree.path(), 2);
    return std::to_string(scanned.entries.size()) + " " + std::to_string(scanned.unreadable.size());
  });
  if (shown(said)) CHECK(said == "121 0");
}

TEST_CASE("forebay's own state directory and catalog are left out under a bind mount, a hard link and other names too",
          "[root][threads][field][field-25]") {
  const Tree tree;
  tree.file("var/file");
  tree.file("data/file");
  tree.directory("view");
  tree.directory("other");
  tree.directory("tree");
  const std::string said = answer_of_child([&]() -> std::string {
    const auto bind = [](const std::string& from, const std::string& to) {
      return ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
    };
    if (!private_mounts() || !bind(tree / "var", tree / "view")) return kCannot;
    const ScanSite site("sqlite:" + (tree / "data/catalog.db"), {{"FOREBAY_STATE_DIR", tree / "var/st"}});
    const auto scanned = [&](const std::string& root) {
      return summary_of(site.run({"scan", root, "--json", "--no-recover"})).at("scanned").dump() + " ";
    };
    std::string counts = scanned(tree / "view");  // view, file: the state directory's parent is bound
    if (!bind(tree / "var/st", tree / "other")) return kCannot;
    counts += scanned(tree / "other");  // nothing: it is bound itself, under another name
    if (!bind(tree / "data", tree / "tree")) return kCannot;
    counts += scanned(tree / "tree");  // tree, file: the catalog and its WAL are seen elsewhere
    if (::link((tree / "data/catalog.db").c_str(), (tree / "data/linked").c_str()) != 0) return kCannot;
    return counts + scanned(tree / "data");  // data, file
  });
  if (shown(said)) CHECK(said == "2 0 2 2 ");
}

TEST_CASE("a scan counts times that no destination can hold, in its summary and as JSON",
          "[threads][field][field-29]") {
  const Tree tree(roomy());
  const std::string late = tree.file("late");
  const timespec times[2] = {{9'223'372'036'855, 0}, {9'223'372'036'855, 0}};
  struct stat st {};
  if (::utimensat(AT_FDCWD, late.c_str(), times, 0) != 0 || ::stat(late.c_str(), &st) != 0 ||
      st.st_mtim.tv_sec != times[1].tv_sec) {
    WARN("skipped: no file system with such times");
    return;
  }
  const ScanSite site;
  const auto as_json = site.run({"scan", tree.path(), "--json"});
  CHECK(as_json.status == 0);
  CHECK(summary_of(as_json).at("times_left_out") == 1);
  CHECK(says(as_json.err, late + " has a time that no destination can hold"));
  CHECK(says(site.run({"scan", tree.path()}).out, "times       of 1 entry is beyond what a destination can hold"));
}

TEMPLATE_TEST_CASE("the first and the last time that every destination holds land as they are, others as NULL",
                   "[postgres][root][threads]", PostgresFixture, PostgresNoTempFixture) {
  TestType fixture;
  const OddFileSystem odd("times");
  if (!fixture.available() || !odd.available()) return;
  const ScanSite site(fixture.url());
  for (int time = 0; time < 2; ++time) {  // straight into the table, then where rows stand already
    CAPTURE(time);
    const auto summary = summary_of(site.run({"scan", odd.path(), "--set-id", "9", "--json"}));
    CHECK(summary.at("synced") == 22);
    CHECK(summary.at("times_left_out") == 4);
    const auto modified = [&](const std::string& name) {
      return fixture.one("SELECT coalesce((" + fixture.as_microseconds("modified_time") +
                         ")::text, 'NULL') FROM backup_files WHERE file_name = '" + name + "'");
    };
    CHECK(modified("f2") == "9223372036854775807");
    CHECK(modified("f4") == "-210866803200000000");
    for (const char* beyond : {"f0", "f1", "f3", "f5"}) CHECK(modified(beyond) == "NULL");
  }
}

}  // namespace
}  // namespace forebay::test
