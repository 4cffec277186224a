// Several faults at once, drawn in pairs, under the crash harness's oracle. Long runs: scripts/fault-soak.sh.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "faults/fault_round.hpp"
#include "faults/trouble.hpp"
#include "support/lines.hpp"

using namespace forebay::test;

namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? std::stoull(value) : otherwise;
}

void prepare(const PrivatePostgres& server) {
  server.exec("CREATE ROLE oracle SUPERUSER LOGIN");
  server.exec("CREATE ROLE " + std::string(kTroubledRole) + " LOGIN");
}

/// What many rounds met.
class FaultTally {
 public:
  void add(const FaultRoundResult& r) {
    ++rounds_;
    killed_ += r.killed ? 1 : 0;
    acknowledged_ += r.verdict.acknowledged;
    in_fault_ += r.acknowledged_in_fault;
    lost_ += r.verdict.lost;
    failed_ += r.verdict.violations.empty() ? 0 : 1;
    for (const std::string& a : r.troubles) {
      ++of_trouble_[a].first;
      of_trouble_[a].second += r.complained ? 1 : 0;
      for (const std::string& b : r.troubles) {
        if (a < b) pairs_.insert({a, b});
      }
    }
  }
  std::uint64_t failed() const { return failed_; }

  void print(std::ostream& out) const {
    out << "fault                          rounds  of these with a line in the log\n";
    for (const auto& [name, counts] : of_trouble_) {
      out << name << std::string(31 - std::min<std::size_t>(30, name.size()), ' ') << counts.first << "\t"
          << counts.second << "\n";
    }
    out << rounds_ << " rounds, " << pairs_.size() << " different pairs, " << killed_ << " kills in the midst; "
        << acknowledged_ << " rows acknowledged, " << in_fault_ << " of them during a fault; " << lost_ << " lost, "
        << failed_ << " rounds failed\n";
  }

 private:
  std::uint64_t rounds_ = 0, killed_ = 0, acknowledged_ = 0, in_fault_ = 0, lost_ = 0, failed_ = 0;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> of_trouble_;
  std::set<std::pair<std::string, std::string>> pairs_;
};

}  // namespace

TEST_CASE("under faults in pairs, drawn at random, nothing is lost and nothing lands twice",
          "[faults][long][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres server;
  prepare(server);
  const std::uint64_t first = std::random_device{}();
  for (std::uint64_t seed = first; seed < first + 3; ++seed) {
    INFO("scripts/fault-soak.sh --rounds 1 --seed " << seed);
    const FaultRoundResult result = run_fault_round(server, {.seed = seed});
    INFO(result.story);
    CHECK(lines(result.verdict.violations) == "");
    CHECK(result.verdict.acknowledged > 0);
  }
}

TEST_CASE("where what was refused is never sent again the oracle reports that it is not there",
          "[faults][long][postgres][threads]") {
  if (!PrivatePostgres::available()) return;
  PrivatePostgres server;
  prepare(server);
  FaultRoundOptions options{.seed = 1, .only = "rows refused (23514)"};
  CHECK(lines(run_fault_round(server, options).verdict.violations) == "");
  options.send_refused_again = false;
  const FaultRoundResult result = run_fault_round(server, options);
  CHECK_THAT(lines(result.verdict.violations),
             Catch::Matchers::Contains("O1: p1/t0 ") && Catch::Matchers::Contains("O7: 1 buffers' folders are left"));
  CHECK(result.verdict.lost > 0);
}

TEST_CASE("a plan of faults is the same for the same seed", "[faults]") {
  const FaultPlan a = make_fault_plan(7, 10);
  const FaultPlan b = make_fault_plan(7, 10);
  REQUIRE(a.troubles.size() == b.troubles.size());
  for (std::size_t i = 0; i < a.troubles.size(); ++i) {
    CHECK(a.troubles[i].which == b.troubles[i].which);
    CHECK(a.troubles[i].begin == b.troubles[i].begin);
    CHECK(a.troubles[i].draw == b.troubles[i].draw);
    CHECK(a.troubles[i].end > a.troubles[i].begin);
  }
  CHECK(a.producer.rows_max == b.producer.rows_max);
  CHECK(a.kill_at == b.kill_at);
}

TEST_CASE("soak: faults in pairs", "[.fault-soak][postgres][threads]") {
  REQUIRE(PrivatePostgres::available());
  PrivatePostgres server;
  prepare(server);
  const std::uint64_t rounds = number_from("SOAK_ROUNDS", 100);
  const std::uint64_t given = number_from("SOAK_SEED", 0);
  const std::uint64_t first = given != 0 ? given : std::random_device{}();
  std::cerr << "seeds " << first << " to " << first + rounds - 1 << std::endl;
  FaultTally tally;
  auto told_at = std::chrono::steady_clock::now();
  for (std::uint64_t n = 0; n < rounds; ++n) {
    const FaultRoundResult result = run_fault_round(server, {.seed = first + n});
    tally.add(result);
    for (const std::string& v : result.verdict.violations) std::cerr << "seed " << first + n << ": " << v << "\n";
    std::cerr << result.story << std::flush;
    const auto now = std::chrono::steady_clock::now();
    if (now - told_at < std::chrono::seconds(10)) continue;
    told_at = now;
    std::cerr << n + 1 << " of " << rounds << " rounds, " << tally.failed() << " failed" << std::endl;
  }
  tally.print(std::cout);
  CHECK(tally.failed() == 0);
}
