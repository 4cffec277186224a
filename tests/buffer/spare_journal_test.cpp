#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "adoption/adoption.hpp"
#include "forebay/buffer.hpp"
#include "support/catalog_buffer.hpp"
#include "support/comes_true.hpp"
#include "support/pipeline.hpp"
#include "support/simulated_disk.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

TEST_CASE("once a spare journal is there, sealing and going on make no file in add", "[threads]") {
  const std::thread::id producer = std::this_thread::get_id();
  std::atomic<int> made_by_producer{0};
  SimulatedDisk disk;
  disk.before = [&](DiskOp op, const std::filesystem::path&) {
    if ((op == DiskOp::create || op == DiskOp::flush_folder) && std::this_thread::get_id() == producer)
      ++made_by_producer;
  };
  Pipeline p(limits_with(5), GENERATE(Durability::process, Durability::power), 0, disk.create_file(),
             disk.flush_folder());
  const auto writer = p.store->make_writer(measurements());
  for (int segment = 0; segment < 10; ++segment) {
    REQUIRE(comes_true([&] { return p.store->journals().keeper().spares() > 0; }));
    for (int i = 0; i < 5; ++i) p.add(*writer, "a", 5 * segment + i);
  }
  CHECK(made_by_producer == 0);
  CHECK(p.counts().pending == 50);
}

TEST_CASE("a spare journal that cannot be made is no failure until one is needed", "[threads]") {
  std::atomic<bool> full{true};
  std::atomic<int> tried{0};
  SimulatedDisk disk;
  disk.before = [&](DiskOp op, const std::filesystem::path& path) {
    if (op != DiskOp::create) return;
    ++tried;
    if (full) throw Error(ErrorCode::local, "cannot create " + path.string() + ": No space left on device");
  };
  Pipeline p(limits_with(5), Durability::process, 0, disk.create_file(), disk.flush_folder());
  const auto writer = p.store->make_writer(measurements());
  REQUIRE(comes_true([&] { return tried > 0; }));
  CHECK_THROWS_WITH(p.add(*writer, "a", 0), Catch::Contains("No space left"));
  CHECK(p.counts().accepted == 0);
  full = false;
  for (int i = 0; i < 5; ++i) p.add(*writer, "a", i);
  CHECK(comes_true([&] { return p.store->journals().keeper().spares() > 0; }));
  CHECK(p.counts().pending == 5);
}

TEST_CASE("an orderly end leaves no spare journal, nor one that was begun in vain", "[threads]") {
  const TemporaryDirectory dir;
  {
    Options options = catalog_options(dir);
    options.batch_rows_max = 10;
    Buffer buffer(options);
    Writer writer = buffer.writer("measurements");
    for (int i = 0; i < 35; ++i) writer.add(Measurement("a", i));
    CHECK(buffer.stop().settled);
    CHECK(std::filesystem::is_empty(dir / "state" / "buffers"));
  }
  CHECK(std::filesystem::is_empty(dir / "state" / "buffers"));
}

TEST_CASE("a folder in which a killed process left nothing but spare journals is removed by its adopter") {
  const TemporaryDirectory dir;
  const StateDirectory state(dir / "state");
  BufferFolder folder = state.create_buffer(Durability::process, "sqlite:x");
  const auto path = folder.path;
  for (const int number : {1, 2}) create_posix_file(path / journal_name(static_cast<std::uint64_t>(number)));
  StreamRegistry streams({measurements()});
  AdoptedBuffer adopted = adopt(std::move(folder), streams);
  CHECK(adopted.segments.empty());
  CHECK(adopted.findings.empty());
  CHECK(StateDirectory::remove_buffer(adopted.folder));
  CHECK_FALSE(std::filesystem::exists(path));
}
