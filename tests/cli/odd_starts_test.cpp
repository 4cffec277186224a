// How a process was started: with a settings file that is none yet, or with too few descriptors.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/io.hpp"
#include "support/places.hpp"
#include "support/sanitizers.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

TEST_CASE("a FIFO as settings file says that it waits for its writer, and a pipe of the shell's is just read",
          "[threads]") {
  const ScanSite site;
  const std::string fifo = (site.directory() / "settings").string();
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  RunningCommand waiting(site.line({"config", "show", "--env", fifo}));
  REQUIRE(waiting.wait_for("settings is a FIFO: waiting for whoever writes to it"));
  {
    const UniqueFd writer(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
    const std::string text = "SCAN_THREADS=7\n";
    REQUIRE(::write(writer.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  const CommandResult result = waiting.wait();
  CHECK(result.status == 0);
  CHECK(says(result.out, fifo + ":1"));

  CommandLine shell = site.line({"-c", "\"$0\" config show --env <(echo SCAN_THREADS=7)", forebay_binary()});
  shell.program = "/bin/bash";
  const CommandResult piped = run_command(shell);
  CAPTURE(piped.err);
  CHECK(piped.status == 0);
  CHECK(says(piped.out, "/dev/fd/"));
  CHECK(piped.err.empty());
}

TEST_CASE("a process with too few file descriptors names their limit", "[threads]") {
#ifdef FOREBAY_SANITIZED
  WARN("skipped: the sanitizer of undefined behaviour opens a pipe to look at an object, and has no descriptor for it");
  return;
#endif
  const Tree tree;
  const ScanSite site;
  bool told = false;
  for (int limit = 8; limit <= 24; ++limit) {
    CommandLine shell = site.line({"-c", "ulimit -n " + std::to_string(limit) + "; exec \"$0\" scan --set s \"$1\"",
                                   forebay_binary(), tree.path()});
    shell.program = "/bin/bash";
    const CommandResult result = run_command(shell);
    CAPTURE(limit, result.err);
    CHECK_FALSE(says(result.err, "unexpected: "));
    // SQLite's own words name neither cause nor cure.
    if (says(result.err, "unable to open database file")) CHECK(says(result.err, "(ulimit -n)"));
    told = told || says(result.err, "raise the limit on open files (ulimit -n)");
  }
  CHECK(told);
}

}  // namespace
}  // namespace forebay::test
