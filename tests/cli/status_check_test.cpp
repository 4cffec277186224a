// `forebay status --check`, as monitoring runs it: beside processes that wait, hang and die.

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <regex>

#include "state/state_directory.hpp"
#include "support/catalog_buffer.hpp"
#include "support/refusing_place.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

/// One line, its word and its status belong together, and figures as plugins give them follow it.
std::string check_line(const CommandResult& result, int status) {
  CAPTURE(result.out, result.err);
  CHECK(result.status == status);
  const char* const words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  CHECK(result.out.starts_with(std::string(words[status]) + " - "));
  CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 1);
  CHECK(std::count(result.out.begin(), result.out.end(), '|') == (status == 3 ? 0 : 1));
  if (status != 3) {
    static const std::regex kFigures(R"(.* \|( [a-z_]+=[0-9]+s?;[0-9]*;[0-9]*;0)+\n)");
    CHECK(std::regex_match(result.out, kFigures));
  }
  return result.out;
}

TEST_CASE("status --check is UNKNOWN where it cannot look, whatever is wrong with how it was asked", "[threads]") {
  ScanSite site;
  CHECK(says(check_line(site.run({"status", "--check"}), 3), site.state() + " is not there"));
  CHECK_FALSE(fs::exists(site.state()));
  const StateDirectory made(site.state());
  check_line(site.run({"status", "--check"}), 0);
  for (const std::vector<std::string>& more : std::initializer_list<std::vector<std::string>>{{"--max-wait", "1h"},
                                                                                              {"--max-wait", "-1"},
                                                                                              {"--max-wait"},
                                                                                              {"--buffer", "nobody's"},
                                                                                              {"--json"},
                                                                                              {"--watch"},
                                                                                              {"--warning", "3"}}) {
    std::vector<std::string> arguments = {"status", "--check"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    check_line(site.run(arguments), 3);
  }
  CHECK(site.run({"status", "--max-wait", "3"}).status == 2);
  site.set("SYNC_CONNECTIONS", "many");
  check_line(site.run({"status", "--check"}), 3);
  site.set("SYNC_CONNECTIONS", "2");
  site.directory().write("file", "");
  site.set("FOREBAY_STATE_DIR", (site.directory() / "file").string());
  check_line(site.run({"status", "--check"}), 3);
  site.set("FOREBAY_STATE_DIR", (site.directory() / "file" / "state").string());
  check_line(site.run({"status", "--check"}), 3);
}

TEST_CASE("status --check counts a process that is stopped as one that waits, and what it left as an orphan",
          "[control][long][threads]") {
  const ScanSite site(kNobody, {{"SYNC_DRAIN_TIMEOUT", "600"}});
  const Tree tree;
  fill(tree, 100);
  RunningCommand scan(site.line({"scan", tree.path(), "--quiet"}));
  REQUIRE(comes_true([&] { return says(site.run({"status", "--check"}).out, "OK - 1 live buffer, 1"); }));
  REQUIRE(scan.wait_for("destination is down"));
  const std::string waits = check_line(site.run({"status", "--check", "--max-wait", "0"}), 2);
  CHECK(says(waits, "rows wait, the oldest for "));
  CHECK(says(waits, "cannot connect"));
  CHECK(says(waits, ";;0;0"));

  scan.send_signal(SIGSTOP);
  const std::string stopped = check_line(site.run({"status", "--check"}), 1);
  CHECK(says(stopped, "process " + std::to_string(scan.pid()) + " does not answer"));
  CHECK(says(stopped, " rows in its journals"));
  CHECK(says(stopped, " silent=1;"));
  check_line(site.run({"status", "--check", "--max-wait", "1"}), 2);  // looking alone took three seconds
  scan.send_signal(SIGCONT);
  check_line(site.run({"status", "--check"}), 0);

  scan.send_signal(SIGKILL);
  scan.wait();
  const std::string orphan = check_line(site.run({"status", "--check"}), 1);
  CHECK(says(orphan, "is an orphan with "));
  CHECK(says(orphan, " orphans=1;"));
  CHECK(says(orphan, "cannot connect"));
  check_line(site.run({"status", "--check", "--max-wait", "0"}), 2);
  const TemporaryDirectory elsewhere;
  REQUIRE(site.run({"recover", "--to", "sqlite:" + (elsewhere / "catalog.db").string()}).status == 0);
  CHECK(says(check_line(site.run({"status", "--check"}), 0), "OK - 0 live buffers, 0 rows wait"));
}

TEST_CASE("status --check warns of rows in quarantine, of what names no destination, and names a few of many",
          "[threads]") {
  const TemporaryDirectory directory;
  const Place place = catalog_place(directory);
  const ScanSite site(place.url);
  REQUIRE(site.run({"migrate", "up"}).status == 0);
  place.refuse();
  const Tree tree;
  std::ofstream(tree.path() + "/bad1") << "x";
  REQUIRE(site.run({"scan", tree.path()}).status == 1);
  const std::string refused = check_line(site.run({"status", "--check"}), 1);
  CHECK(says(refused, "1 row is in quarantine: forebay errors"));
  CHECK(says(refused, " quarantined=1;0;;0 "));
  CHECK(says(refused, " orphans=0;"));

  // A folder's name must not end the text, nor fill the line.
  for (int i = 0; i < 9; ++i) fs::create_directory(fs::path(site.state()) / "buffers" / ("odd|\n" + std::to_string(i)));
  const std::string many = check_line(site.run({"status", "--check"}), 1);
  CHECK(says(many, "odd/\\n0"));
  CHECK(says(many, " more"));
  CHECK(says(many, " orphans=9;"));
}

TEST_CASE("status --check warns of a destination that a person has to mend at once, and of one that is down in time",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  std::string url = fixture.url();
  const std::size_t path = url.find('/', url.find("://") + 3);
  url = url.substr(0, path + 1) + "no_such_database" +
        (url.find('?') == std::string::npos ? "" : url.substr(url.find('?')));
  const ScanSite site(url, {{"SYNC_DRAIN_TIMEOUT", "600"}});
  const Tree tree;
  RunningCommand scan(site.line({"scan", tree.path(), "--quiet"}));
  REQUIRE(scan.wait_for("destination is misconfigured"));
  CHECK(says(check_line(site.run({"status", "--check"}), 1), "its destination is misconfigured ("));
}

}  // namespace
}  // namespace forebay::test
