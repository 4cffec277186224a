// Loaded before the C library (LD_PRELOAD) by tests that run the command with a wall clock that is wrong or steps. The
// file TEST_WALL_CLOCK holds, as a 64-bit integer, the seconds by which the wall clock is ahead; it may change at
// any time. The boot clock and the monotonic clock stay as they are.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

const volatile std::int64_t* ahead_s() {
  static const volatile std::int64_t* const kMapped = [] {
    static const std::int64_t kNone = 0;
    const char* file = std::getenv("TEST_WALL_CLOCK");
    const int fd = file != nullptr ? ::open(file, O_RDONLY | O_CLOEXEC) : -1;
    void* at = fd >= 0 ? ::mmap(nullptr, sizeof kNone, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) ::close(fd);
    return at != MAP_FAILED ? static_cast<const std::int64_t*>(at) : &kNone;
  }();
  return kMapped;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* t) noexcept {
  const long result = ::syscall(SYS_clock_gettime, clock, t);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) t->tv_sec += *ahead_s();
  return static_cast<int>(result);
}

extern "C" time_t time(time_t* out) noexcept {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  if (out != nullptr) *out = t.tv_sec;
  return t.tv_sec;
}

extern "C" int gettimeofday(timeval* tv, void*) noexcept {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  tv->tv_sec = t.tv_sec;
  tv->tv_usec = t.tv_nsec / 1000;
  return 0;
}
