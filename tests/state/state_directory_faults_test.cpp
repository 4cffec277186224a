// The state directory goes away, moves or turns read-only, at the start or under a Buffer that runs.

#include <sys/mount.h>

#include <catch2/catch.hpp>

#include "forebay/buffer.hpp"
#include "support/catalog_buffer.hpp"
#include "support/orphan.hpp"
#include "support/scan_site.hpp"

namespace fs = std::filesystem;
using namespace forebay;
using namespace forebay::test;

namespace {

constexpr int kSegmentRows = 50;

Options small_batches_in(const TemporaryDirectory& dir) {
  Options o = catalog_options(dir);
  o.batch_rows_max = kSegmentRows;
  return o;
}

/// Adds rows until add() refuses one; what was taken, and what it said.
struct Taken {
  int rows = 0;
  std::string refusal;
};
Taken add_until_refused(Writer& writer, int first) {
  Taken taken;
  try {
    for (; taken.rows < 3 * kSegmentRows; ++taken.rows) writer.add(Measurement("a", first + taken.rows));
  } catch (const Error& e) {
    taken.refusal = e.what();
    CHECK(e.code() == ErrorCode::local);
  }
  return taken;
}

std::int64_t landed(const TemporaryDirectory& dir) { return catalog_number(dir, "SELECT count(*) FROM measurements"); }

/// A read-only file system in place of a directory, as long as this lives.
struct ReadOnly {
  explicit ReadOnly(fs::path at) : path(std::move(at)) {
    REQUIRE(::mount("none", path.c_str(), "tmpfs", MS_RDONLY, "size=64k,mode=700") == 0);
  }
  ~ReadOnly() { ::umount(path.c_str()); }
  ReadOnly(const ReadOnly&) = delete;
  ReadOnly& operator=(const ReadOnly&) = delete;
  fs::path path;
};

bool may_mount() {
  if (is_root()) return true;
  WARN("skipped: only root can mount");
  return false;
}

}  // namespace

TEST_CASE("a state directory that is renamed under a running buffer loses nothing that was acknowledged", "[threads]") {
  const TemporaryDirectory dir;
  fs::create_symlink("nowhere/catalog.db", dir / "catalog.db");  // away
  Taken later;
  {
    Buffer buffer(small_batches_in(dir));
    Writer writer = buffer.writer("measurements");
    for (int i = 0; i < 20; ++i) writer.add(Measurement("a", i));
    writer.commit();
    fs::rename(dir / "state", dir / "moved");
    // The open journal moved along, as did the spare ones. A new one cannot be made where the directory was.
    later = add_until_refused(writer, 20);
    CHECK(later.rows >= kSegmentRows - 20);
    CHECK_THAT(later.refusal, Catch::Contains((dir / "state").string()) && Catch::Contains("No such file"));
    CHECK_FALSE(buffer.stop(std::chrono::milliseconds(0)).settled);
    CHECK_FALSE(fs::exists(dir / "state"));
  }
  fs::remove(dir / "catalog.db");
  Options moved = small_batches_in(dir);
  moved.state_directory = dir / "moved";
  Buffer buffer(moved);
  CHECK(buffer.stop().settled);
  CHECK(buffer.get_sync_status().recovered.synced == static_cast<std::uint64_t>(20 + later.rows));
  CHECK(landed(dir) == 20 + later.rows);
}

TEST_CASE("a state directory that is deleted under a running buffer stops producers, and what it holds lands",
          "[threads]") {
  const TemporaryDirectory dir;
  Buffer buffer(small_batches_in(dir));
  Writer writer = buffer.writer("measurements");
  for (int i = 0; i < 20; ++i) writer.add(Measurement("a", i));
  fs::remove_all(dir / "state");
  const Taken later = add_until_refused(writer, 20);
  CHECK_THAT(later.refusal, Catch::Contains("No such file"));
  CHECK(buffer.stop().settled);
  CHECK(landed(dir) == 20 + later.rows);
  CHECK_FALSE(fs::exists(dir / "state"));
}

TEST_CASE("a state directory that turns read-only under a running buffer stops producers, and what it holds lands",
          "[threads][root]") {
  if (!may_mount()) return;
  const TemporaryDirectory dir;
  {
    Buffer buffer(small_batches_in(dir));
    Writer writer = buffer.writer("measurements");
    for (int i = 0; i < 20; ++i) writer.add(Measurement("a", i));
    fs::path own;
    for (const auto& e : fs::directory_iterator(dir / "state" / "buffers")) own = e.path();
    const ReadOnly now(own);
    const Taken later = add_until_refused(writer, 20);
    CHECK_THAT(later.refusal, Catch::Contains("Read-only file system"));
    CHECK(buffer.stop().settled);
    CHECK(landed(dir) == 20 + later.rows);
  }
  // Its folder could not be cleared; the next start finds that nothing in it is left to send.
  const std::int64_t before = landed(dir);
  Buffer next(small_batches_in(dir));
  CHECK(next.stop().settled);
  CHECK(landed(dir) == before);
  CHECK(catalog_number(dir, "SELECT sum(rows) FROM sync_batches") == before);
  CHECK(fs::is_empty(dir / "state" / "buffers"));
}

TEST_CASE("a read-only or planted state directory is refused at the start with the reason", "[root][threads]") {
  if (!may_mount()) return;
  ScanSite site;
  const Tree tree;
  fill(tree, 3);
  fs::create_directory(site.state());
  {
    const ReadOnly now(site.state());
    const auto refused = site.run({"scan", tree.path()});
    CAPTURE(refused.err);
    CHECK(refused.status == 2);
    CHECK(says(refused.err, site.state() + ": Read-only file system"));
    CHECK(site.run({"recover"}).status == 2);
  }
  fs::create_directory(site.directory() / "elsewhere");
  fs::create_directory_symlink(site.directory() / "elsewhere", site.state() + "/buffers");
  const auto planted = site.run({"scan", tree.path()});
  CAPTURE(planted.err);
  CHECK(planted.status == 2);
  CHECK(says(planted.err, "buffers: it is a symlink"));
  CHECK(fs::is_empty(site.directory() / "elsewhere"));
}
