#include "sink/clock_check.hpp"

#include <catch2/catch.hpp>

using namespace forebay;

namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kNow = 1'800'000'000 * kSecond;
constexpr std::chrono::seconds kTolerance{300};

ClockDifference compared(std::int64_t ours_us, std::int64_t server_us, std::int64_t newest_us = 0) {
  // The answer took 2 s.
  return compare_clocks({ours_us - kSecond, newest_us}, server_us, {ours_us + kSecond, newest_us}, kTolerance);
}

}  // namespace

TEST_CASE("clocks that are near enough, the time of the answer included, are no difference") {
  CHECK(compared(kNow, kNow).ahead_us == 0);
  CHECK(compared(kNow, kNow + 301 * kSecond).ahead_us == 0);
  CHECK(compared(kNow, kNow - 301 * kSecond).ahead_us == 0);
}

TEST_CASE("a clock ten years ahead, or an hour behind, is told with its sign") {
  constexpr std::int64_t kTenYears = 10LL * 365 * 24 * 3600 * kSecond;
  CHECK(compared(kNow + kTenYears, kNow).ahead_us == kTenYears - kSecond);
  CHECK(compared(kNow - 3600 * kSecond, kNow).ahead_us == -3599 * kSecond);
  CHECK_FALSE(compared(kNow + kTenYears, kNow).newest_stamp);
}

TEST_CASE("records that are stamped ahead of a clock that is right are a difference, too") {
  const ClockDifference d = compared(kNow, kNow, kNow + 3600 * kSecond);
  CHECK(d.newest_stamp);
  CHECK(d.ahead_us == 3600 * kSecond);
  CHECK(compared(kNow, kNow, kNow + 300 * kSecond).ahead_us == 0);
}
