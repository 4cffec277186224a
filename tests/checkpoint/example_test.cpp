// docs/checkpoint-format.md: its program, run on a checkpoint, has to come to the digest that is in it.

#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>

#include "checkpoint/fixtures.hpp"
#include "support/places.hpp"
#include "support/run_command.hpp"

namespace forebay::test {
namespace {

std::string program_of_the_page() {
  std::ifstream page(source_directory() + "/docs/checkpoint-format.md");
  const std::string text(std::istreambuf_iterator<char>(page), {});
  const std::string fence = "```python\n";
  const std::size_t begin = text.find(fence);
  REQUIRE(begin != std::string::npos);
  return text.substr(begin + fence.size(), text.find("\n```", begin) - begin - fence.size());
}

TEST_CASE("the page's program computes the digest that stands in a checkpoint", "[threads]") {
  const TemporaryDirectory dir;
  CheckpointWriter writer(dir / "checkpoints", some_origin());
  writer.add_segment(kBufferId, 1, measurements());
  writer.add_rows(measured_rows(300));
  writer.add_segment(kBufferId, 2, measurements());
  RowSet odd(measurements().columns.size());
  std::uint64_t number = 0;
  for (const double reading :
       {std::numeric_limits<double>::quiet_NaN(), -0.0, 3.0, 1e300, std::numeric_limits<double>::infinity()}) {
    odd.begin_row(++number, -5);
    for (const Value& v : {Value::text(std::string_view("\xff\0\n", 3)), Value::integer(1), Value::real(reading),
                           Value(), Value(), Value(), Value::bytes("")}) {
      odd.push(v);
    }
  }
  writer.add_rows(odd);
  const CheckpointFile file = writer.finish();
  CommandLine line;
  line.program = "/usr/bin/python3";
  if (!std::filesystem::exists(line.program)) {
    WARN("skipped: there is no python3");
    return;
  }
  line.arguments = {dir.write("digest.py", program_of_the_page()).string(), file.path};
  const CommandResult result = run_command(line);
  CAPTURE(result.err);
  CHECK(result.status == 0);
  CHECK(result.out == "True\n");
  SqliteConnection(file.path).exec("UPDATE segments SET segment = 3 WHERE rowid = 2");
  CHECK(run_command(line).out == "False\n");
}

}  // namespace
}  // namespace forebay::test
