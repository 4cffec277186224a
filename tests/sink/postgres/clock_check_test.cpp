#include <catch2/catch.hpp>

#include "sink/postgres/settings.hpp"
#include "support/times.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

constexpr std::int64_t kServerUs = 1'800'000'000 * kSecondUs;

ClockDifference compared(std::int64_t ours_us, std::int64_t server_us, std::int64_t newest_us = 0) {
  // The answer took 2 s.
  return compare_clocks({ours_us - kSecondUs, newest_us}, server_us, {ours_us + kSecondUs, newest_us}, kClockTolerance);
}

}  // namespace

TEST_CASE("clocks that are near enough, the time of the answer included, are no difference") {
  CHECK(compared(kServerUs, kServerUs).ahead_us == 0);
  CHECK(compared(kServerUs, kServerUs + 301 * kSecondUs).ahead_us == 0);
  CHECK(compared(kServerUs, kServerUs - 301 * kSecondUs).ahead_us == 0);
}

TEST_CASE("a clock ten years ahead, or an hour behind, is told with its sign") {
  CHECK(compared(kServerUs + 10 * kYearUs, kServerUs).ahead_us == 10 * kYearUs - kSecondUs);
  CHECK(compared(kServerUs - kHourUs, kServerUs).ahead_us == -3599 * kSecondUs);
  CHECK_FALSE(compared(kServerUs + 10 * kYearUs, kServerUs).newest_stamp);
}

TEST_CASE("records that are stamped ahead of a clock that is right are a difference, too") {
  const ClockDifference d = compared(kServerUs, kServerUs, kServerUs + kHourUs);
  CHECK(d.newest_stamp);
  CHECK(d.ahead_us == kHourUs);
  CHECK(compared(kServerUs, kServerUs, kServerUs + 300 * kSecondUs).ahead_us == 0);
}
