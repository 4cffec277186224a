// The command on a machine whose wall clock is wrong, or steps.

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/version_clock.hpp"
#include "sqlite/statement.hpp"
#include "support/places.hpp"
#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

constexpr std::int64_t kHourS = 3600;
constexpr std::int64_t kTenYearsS = 10LL * 365 * 24 * kHourS;

/// Where the command sees a wall clock of the test's.
class ClockSite {
 public:
  explicit ClockSite(const std::string& url) : site(url, {{"SYNC_DRAIN_TIMEOUT", "1"}}) {
    step(0);
    site.set("LD_PRELOAD", fake_clock_library());
    site.set("TEST_WALL_CLOCK", file());
  }
  static bool available() {
    if (!fake_clock_library().empty()) return true;
    WARN("skipped: built with a sanitizer, which cannot be run with another wall clock");
    return false;
  }
  /// The clock is ahead by so many seconds from now on, for commands that run, too.
  void step(std::int64_t ahead_s) const {
    const int fd = ::open(file().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(::pwrite(fd, &ahead_s, sizeof ahead_s, 0) == sizeof ahead_s);
    ::close(fd);
  }
  CommandResult scan(const Tree& tree) const { return site.run({"scan", tree.path(), "--set", "clock", "--json"}); }

  ScanSite site;

 private:
  std::string file() const { return (site.directory().path() / "clock").string(); }
};

std::int64_t now_s() { return VersionClock::system_sources().wall_us() / 1'000'000; }
/// Seconds since 1970, from a version.
std::int64_t stamped_s(const std::string& version) {
  return (version_us_since_2020(std::stoll(version)) + kVersionEpochUnixUs) / 1'000'000;
}

/// The number that a message tells to give to --shift-versions.
std::string shift_in(const std::string& text) {
  const std::string option = "--shift-versions ";
  const auto at = text.find(option);
  if (at == std::string::npos) return "none";
  const auto begin = at + option.size();
  return text.substr(begin, text.find_first_not_of("-0123456789", begin) - begin);
}

TEST_CASE("with a clock ten years ahead nothing is sent; once it is mended the rows are moved, and land",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !ClockSite::available()) return;
  const ClockSite clock(fixture.url());
  const ScanSite& site = clock.site;
  const Tree tree;
  fill(tree, 300);
  clock.step(kTenYearsS);
  const auto ahead = clock.scan(tree);
  CHECK(ahead.status == 3);
  CHECK(says(ahead.err, "misconfigured: the server's clock is 3153"));
  CHECK(summary_of(ahead).at("destination_state") == "misconfigured");
  CHECK(summary_of(ahead).at("synced") == 0);

  // Mended. The reserve of versions is still ten years ahead, and so are the rows of the next scan: not sent either.
  clock.step(0);
  const auto reserved = clock.scan(tree);
  CAPTURE(reserved.err);
  CHECK(reserved.status == 3);
  CHECK(says(reserved.err, "stamped 3153"));
  CHECK(says(reserved.err, "are left as they are") == false);  // one so far
  CHECK(summary_of(reserved).at("synced") == 0);
  CHECK(fixture.one("SELECT to_regclass('backup_files') IS NULL") == "t");

  const auto doubtful = site.run({"recover", "--json"});
  CAPTURE(doubtful.err);
  CHECK(doubtful.status == 3);
  CHECK(summary_of(doubtful).at("buffers_in_doubt") == 2);
  const std::string shift = shift_in(doubtful.err);
  CHECK(std::abs(std::stoll(shift) + kTenYearsS) < 60);
  CHECK(site.buffers_left() == 2);

  const auto too_far = site.run({"recover", "--shift-versions", "-900000000"});
  CHECK(too_far.status == 2);
  CHECK(says(too_far.err, "before 2020"));
  CHECK(site.buffers_left() == 2);

