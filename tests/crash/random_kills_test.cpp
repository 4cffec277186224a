// Fault 1: kill -9 at a random moment. Long runs of the same: scripts/crash-soak.sh.

#include <random>

#include "crash/tally.hpp"
#include "crash/test_site.hpp"

namespace forebay::crash {
namespace {

void survive_random_kills(const std::string& level, const std::string& destination) {
  TestSite site(destination);
  if (!site) return;
  constexpr std::uint64_t kCounted = 12;
  constexpr std::uint64_t kRounds = 60;
  const std::uint64_t first = std::random_device{}();
  Tally tally;
  for (std::uint64_t n = 0; tally.counted() < kCounted && n < kRounds; ++n) {
    const RoundResult result = site->run(make_plan(first + n, level));
    tally.add(result);
    INFO("scripts/crash-soak.sh --runs 1 --level " << level << " --destination " << destination << " --seed "
                                                   << first + n);
    INFO(result.story);
    REQUIRE(lines(result.verdict.violations) == "");
  }
  INFO(tally.table(level, destination));
  CHECK(tally.counted() >= kCounted);
  CHECK(tally.lost() == 0);
}

TEST_CASE(
    "a producer that is killed at a random moment loses nothing it had acknowledged, at level process with SQLite",
    "[crash][threads]") {
  survive_random_kills("process", "sqlite");
}

TEST_CASE("a producer that is killed at a random moment loses nothing it had acknowledged, at level power with SQLite",
          "[crash][threads]") {
  survive_random_kills("power", "sqlite");
}

TEST_CASE("a producer that is killed at a random moment loses nothing a checkpoint held, at level memory with SQLite",
          "[crash][threads]") {
  survive_random_kills("memory", "sqlite");
}

TEST_CASE(
    "a producer that is killed at a random moment loses nothing it had acknowledged, at level process with PostgreSQL",
    "[crash][postgres][threads]") {
  survive_random_kills("process", "postgres");
}

TEST_CASE(
    "a producer that is killed at a random moment loses nothing it had acknowledged, at level power with PostgreSQL",
    "[crash][postgres][threads]") {
  survive_random_kills("power", "postgres");
}

TEST_CASE(
    "a producer that is killed at a random moment loses nothing a checkpoint held, at level memory with PostgreSQL",
    "[crash][postgres][threads]") {
  survive_random_kills("memory", "postgres");
}

}  // namespace
}  // namespace forebay::crash
