// That the tags [threads] and [postgres] are checked (tests/support/main.cpp): by this program itself, run with cases
// that have it wrong.
#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "support/run_command.hpp"
#include "support/sanitizers.hpp"
#include "support/server_uses.hpp"

namespace forebay::test {
namespace {

#ifndef FOREBAY_SANITIZED
using Catch::Contains;

TEST_CASE("wrong tags: starts a thread and has none", "[.wrong-tags]") {
  std::thread([] {}).join();
}
TEST_CASE("wrong tags: starts a process and has none", "[.wrong-tags]") {
  CommandLine line;
  line.program = "/bin/true";
  CHECK(run_command(line).status == 0);
}
TEST_CASE("wrong tags: has one and starts nothing", "[.wrong-tags][threads]") { SUCCEED(); }
TEST_CASE("wrong tags: takes a server and has none", "[.wrong-tags]") {
  ++g_server_uses;
  SUCCEED();
}
TEST_CASE("right tags: has one and is skipped", "[.right-tags][threads]") { WARN("skipped: on purpose"); }
TEST_CASE("right tags: has none and starts nothing", "[.right-tags]") { SUCCEED(); }

CommandResult run_tagged(const std::string& spec) {
  CommandLine line;
  line.program = std::filesystem::read_symlink("/proc/self/exe");
  line.arguments = {spec};
  return run_command(line);
}

TEST_CASE(
    "a case whose tag [threads] or [postgres] is wrong fails its run with what to do, and one whose tag is right does "
    "not",
    "[threads]") {
  const CommandResult wrong = run_tagged("[.wrong-tags]");
  CAPTURE(wrong.out, wrong.err);
  CHECK(wrong.status == 1);
  CHECK_THAT(
      wrong.err,
      Contains("\"wrong tags: starts a thread and has none\" starts a thread or a process: give it the tag") &&
          Contains("\"wrong tags: starts a process and has none\" starts a thread or a process: give it the tag") &&
          Contains("\"wrong tags: has one and starts nothing\" starts neither thread nor process: take the tag") &&
          Contains("\"wrong tags: takes a server and has none\" takes a PostgreSQL: give it the tag [postgres]"));
  const CommandResult right = run_tagged("[.right-tags]");
  CAPTURE(right.out, right.err);
  CHECK(right.status == 0);
  CHECK(right.err.empty());
}
#endif

}  // namespace
}  // namespace forebay::test
