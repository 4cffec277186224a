#include "base/version_clock.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "state/version_reserve.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using forebay::test::TemporaryDirectory;

namespace {

std::int64_t fake_wall_us = kVersionEpochUnixUs + 1'000'000'000;
std::int64_t fake_boot_us = 5'000'000;
VersionClock::Sources fake_sources() {
  return {[] { return fake_wall_us; }, [] { return fake_boot_us; }};
}

}  // namespace

TEST_CASE("versions of one process are strictly increasing over all its threads", "[threads]") {
  VersionClock clock(VersionClock::system_sources(), 0, 7);
  std::vector<std::vector<std::int64_t>> taken(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : taken) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20'000; ++i) mine.push_back(clock.next());
      });
    }
  }
  std::vector<std::int64_t> all;
  for (const auto& mine : taken) {
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}

TEST_CASE("two processes with different salts never tie in the same microsecond") {
  fake_boot_us = 5'000'000;
  VersionClock a(fake_sources(), 0, 1);
  VersionClock b(fake_sources(), 0, 2);
  CHECK(a.next() != b.next());
}

TEST_CASE("a version follows the boot clock, whatever happens to the wall clock") {
  fake_wall_us = kVersionEpochUnixUs + 1'000'000'000;
  fake_boot_us = 5'000'000;
  VersionClock clock(fake_sources(), 0, 1);
  const std::int64_t first = clock.next();
  CHECK(version_us_since_2020(first) == 1'000'000'000);
  fake_wall_us -= 3'600'000'000;  // an hour back
  fake_boot_us += 10;
  CHECK(version_us_since_2020(clock.next()) == 1'000'000'010);
  fake_wall_us += 7'200'000'000;
  fake_boot_us += 10;
  CHECK(version_us_since_2020(clock.next()) == 1'000'000'020);
}

TEST_CASE("a restart after the wall clock went back starts above every version of the earlier run") {
  const TemporaryDirectory dir;
  const VersionReserve reserve(dir / "version-reserve");
  fake_wall_us = kVersionEpochUnixUs + 50'000'000'000;
  fake_boot_us = 5'000'000;
  const auto sources = fake_sources();
  const auto extend = [&](std::int64_t until_us) { reserve.extend(until_us, sources); };
  std::int64_t last = 0;
  {
    VersionClock first(sources, reserve.floor_us(sources), 1, extend);
    for (int i = 0; i < 100; ++i) {
      fake_boot_us += 100'000;  // ten seconds in all: the reserve is extended on the way
      last = first.next();
    }
  }
  fake_wall_us -= 3'600'000'000;
  fake_boot_us = 1'000'000;  // rebooted, and the wall clock an hour behind
  VersionClock second(sources, reserve.floor_us(sources), 1, extend);
  CHECK(second.next() > last);
}

TEST_CASE("quick restarts do not push versions ahead of the clock") {
  const TemporaryDirectory dir;
  const VersionReserve reserve(dir / "version-reserve");
  fake_wall_us = kVersionEpochUnixUs + 50'000'000'000;
  fake_boot_us = 5'000'000;
  const auto sources = fake_sources();
  for (int i = 0; i < 100; ++i) {
    VersionClock clock(sources, reserve.floor_us(sources), 1,
                       [&](std::int64_t until_us) { reserve.extend(until_us, sources); });
    fake_wall_us += 1'000;
    fake_boot_us += 1'000;
    CHECK(version_us_since_2020(clock.next()) <= fake_wall_us - kVersionEpochUnixUs + 1);
  }
}
