// What a scan shows while it runs: a line that is redrawn on a terminal, plain lines elsewhere.

#include <catch2/catch.hpp>

#include "cli/progress.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Nobody listens there: the scan is over at once, and the drain lasts long enough for progress to be shown.
ScanSite away(std::map<std::string, std::string> settings = {}) {
  settings["SYNC_DRAIN_TIMEOUT"] = "1";
  return ScanSite("postgresql://127.0.0.1:1/nobody", std::move(settings));
}

constexpr std::string_view kErase = "\r\033[K";

TEST_CASE("on a terminal one line is redrawn, erased before other lines and gone at the end", "[threads]") {
  const ScanSite site = away();
  const Tree tree;
  fill(tree, 10);
  CommandLine line = site.line({"scan", tree.path()});
  line.on_terminal = true;
  const auto result = run_command(line);
  CAPTURE(result.out);
  CHECK(result.status == 3);
  CHECK(says(result.out, std::string(kErase) + "scanned all 13 | pending 13 | synced 0"));
  CHECK(says(result.out, "destination is down"));
  CHECK_FALSE(says(result.out, "sync started"));  // two lines a batch would be noise there
  // After the last picture it is erased, and the summary begins on a clean line.
  const auto last = result.out.rfind("scanned all");
  REQUIRE(last != std::string::npos);
  CHECK(result.out.find(kErase, last) != std::string::npos);
  CHECK(result.out.find(kErase, last) < result.out.find("scanned     13 files"));
}

TEST_CASE("on a terminal with NO_COLOR nothing is coloured, and without it warnings are", "[threads]") {
  const Tree tree;
  fill(tree, 10);
  for (const bool no_color : {false, true}) {
    CAPTURE(no_color);
    ScanSite site = away();
    if (no_color) site.set("NO_COLOR", "1");
    site.set("TERM", "xterm");
    CommandLine line = site.line({"scan", tree.path()});
    line.on_terminal = true;
    CHECK(says(run_command(line).out, "\033[3") != no_color);
  }
}

TEST_CASE("what is asked for by --log-level stands beside the progress line", "[threads]") {
  const ScanSite site = away();
  const Tree tree;
  fill(tree, 10);
  CommandLine line = site.line({"--log-level", "info", "scan", tree.path()});
  line.on_terminal = true;
  CHECK(says(run_command(line).out, "sync started"));
}

TEST_CASE("elsewhere no line is redrawn unless it is asked for, and --progress never shows none on a terminal either",
          "[threads]") {
  const ScanSite site = away();
  const Tree tree;
  fill(tree, 10);
  for (const char* when : {"auto", "never"}) {
    CAPTURE(when);
    const auto result = site.run({"scan", "--no-recover", "--progress", when, tree.path()});
    CHECK_FALSE(says(result.err, "\033["));
  }
  CHECK(says(site.run({"scan", "--no-recover", "--progress", "always", tree.path()}).err, "\r\033[K"));
  CommandLine line = site.line({"scan", "--no-recover", "--progress", "never", tree.path()});
  line.on_terminal = true;
  CHECK_FALSE(says(run_command(line).out, "scanned all"));
  CHECK(site.run({"scan", "--progress", "sometimes", tree.path()}).status == 2);
}

TEST_CASE("where progress is shown follows from what was asked and what stderr is") {
  using cli::progress_mode;
  using cli::ProgressMode;
  CHECK(progress_mode("auto", false, true) == ProgressMode::line);
  CHECK(progress_mode("auto", false, false) == ProgressMode::plain);
  CHECK(progress_mode("auto", true, true) == ProgressMode::none);
  CHECK(progress_mode("never", false, true) == ProgressMode::none);
  CHECK(progress_mode("always", true, true) == ProgressMode::line);
}

TEST_CASE("the progress text has a percentage only while walking, where the number of entries is known") {
  cli::ProgressPicture p;
  p.scanned = 123'456;
  p.pending = 4'321;
  p.synced = 119'135;
  CHECK(cli::progress_text(p, 250'000) == "scanned 123,456 | 250,000/s | pending 4,321 | synced 119,135 | lag 0.00 s");
  p.expected_entries = 246'912;
  CHECK(says(cli::progress_text(p, 1), "| 50 %"));
  p.scanned = 300'000;  // hidden entries, links: more than expected
  CHECK(says(cli::progress_text(p, 1), "| 99 %"));
  p.walking = false;
  CHECK_FALSE(says(cli::progress_text(p, 1), "%"));
}

}  // namespace
}  // namespace forebay::test
