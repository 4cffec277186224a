#include "buffer/limits.hpp"

#include <catch2/catch.hpp>

using namespace forebay;
using namespace std::chrono_literals;

namespace {
Limits small_limits() {
  Limits l;
  l.batch_rows_max = 100;
  l.interval = 1000ms;
  l.memory_rows_max = 1000;
  l.memory_bytes_max = 1 << 20;
  l.disk_bytes_max = 1 << 21;
  return l;
}
}  // namespace

TEST_CASE("a segment is sealed by count, else by age, and never when it is empty") {
  const Limits l = small_limits();
  CHECK(seal_reason({100, 0, 0ms}, l) == Reason::batch_size_reached);
  CHECK(seal_reason({100, 0, 5000ms}, l) == Reason::batch_size_reached);
  CHECK(seal_reason({1, 0, 1000ms}, l) == Reason::interval_reached);
  CHECK_FALSE(seal_reason({99, 0, 999ms}, l).has_value());
  CHECK_FALSE(seal_reason({0, 0, 5000ms}, l).has_value());
}

TEST_CASE("below the limits nothing is asked of a producer") {
  BufferUsage u;
  u.active_rows = 400;
  u.sealed_rows = 599;
  u.evictable_rows = 599;
  const Relief r = backpressure(u, small_limits());
  CHECK_FALSE(r.seal_active);
  CHECK(r.evict_rows == 0);
  CHECK(r.evict_bytes == 0);
  CHECK_FALSE(r.disk_full);
}

TEST_CASE("at the row limit just as many sealed rows are evicted as it takes to be below it") {
  BufferUsage u;
  u.active_rows = 400;
  u.sealed_rows = 700;
  u.evictable_rows = 500;
  const Relief r = backpressure(u, small_limits());
  CHECK_FALSE(r.seal_active);
  CHECK(r.evict_rows == 101);
}

TEST_CASE("when evicting all that is sealed would not do, what is active is sealed") {
  BufferUsage u;
  u.active_rows = 950;
  u.sealed_rows = 60;
  u.evictable_rows = 10;
  CHECK(backpressure(u, small_limits()).seal_active);
  u = {};
  u.active_bytes = 1 << 20;
  CHECK(backpressure(u, small_limits()).seal_active);
}

TEST_CASE("the byte limit evicts by bytes") {
  BufferUsage u;
  u.sealed_rows = 10;
  u.evictable_rows = 10;
  u.sealed_bytes = (1 << 20) + 5;
  u.evictable_bytes = (1 << 20) + 5;
  CHECK(backpressure(u, small_limits()).evict_bytes == 6);
}

TEST_CASE("journals at the disk limit are full, and the message names the setting") {
  BufferUsage u;
  u.disk_bytes = 1 << 21;
  CHECK(backpressure(u, small_limits()).disk_full);
  CHECK_THAT(full_message({.disk_full = true}, small_limits(), {}), Catch::Contains("MEMORY_DB_DISK_MAX_MB"));
  const std::string disk = full_message({.evict_rows = 1}, small_limits(), "cannot write x: No space left on device");
  CHECK_THAT(disk, Catch::Contains("No space left") && !Catch::Contains("MEMORY_DB_DISK_MAX_MB"));
}

TEST_CASE("small limits are looked at often enough to be kept") {
  Limits l = small_limits();
  CHECK(rows_between_checks(l) == 100);
  l.memory_rows_max = 80;
  CHECK(rows_between_checks(l) == 10);
  l.memory_rows_max = 1;
  CHECK(rows_between_checks(l) == 1);
  l.memory_rows_max = 1'000'000;
  l.batch_rows_max = 100'000;
  CHECK(rows_between_checks(l) == 1000);
}