  const auto moved = site.run({"recover", "--shift-versions", shift, "--json"});
  CAPTURE(moved.err);
  CHECK(moved.status == 0);
  CHECK(summary_of(moved).at("pending") == 0);
  CHECK(site.buffers_left() == 0);
  CHECK((landed_in(fixture, summary_of(ahead).at("backup_set_id").get<std::int64_t>()) == found_under(tree.path())));
  CHECK(std::abs(stamped_s(fixture.one("SELECT max(sync_version) FROM backup_files")) - now_s()) < 60);

  const auto after = clock.scan(tree);
  CAPTURE(after.err);
  CHECK(after.status == 0);
  CHECK(summary_of(after).at("superseded") == 0);  // stamped by the clock, and newer than what was moved
  CHECK(std::abs(stamped_s(fixture.one("SELECT max(sync_version) FROM backup_files")) - now_s()) < 60);
}

TEST_CASE("rows of a clock that was behind are told, and do not lose silently", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !ClockSite::available()) return;
  ClockSite clock(fixture.url());
  const Tree tree;
  fill(tree, 50);
  REQUIRE(clock.scan(tree).status == 0);
  const std::string newest = fixture.one("SELECT max(sync_version) FROM backup_files");
  const TemporaryDirectory other_state;
  // Another machine, as it were: its reserve knows nothing of the first one.
  ScanSite& behind = clock.site;
  behind.set("FOREBAY_STATE_DIR", (other_state / "state").string());
  clock.step(-kHourS);
  const auto refused = behind.run({"scan", tree.path(), "--set", "clock", "--json"});
  CHECK(refused.status == 3);
  CHECK(says(refused.err, "s ahead of this machine's"));
  clock.step(0);
  const auto doubtful = behind.run({"recover"});
  CHECK(doubtful.status == 3);
  CHECK(says(doubtful.err, "s behind the destination's"));
  const auto moved = behind.run({"recover", "--shift-versions", shift_in(doubtful.err), "--json"});
  CAPTURE(doubtful.err, moved.err);
  CHECK(moved.status == 0);
  CHECK(fixture.one("SELECT min(sync_version) > " + newest + " FROM backup_files") == "t");
}

TEST_CASE("a wall clock that steps by an hour while a scan runs changes no version", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available() || !ClockSite::available()) return;
  const FlakyAddress address(fixture);
  ClockSite clock(address.url());
  clock.site.set("SYNC_DRAIN_TIMEOUT", "30");
  const std::int64_t step = GENERATE(kHourS, -kHourS);
  const Tree tree;
  fill(tree, 200);
  RunningCommand scan(clock.site.line({"scan", tree.path(), "--json"}));
  REQUIRE(scan.wait_for("destination is down"));
  clock.step(step);
  address.appear();
  const auto result = scan.wait();
  CAPTURE(step, result.err);
  CHECK(result.status == 0);
  CHECK(summary_of(result).at("elapsed_seconds").get<double>() < 30);
  CHECK(std::abs(stamped_s(fixture.one("SELECT max(sync_version) FROM backup_files")) - now_s()) < 60);
}

TEST_CASE("versions never go back when the wall clock did, across a restart", "[threads]") {
  if (!ClockSite::available()) return;
  const ClockSite clock({});
  const Tree tree;
  fill(tree, 100);
  std::string newest = "0";
  for (const std::int64_t step : {std::int64_t{0}, kHourS, std::int64_t{0}, -kHourS, kHourS, std::int64_t{0}}) {
    clock.step(step);
    const auto result = clock.scan(tree);
    CAPTURE(step, result.err);
    CHECK(result.status == 0);
    CHECK(summary_of(result).at("superseded") == 0);
    SqliteConnection db(clock.site.catalog(), SQLITE_OPEN_READONLY);
    SqliteStatement oldest(db, "SELECT min(sync_version), max(sync_version) FROM backup_files");
    REQUIRE(oldest.step());
    CHECK(oldest.column_integer(0) > std::stoll(newest));
    newest = std::to_string(oldest.column_integer(1));
  }
}

}  // namespace
}  // namespace forebay::test
