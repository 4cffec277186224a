// `forebay checkpoint create` of buffers whose processes live: they write it, and go on.

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "forebay/buffer.hpp"
#include "support/catalog_buffer.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;

TEST_CASE("checkpoint create has a live process write its rows, which stay where they were", "[control][threads]") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  options.durability = GENERATE(Durability::memory, Durability::process);
  Buffer buffer(options);
  Writer writer = buffer.writer("measurements");
  for (int i = 0; i < 42; ++i) writer.add(Measurement("a", i));
  const auto result = run_forebay_at(dir, {"checkpoint", "create", "--json"});
  CAPTURE(result.err);
  CHECK(result.status == 0);
  const auto made = summary_of(result).at("checkpoints");
  REQUIRE(made.size() == 1);
  CHECK(made.at(0).at("buffer") == buffer.get_sync_status().buffer);
  CHECK(made.at(0).at("state") == "live");
  CHECK(made.at(0).at("rows") == 42);
  const std::string file = made.at(0).at("file").get<std::string>();
  CHECK(fs::file_size(file) == made.at(0).at("bytes").get<std::uint64_t>());
  CHECK(run_forebay_at(dir, {"checkpoint", "verify", file}).status == 0);
  const auto status = summary_of(run_forebay_at(dir, {"status", "--json"})).at("buffers").at(0);
  CHECK(status.at("last_checkpoint_at").is_string());
  CHECK(status.at("accepted") == 42);
  CHECK(buffer.stop().settled);
  CHECK(catalog_number(dir, "SELECT count(*) FROM measurements") == 42);
}

TEST_CASE("a live process that cannot write a checkpoint says why, and one that does not answer is named",
          "[control][threads]") {
  const TemporaryDirectory dir;
  Options options = catalog_options(dir);
  options.checkpoint_directory = dir.write("file", "") / "checkpoints";
  {
    Buffer buffer(options);
    Writer writer = buffer.writer("measurements");
    writer.add(Measurement("a", 1));
    const auto refused = run_forebay_at(dir, {"checkpoint", "create"});
    CHECK(refused.status == 4);
    CHECK(says(refused.err, buffer.get_sync_status().buffer));
    CHECK(says(refused.err, "checkpoints"));
  }
  options = catalog_options(dir);
  options.control_socket = false;
  const Buffer unreachable(options);
  const auto silent = run_forebay_at(dir, {"checkpoint", "create", "--buffer", unreachable.get_sync_status().buffer});
  CHECK(silent.status == 4);
  CHECK(says(silent.err, "no control socket"));
}

}  // namespace
}  // namespace forebay::test
