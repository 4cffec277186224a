#include "buffer/disk_trouble.hpp"

#include <catch2/catch.hpp>

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("a limit that is reached again and again is told once, and that there is room only when it stays so") {
  DiskTrouble trouble;
  DiskTrouble::Time now{};
  int told = 0;
  for (int i = 0; i < 1000; ++i, now += 4ms) {
    if (i % 2 == 0) told += trouble.full("journals have reached 3 MiB; producers wait", now) ? 1 : 0;
    if (i % 2 == 1) CHECK_FALSE(trouble.has_room(now));
  }
  CHECK(told == 1);
  CHECK_FALSE(trouble.has_room(now));
  CHECK(trouble.has_room(now + DiskTrouble::kRoomFor));
  CHECK_FALSE(trouble.has_room(now + 2 * DiskTrouble::kRoomFor));
  // After that it is news.
  CHECK(trouble.full("journals have reached 3 MiB; producers wait", now + 20s));
  // And after ten minutes of it, too.
  CHECK_FALSE(trouble.full("journals have reached 3 MiB; producers wait", now + 9min));
  CHECK(trouble.full("journals have reached 3 MiB; producers wait", now + 11min));
}

TEST_CASE("a disk that takes nothing is one line for all segments, and is told to status while it goes on") {
  DiskTrouble trouble;
  const DiskTrouble::Time start{};
  CHECK(trouble.now(start).empty());
  CHECK(trouble.failed("cannot write segment-000001.journal: No space left", start));
  for (const char* other : {"cannot write segment-000002.journal: No space left",
                            "cannot write segment-000012.1000.journal: No space left"}) {
    CHECK_FALSE(trouble.failed(other, start + 1s));
  }
  CHECK(trouble.now(start + 2s) == "cannot write segment-000012.1000.journal: No space left");
  CHECK(trouble.now(start + 1min).empty());
  CHECK(trouble.failed("cannot write segment-000001.journal: Input/output error", start + 1s));
  CHECK(trouble.full("memory is full", start + 2s));
  CHECK(trouble.now(start + 2s) == "memory is full");
  CHECK_FALSE(trouble.has_room(start + 3s));
  CHECK(trouble.now(start + 1min).empty());
}
