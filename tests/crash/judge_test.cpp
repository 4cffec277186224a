// Each rule of the oracle, on evidence made by hand: a rule that cannot fail judges nothing.

#include "crash/judge.hpp"

#include "crash/test_site.hpp"

namespace forebay::crash {
namespace {

using Catch::Matchers::Contains;

/// Three rows of one writer and two versions of a hot key, all as it should be.
Evidence sound() {
  Evidence e;
  e.level = "process";
  e.writers = {{"p1/t0", false, {{0, 10, 100}, {1, 11, 101}, {2, 12, 102}}, 2, 1},
               {"hot", true, {{7, 20, 200}, {7, 21, 201}}, 2, 1}};
  e.destination.rows = {{false, "p1/t0", 0, 10, 10, 100},
                        {false, "p1/t0", 1, 11, 11, 101},
                        {false, "p1/t0", 2, 12, 12, 102},
                        {true, "hot", 7, 21, 21, 201}};
  e.destination.updates = {{true, "hot", 7, 20, 21}};
  e.destination.ledger = {{"b", 1, 1, 3, 3, 3, 0}, {"b", 2, 1, 2, 2, 2, 0}};
  e.reports = {{"it", true, 5, 5, 0, 0, 0, 0}};
  return e;
}

std::string said_of(const Evidence& e) { return lines(judge(e).violations); }

TEST_CASE("a round in which all is well leaves the oracle nothing to say") {
  CHECK(said_of(sound()).empty());
  CHECK(judge(sound()).acknowledged == 4);
}

TEST_CASE("each rule of the oracle reports what breaks it") {
  Evidence e = sound();
  SECTION("O1") {
    e.destination.rows.erase(e.destination.rows.begin() + 1);
    e.destination.ledger[0] = {"b", 1, 1, 3, 3, 2, 1};
    CHECK_THAT(said_of(e), Contains("O1: p1/t0 1 was acknowledged at version 11 and is not there"));
    CHECK(judge(e).lost == 1);
  }
  SECTION("O1 of a newer version") {
    e.destination.rows[3] = {true, "hot", 7, 20, 20, 200};
    CHECK_THAT(said_of(e), Contains("O1: hot 7 was acknowledged at version 21 and is there at version 20"));
  }
  SECTION("O2") {
    e.destination.rows[2].hash = 1;
    CHECK_THAT(said_of(e), Contains("O2: p1/t0 2 is there with another payload"));
    e.destination.rows[2].stamp = 99;
    CHECK_THAT(said_of(e), Contains("O2: p1/t0 2 is there at version 99, which nobody attempted"));
    e.writers[0].attempts[0].refused = 1;
    CHECK_THAT(said_of(e), Contains("O2: p1/t0 0 is there although its add() failed"));
  }
  SECTION("O3") {
    e.destination.rows.push_back(e.destination.rows[0]);
    CHECK_THAT(said_of(e), Contains("O3: p1/t0 0 is there twice"));
  }
  SECTION("O3 of ranges") {
    e.destination.ledger.push_back({"b", 2, 2, 2, 1, 0, 1});
    CHECK_THAT(said_of(e), Contains("O3: rows of segment 2 of b landed twice"));
  }
  SECTION("O4") {
    e.destination.updates.push_back({true, "hot", 7, 21, 21});
    CHECK_THAT(said_of(e), Contains("O4: hot 7 went back from version 21 to 21"));
    e.destination.rows[0].version = 0;
    CHECK_THAT(said_of(e), Contains("O4: p1/t0 0 has a version column that is not its version"));
  }
  SECTION("O5") {
    e.writers[0].acknowledged = 0;
    e.destination.rows.erase(e.destination.rows.begin());
    e.destination.ledger[0] = {"b", 1, 2, 3, 2, 2, 0};
    CHECK_THAT(said_of(e), Contains("O5: p1/t0: attempt 1 survived, and 0 before it did not"));
  }
  SECTION("O6") {
    e.reports[0].synced = 4;
    CHECK_THAT(said_of(e), Contains("O6: it: 5 accepted are not 4 synced"));
    e.destination.ledger[1].superseded = 1;
    CHECK_THAT(said_of(e), Contains("O6: the ledger's row for segment 2 does not add up"));
  }
  SECTION("O7") {
    e.buffers_left = 1;
    CHECK_THAT(said_of(e), Contains("O7: 1 buffers' folders are left"));
    e.reports[0].settled = false;
    CHECK_THAT(said_of(e), Contains("O7: it: not everything landed"));
  }
  SECTION("O9") {
    e.destination.ledger[1] = {"b", 2, 1, 2, 2, 1, 1};
    CHECK_THAT(said_of(e), Contains("O9: the ledger counts 4 rows as synced, the tables' history has 5"));
  }
  SECTION("O9 of what was adopted") {
    e.left = {{true, "hot", 7, 20}};
    e.reports[0] = {"it", true, 1, 0, 1, 0, 0, 0};
    CHECK_THAT(said_of(e), Contains("O9: it tells 0 synced and 1 superseded"));
    e.left = {{true, "hot", 7, 22}};
    CHECK_THAT(said_of(e), Contains("O9: hot 7 did not land at version 22, and no newer one was attempted"));
  }
}

TEST_CASE("at level memory only what a checkpoint holds must survive") {
  Evidence e = sound();
  e.level = "memory";
  e.destination.rows.erase(e.destination.rows.begin() + 1);
  e.destination.ledger[0] = {"b", 1, 1, 3, 3, 2, 1};
  CHECK(said_of(e).empty());
  CHECK(judge(e).lost_in_window == 1);
  e.writers[0].checkpointed = 2;
  CHECK_THAT(said_of(e), Contains("O1: p1/t0 1"));
}

TEST_CASE("a kill counts by the acknowledged rows that are not yet at the destination") {
  const Evidence e = sound();
  CHECK(at_risk("process", e.writers, e.destination.rows) == 0);
  CHECK(at_risk("process", e.writers, {}) == 4);
  CHECK(at_risk("memory", e.writers, {}) == 2);
}

}  // namespace
}  // namespace forebay::crash
