// scripts/check_exports.py, on the library as it is built here and on another archive, which nobody wrote for that.
#include <catch2/catch.hpp>

#include "support/places.hpp"
#include "support/run_command.hpp"

namespace forebay::test {
namespace {

using Catch::Contains;

CommandResult exports_of(const std::string& library) {
  CommandLine line;
  line.program = source_directory() + "/scripts/check_exports.py";
  line.arguments = {library};
  return run_command(line);
}

TEST_CASE("the library exports what its public headers mark, and nothing of its interior", "[threads]") {
  const CommandResult result = exports_of(library());
  CHECK(result.out == "");
  CHECK(result.err == "");
  CHECK(result.status == 0);
}

TEST_CASE("a library that exports its interior, and lacks the API, is told so by name", "[threads]") {
  const CommandResult result = exports_of(crash_harness_library());
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("exported, and no part of the API: forebay::crash::run_recover("));
  CHECK_THAT(result.out, Contains("part of the API, and not exported: Buffer"));
  CHECK(exports_of(source_directory()).status == 2);
}

}  // namespace
}  // namespace forebay::test
