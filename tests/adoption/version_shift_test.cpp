#include "adoption/version_shift.hpp"

#include <catch2/catch.hpp>

#include "forebay/error.hpp"
#include "support/temporary_directory.hpp"
#include "support/times.hpp"

using namespace forebay;
using namespace forebay::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kWallUs = kVersionEpochUnixUs + 6 * kYearUs;  // the clock that is right, since 1970

const ClocksNow kClocks{kWallUs, 1000 * kSecondUs, "this-boot"};

/// Rows of the last minute by a clock that was `ahead_us` ahead, of a process of the boot named.
StampedRows rows_ahead(std::int64_t ahead_us, const std::string& boot = "another-boot") {
  StampedRows rows;
  rows.version_max = version_of(kWallUs - kVersionEpochUnixUs + ahead_us, 5);
  rows.version_min = version_of(kWallUs - kVersionEpochUnixUs + ahead_us - 60 * kSecondUs, 5);
  rows.boot_id = boot;
  rows.wall_minus_boot_us = kClocks.wall_us - kClocks.boot_us + ahead_us;
  return rows;
}

}  // namespace

TEST_CASE("rows of a clock that was right, or near enough, are in no doubt") {
  CHECK_FALSE(doubt_versions(rows_ahead(0), kClocks, kClockTolerance));
  CHECK_FALSE(doubt_versions(rows_ahead(300 * kSecondUs), kClocks, kClockTolerance));
  CHECK_FALSE(
      doubt_versions(rows_ahead(-kHourUs, "this-boot"), kClocks, kClockTolerance));  // or the machine was paused
  StampedRows near = rows_ahead(0);
  near.refused_ahead_us = 10 * kSecondUs;  // the tolerance was wider since
  CHECK_FALSE(doubt_versions(near, kClocks, kClockTolerance));
}

TEST_CASE("rows stamped in the future are in doubt, and the shift named brings them to the clock") {
  const auto doubt = doubt_versions(rows_ahead(10 * kYearUs), kClocks, kClockTolerance);
  REQUIRE(doubt);
  CHECK(doubt->shift_s == -10 * kYearUs / kSecondUs);
  CHECK_THAT(doubt->why, Catch::Contains("ahead of this machine's clock"));
  CHECK(doubt_versions(rows_ahead(301 * kSecondUs), kClocks, kClockTolerance)->shift_s == -301);
}

TEST_CASE("on the same boot the step of the wall clock tells the shift exactly") {
  StampedRows rows = rows_ahead(kHourUs, "this-boot");
  rows.version_max -= version_shift(600s);  // taken ten minutes ago, so only 50 minutes in the future
  const auto doubt = doubt_versions(rows, kClocks, kClockTolerance);
  REQUIRE(doubt);
  CHECK(doubt->shift_s == -3600);
  rows.boot_id = "another-boot";
  CHECK(doubt_versions(rows, kClocks, kClockTolerance)->shift_s == -3000);
}

TEST_CASE("what a destination said of the clock counts, also of one that was behind") {
  StampedRows rows = rows_ahead(-kHourUs);
  rows.refused_ahead_us = -kHourUs;
  const auto doubt = doubt_versions(rows, kClocks, kClockTolerance);
  REQUIRE(doubt);
  CHECK(doubt->shift_s == 3600);
  CHECK_THAT(doubt->why, Catch::Contains("3600 s behind the destination's"));
  rows.refused_ahead_us = 10 * kYearUs + 1;
  CHECK(doubt_versions(rows, kClocks, kClockTolerance)->shift_s == -10 * kYearUs / kSecondUs - 1);
}

TEST_CASE("a shift keeps order and low bits") {
  const StampedRows rows = rows_ahead(kHourUs);
  const std::int64_t by = version_shift(-3600s);
  CHECK(rows.version_min + by < rows.version_max + by);
  CHECK(((rows.version_max + by) & 0xfff) == 5);
  CHECK(version_us_since_2020(rows.version_max + by) == kWallUs - kVersionEpochUnixUs);
}

TEST_CASE("a shift before 2020, past the end of versions or into the future is refused") {
  const StampedRows rows = rows_ahead(0);
  const auto problem = [&](std::chrono::seconds by) { return shift_problem(rows, by, kClocks, kClockTolerance); };
  CHECK(problem(0s).empty());
  CHECK(problem(-3600s).empty());
  CHECK(problem(300s).empty());
  CHECK_THAT(problem(301s), Catch::Contains("301 s ahead of this machine's clock"));
  CHECK_THAT(problem(-std::chrono::hours(24 * 365 * 7)), Catch::Contains("before 2020"));
  CHECK_THAT(problem(std::chrono::hours(24 * 365 * 68)), Catch::Contains("ahead of this machine's clock"));
  for (const std::int64_t far : {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
                                 std::int64_t{1} << 40, -(std::int64_t{1} << 40)}) {
    CHECK_FALSE(problem(std::chrono::seconds(far)).empty());
  }
  CHECK(shift_problem(rows_ahead(10 * kYearUs), 0s, kClocks, kClockTolerance)
            .empty());  // as they are: someone's own decision
}

TEST_CASE("shift and clock difference are kept in the folder, and torn ones are told") {
  const TemporaryDirectory dir;
  CHECK_FALSE(read_shift(dir.path()));
  CHECK_FALSE(read_clock_apart(dir.path()));
  write_shift(dir.path(), -3600s, false);
  write_shift(dir.path(), -7200s, true);
  CHECK(read_shift(dir.path()) == -7200s);
  write_clock_apart(dir.path(), kHourUs, false);
  CHECK(read_clock_apart(dir.path()) == kHourUs);
  write_clock_apart(dir.path(), std::nullopt, false);
  CHECK_FALSE(read_clock_apart(dir.path()));
  for (const char* torn : {"", "-", "-36", "x\n", "99999999999999999999\n"}) {
    dir.write("version-shift", torn);
    CHECK_THROWS_AS(read_shift(dir.path()), Error);
  }
}
