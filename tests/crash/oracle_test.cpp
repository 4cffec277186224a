// The oracle must be able to fail: each thing that forebay does against loss is taken away, by means that the shipped
// library does not have.

#include <functional>

#include "crash/test_site.hpp"

namespace forebay::crash {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("without adoption the oracle reports rows that were acknowledged and are lost", "[crash][threads]") {
  TestSite site("sqlite");
  site->begin();
  REQUIRE(kill_producer(*site, held_back()).at_risk > 0);
  ProduceOptions next;
  next.process = 2;
  next.rows_max = 10;
  next.recover = false;
  next.then = "stop";
  Site::Running last = site->start_producer(next);
  site->finish(last);
  const Verdict verdict = site->judge_round();
  CHECK_THAT(lines(verdict.violations), Contains("O1: ") && Contains("is not there") && Contains("O7: "));
  CHECK(verdict.lost > 0);
}

/// Older versions of the hot keys arrive after newer ones: from a process that was killed before it could send them.
Verdict land_late(Site& site, const std::function<void()>& before_they_come) {
  site.begin();
  kill_producer(site, held_back());
  ProduceOptions newer;
  newer.process = 2;
  newer.recover = false;
  newer.then = "stop";
  newer.rows_max = 300;
  Site::Running running = site.start_producer(newer);
  site.finish(running);
  before_they_come();
  return recover_and_judge(site);
}

TEST_CASE("with the version guard off the oracle reports rows that went back", "[crash][postgres][threads]") {
  const std::string destination = GENERATE("sqlite", "postgres");
  TestSite site(destination);
  if (!site) return;
  CAPTURE(destination);
  CHECK(lines(land_late(*site, [] {}).violations) == "");
  const Verdict unguarded = land_late(*site, [&] { site->view().forget_versions(); });
  CHECK_THAT(lines(unguarded.violations), Contains("O4: hot") && Contains(" went back from version "));
}

TEST_CASE("with the ledger off the oracle reports rows that are counted as superseded though they had landed",
          "[crash][postgres][threads]") {
  const std::string destination = GENERATE("sqlite", "postgres");
  TestSite site(destination);
  if (!site) return;
  CAPTURE(destination);
  // Landed, and the process died before it could note that; then newer versions of the same keys land.
  const auto round = [&](const std::function<void()>& before_they_come) {
    site->begin();
    ProduceOptions first;
    first.connections = 1;
    first.batch_rows = 40;
    first.die_at = "after COMMIT, before the journal goes";
    first.die_pass = 4;
    Site::Running killed = site->start_producer(first);
    site->kill_at(killed, {});
    ProduceOptions newer;
    newer.process = 2;
    newer.recover = false;
    newer.then = "stop";
    newer.rows_max = 300;
    Site::Running running = site->start_producer(newer);
    site->finish(running);
    before_they_come();
    return recover_and_judge(*site);
  };
  CHECK(lines(round([] {}).violations) == "");
  // The batch that the kill came after has to hold hot keys, as most do.
  std::string said;
  for (int tries = 0; tries < 20 && said.find("O9: the last process, of those it adopted, tells") == said.npos;
       ++tries) {
    said = lines(round([&] { site->view().forget_ledger(); }).violations);
  }
  CHECK_THAT(said, Contains("O9: the last process, of those it adopted, tells"));
}

}  // namespace
}  // namespace forebay::crash
