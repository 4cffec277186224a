#include "state/version_reserve.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "base/io.hpp"
#include "base/private_path.hpp"
#include "forebay/error.hpp"
#include "state/manifest.hpp"

namespace forebay {
namespace {

std::int64_t wall_minus_boot_us(const VersionClock::Sources& sources) { return sources.wall_us() - sources.boot_us(); }

/// The file, locked while this lives. Content: "RESERVED_US WALL_MINUS_BOOT_US BOOT_ID\n".
class Locked {
 public:
  explicit Locked(const std::filesystem::path& path) : path_(path), fd_(open_private_file(path, O_RDWR | O_CREAT)) {
    while (::flock(fd_.get(), LOCK_EX) != 0) {
      if (errno != EINTR) fail("lock");
    }
  }

  /// False for an empty (new) file or one that makes no sense.
  bool read(std::int64_t& reserved_us, std::int64_t& wall_minus_boot, std::string& boot) const {
    char text[256] = {};
    const ssize_t n = ::pread(fd_.get(), text, sizeof text - 1, 0);
    if (n < 0) fail("read");

    char id[64] = {};
    long long reserved = 0;
    long long offset = 0;
    if (std::sscanf(text, "%lld %lld %63s", &reserved, &offset, id) != 3) return false;
    reserved_us = reserved;
    wall_minus_boot = offset;
    boot = id;
    return true;
  }
  void write(std::int64_t reserved_us, std::int64_t wall_minus_boot, const std::string& boot) const {
    // Fixed width, one write: a kill leaves the old content or the new, never a shorter mix.
    char text[128];
    const int n = std::snprintf(text, sizeof text, "%020lld %020lld %-40s\n", static_cast<long long>(reserved_us),
                                static_cast<long long>(wall_minus_boot), boot.c_str());
    if (::pwrite(fd_.get(), text, static_cast<std::size_t>(n), 0) != n) fail("write");
  }
  /// Whole content, written anew before each flush, and the file is flushed again after a flush that failed: unlike a
  /// journal's, nothing of an earlier write is relied on.
  void flush() const {
    if (::fdatasync(fd_.get()) != 0) fail("flush");
  }

 private:
  [[noreturn]] void fail(const char* doing) const {
    throw Error(ErrorCode::local,
                std::string("cannot ") + doing + " " + path_.string() + ": " + std::generic_category().message(errno));
  }
  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace

VersionReserve::VersionReserve(std::filesystem::path file, bool durable) : file_(std::move(file)), durable_(durable) {}

std::int64_t VersionReserve::floor_us(const VersionClock::Sources& sources) const {
  const Locked file(file_);
  if (durable_) flush_posix_folder(file_.parent_path());  // the file's name, if it is new
  std::int64_t reserved_us = 0;
  std::int64_t offset = 0;
  std::string boot;
  if (!file.read(reserved_us, offset, boot)) return 0;

  constexpr std::int64_t kStepUs = 10'000;  // clocks that are slewed drift by less between two looks at both
  const bool not_stepped = boot == boot_id() && std::llabs(wall_minus_boot_us(sources) - offset) < kStepUs;
  // Producers faster than a version a microsecond run ahead of the clock: then the reserve is ahead by more than its
  // usual.
  const std::int64_t now_us = sources.wall_us() - kVersionEpochUnixUs;
  return not_stepped && reserved_us - VersionClock::kReserveAheadUs <= now_us ? 0 : reserved_us;
}

void VersionReserve::extend(std::int64_t until_us, const VersionClock::Sources& sources) const {
  const Locked file(file_);
  std::int64_t reserved_us = 0;
  std::int64_t offset = 0;
  std::string boot;
  file.read(reserved_us, offset, boot);
  file.write(std::max(reserved_us, until_us), wall_minus_boot_us(sources), boot_id());
  if (durable_) file.flush();
}

bool VersionReserve::lower(std::int64_t until_us, const VersionClock::Sources& sources,
                           const std::function<bool()>& nobody_lives) const {
  const Locked file(file_);
  std::int64_t reserved_us = 0;
  std::int64_t offset = 0;
  std::string boot;

  // Whoever starts from now on waits for this lock; whoever is past it has a folder that can be seen.
  if (!file.read(reserved_us, offset, boot) || reserved_us <= until_us + VersionClock::kReserveAheadUs ||
      !nobody_lives()) {
    return false;
  }
  file.write(until_us, wall_minus_boot_us(sources), boot_id());
  return true;
}

}  // namespace forebay
