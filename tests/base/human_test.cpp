#include "base/human.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <limits>

#include "base/nearest.hpp"
#include "base/text.hpp"

namespace forebay {
namespace {

using namespace std::chrono_literals;

/// TZ for one test case.
class TimeZone {
 public:
  explicit TimeZone(const char* name) {
    const char* before = std::getenv("TZ");
    if (before != nullptr) before_ = before;
    had_one_ = before != nullptr;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;
  ~TimeZone() {
    if (had_one_) {
      ::setenv("TZ", before_.c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }

 private:
  std::string before_;
  bool had_one_ = false;
};

TEST_CASE("sizes are written with one digit and never as 1024 of a unit") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(1023) == "1023 B");
  CHECK(human_bytes(1024) == "1.0 KiB");
  CHECK(human_bytes((1U << 20) - 1) == "1.0 MiB");
  CHECK(human_bytes(3'250'586) == "3.1 MiB");
  CHECK(human_bytes(std::numeric_limits<std::uint64_t>::max()) == "16.0 EiB");
}

TEST_CASE("counts are grouped by thousands") {
  CHECK(human_count(0) == "0");
  CHECK(human_count(999) == "999");
  CHECK(human_count(1000) == "1,000");
  CHECK(counted(1, "row is", "rows are") == "1 row is");
  CHECK(counted(0, "row is", "rows are") == "0 rows are");
  CHECK(counted(1000, "row", "rows") == "1,000 rows");
  CHECK(human_count(173203) == "173,203");
  CHECK(human_count(std::numeric_limits<std::uint64_t>::max()) == "18,446,744,073,709,551,615");
}

TEST_CASE("a rate of nothing in no time is a dash") {
  CHECK(human_rate(285000.4) == "285,000/s");
  CHECK(human_rate(3.44) == "3.4/s");
  CHECK(human_rate(9.99) == "10/s");
  CHECK(human_rate(std::numeric_limits<double>::quiet_NaN()) == "-");
  CHECK(human_rate(std::numeric_limits<double>::infinity()) == "-");
}

TEST_CASE("durations change unit without ever saying 60 of one") {
  CHECK(human_duration(-1s) == "0.00 s");
  CHECK(human_duration(30ms) == "0.03 s");
  CHECK(human_duration(9999ms) == "10.0 s");
  CHECK(human_duration(59'990ms) == "1 min 00 s");
  CHECK(human_duration(125s) == "2 min 05 s");
  CHECK(human_duration(3599'600ms) == "1 h 00 min");
  CHECK(human_duration(3h + 20min) == "3 h 20 min");
  CHECK(human_duration(52h) == "2 d 04 h");
}

TEST_CASE("times carry the zone they are in") {
  const TimeZone zone("XST-5:30");
  CHECK(rfc3339_local(std::int64_t{0}) == "1970-01-01T05:30:00+05:30");
  // One microsecond before a second begins belongs to the second before, also before 1970.
  CHECK(rfc3339_local(std::int64_t{-1}) == "1970-01-01T05:29:59+05:30");
  CHECK(compact_utc(std::chrono::system_clock::time_point{}) == "19700101T000000Z");
}

TEST_CASE("a zone west of Greenwich has its sign once") {
  const TimeZone zone("XST+3:30");
  CHECK(rfc3339_local(std::int64_t{0}) == "1969-12-31T20:30:00-03:30");
}

TEST_CASE("a message stays one line that steers nothing, and what was escaped in it stays as it is") {
  CHECK(safe_line("plain ümläut 漢") == "plain ümläut 漢");
  CHECK(safe_line("a\nb\x1b[31m") == "a\\nb\\x1B[31m");
  CHECK(safe_line("cannot read /x/" + printable("a\nb\\c")) == "cannot read /x/a\\nb\\\\c");
  CHECK(safe_line("\\") == "\\");
  CHECK(safe_line("\\\n\\") == "\\\\n\\");
}

TEST_CASE("the nearest name is found through slips of the keyboard") {
  const std::vector<std::string_view> names = {"MEMORY_DB_MAX_MB", "MEMORY_DB_MAX_FILES", "FOREBAY_LOG_LEVEL"};
  CHECK(nearest("MEMORY_DB_MAX_FILE", names) == "MEMORY_DB_MAX_FILES");
  CHECK(nearest("memory_db_max_mb", names) == "MEMORY_DB_MAX_MB");
  CHECK(nearest("FOREBAY_LGO_LEVEL", names) == "FOREBAY_LOG_LEVEL");
  CHECK_FALSE(nearest("FOREBAY_SOMETHING_ELSE", names));
  CHECK_FALSE(nearest("", names));
  CHECK_FALSE(nearest(std::string(5000, 'M'), names));
}

}  // namespace
}  // namespace forebay
