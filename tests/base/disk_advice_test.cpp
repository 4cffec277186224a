#include <catch2/catch.hpp>
#include <cerrno>

#include "base/io.hpp"
#include "support/scan_tree.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_directory.hpp"

namespace forebay {
namespace {

using Catch::Contains;

TEST_CASE("what to do about a disk depends on what of it is used up, and names the setting that moves the file") {
  const test::TemporaryDirectory directory;
  const auto advice = [&](int error) { return disk_advice(error, directory / "no/such/file", "FOREBAY_STATE_DIR"); };
  CHECK_THAT(advice(ENOSPC), Contains("make room") && Contains("FOREBAY_STATE_DIR") && !Contains("inodes"));
  CHECK_THAT(advice(EDQUOT), Contains("quota") && Contains("FOREBAY_STATE_DIR"));
  CHECK_THAT(advice(EROFS), Contains("writable") && Contains("FOREBAY_STATE_DIR"));
  CHECK_THAT(advice(EFBIG), Contains("ulimit -f"));
  CHECK_THAT(advice(EMFILE), Contains("ulimit -n"));
  CHECK_THAT(advice(ENFILE), Contains("fs.file-max") && !Contains("ulimit"));  // a limit of its own raises no other
  CHECK(advice(EACCES).empty());
  CHECK(disk_room(directory / "no/such/file").free_bytes > 0);
  CHECK(disk_room({}).free_bytes > 0);  // the working directory's
}

TEST_CASE("a file system without inodes is told from one without bytes", "[root]") {
  if (!test::is_root()) {
    WARN("skipped: only root can make a small disk");
    return;
  }
  const test::TemporaryDirectory directory;
  const test::SmallDisk disk(directory / "disk", "size=1m,nr_inodes=1");
  if (!disk.mounted()) {
    WARN("skipped: mounting a tmpfs is not permitted");
    return;
  }
  const DiskRoom room = disk_room(directory / "disk/file");
  CHECK(room.no_inodes);
  CHECK_FALSE(room.no_bytes);
  CHECK(room.free_bytes > 0);
  CHECK_THAT(disk_advice(ENOSPC, directory / "disk/file", "X"), Contains("no inodes left") && Contains("df -i"));
}

}  // namespace
}  // namespace forebay
