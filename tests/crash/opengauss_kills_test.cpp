// Kills at stand-ins of openGauss: what they are and are not, tests/support/opengauss_stand_in.hpp says.

#include <random>

#include "crash/tally.hpp"
#include "crash/test_site.hpp"
#include "support/opengauss_stand_in.hpp"
#include "support/server_uses.hpp"

namespace forebay::crash {
namespace {

void survive_kills(const test::OpenGaussRelease& release, const std::string& level) {
  const char* database = std::getenv("DATABASE_URL");
  const auto server = test::OpenGaussStandIn::of_environment(release);
  if (database == nullptr || server == nullptr) {
    WARN("skipped: DATABASE_URL and PGHOST name no server with a Unix socket");
    return;
  }
  ++test::g_server_uses;
  const test::TemporaryDirectory directory;
  Site site(test::crash_binary(), directory.path(), make_postgres_view(database, server->url()));
  const std::uint64_t first = std::random_device{}();
  Tally tally;
  constexpr std::uint64_t kCounted = 6;
  for (std::uint64_t n = 0; tally.counted() < kCounted && n < 40; ++n) {
    const RoundResult result = site.run(make_plan(first + n, level));
    tally.add(result);
    INFO("seed " << first + n);
    INFO(result.story);
    REQUIRE(lines(result.verdict.violations) == "");
  }
  CHECK(tally.counted() >= kCounted);
  CHECK(tally.lost() == 0);
}

TEST_CASE("a producer that is killed loses nothing it had acknowledged, with a stand-in of openGauss 3.0 in mode A",
          "[crash][postgres][threads]") {
  survive_kills(test::kOpenGauss3A, "process");
}

TEST_CASE("a producer that is killed loses nothing it had acknowledged, with a stand-in of openGauss 6.0 in mode PG",
          "[crash][postgres][threads]") {
  survive_kills(test::kOpenGauss6PG, "power");
}

}  // namespace
}  // namespace forebay::crash
