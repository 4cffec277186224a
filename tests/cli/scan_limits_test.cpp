// The command under limits that the system sets.

#include <catch2/catch.hpp>

#include "support/places.hpp"
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

}  // namespace
}  // namespace forebay::test
