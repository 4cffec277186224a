// The command under limits that the system sets.

#include <catch2/catch.hpp>

#include "support/places.hpp"
#include "support/sanitizers.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

TEST_CASE("at the limit on file sizes a scan ends with what went wrong, not by a signal", "[threads]") {
  const ScanSite site("postgresql://127.0.0.1:1/nobody", {{"SYNC_DRAIN_TIMEOUT", "1"}});
  const Tree tree;
  fill(tree, 3000);
  CommandLine line = site.line({"scan", tree.path(), "--threads", "1"});
  line.arguments.insert(line.arguments.begin(), {"-c", "ulimit -f 200; exec \"$0\" \"$@\"", forebay_binary()});
  line.program = "/bin/bash";  // whose unit is 1,024 bytes
  const auto result = run_command(line);
  CAPTURE(result.err);
  CHECK(result.status == 4);
  CHECK(says(result.err, "File too large"));
  CHECK(says(result.err, "ulimit -f"));
}

CommandResult run_with_open_files(const ScanSite& site, int most, const std::vector<std::string>& arguments) {
  CommandLine line = site.line(arguments);
  line.arguments.insert(line.arguments.begin(),
                        {"-c", "ulimit -n " + std::to_string(most) + "; exec \"$0\" \"$@\"", forebay_binary()});
  line.program = "/bin/bash";
  return run_command(line);
}

TEST_CASE("with too few descriptors a scan goes on with fewer or ends with ulimit -n, and skips no directory",
          "[threads]") {
#ifdef FOREBAY_SANITIZED
  WARN("skipped: the sanitizer of undefined behaviour opens a pipe to look at an object, and has no descriptor for it");
  return;
#endif
  const Tree tree;
  for (int i = 0; i < 40; ++i) tree.file(std::to_string(i) + "/a/b/c/file");
  const std::size_t all = found_under(tree.path()).size();
  for (int most = 24; most <= 32; ++most) {
    const ScanSite site({}, {{"SYNC_DRAIN_TIMEOUT", "1"}});
    const auto result = run_with_open_files(site, most, {"scan", tree.path(), "--set-id", "1"});
    CAPTURE(most, result.out, result.err);
    CHECK_FALSE(says(result.err, "cannot read "));
    if (result.status == 0) {
      CHECK(landed_in_catalog(site.catalog(), 1).size() == all);
    } else {
      CHECK(result.status >= 3);  // 3: the catalog was what could not be opened
      if (result.status == 4) CHECK(says(result.err, "ulimit -n"));
    }
  }
}

TEST_CASE("config check foresees that a scan has too few descriptors, and what it names is enough", "[threads]") {
  const Tree tree;
  for (int i = 0; i < 40; ++i) tree.file(std::to_string(i) + "/a/b/c/file");
  const ScanSite site;
  const auto refused = run_with_open_files(site, 12, {"config", "check"});
  CAPTURE(refused.out);
  CHECK(refused.status == 4);
  CHECK(says(refused.out, "the limit is 12, and a scan may need "));
  CHECK(says(refused.out, "(ulimit -n)"));
  const std::string need = "may need ";
  const int enough = std::stoi(refused.out.substr(refused.out.find(need) + need.size()));
  CHECK(run_with_open_files(site, enough, {"config", "check"}).status == 0);
  CHECK(run_with_open_files(site, enough, {"scan", tree.path()}).status == 0);
}

}  // namespace
}  // namespace forebay::test
