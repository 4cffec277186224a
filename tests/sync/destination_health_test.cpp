#include "sync/destination_health.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

using namespace forebay;
using namespace std::chrono_literals;

namespace {

using Time = DestinationHealth::Time;

const Failure kAway{FailureClass::unfit_for_now, "", "cannot connect: Connection refused"};
const Failure kDeadlock{FailureClass::retry_batch, "40P01", "deadlock detected"};

std::int64_t wall(Time t) {
  return std::chrono::duration_cast<std::chrono::microseconds>(t.time_since_epoch()).count();
}

}  // namespace

TEST_CASE("an outage of an hour costs a bounded number of tries and log lines, and ends with the next try") {
  const auto seed = GENERATE(1U, 2U, 3U, 4U);
  INFO("seed " << seed);
  std::minstd_rand random(seed);
  DestinationHealth health;
  const Time start{};
  const Time back = start + 1h;
  int tries = 0;
  std::vector<std::string> lines;
  Time now = start;
  for (;;) {
    // Four workers ask; one may.
    int allowed = 0;
    for (int worker = 0; worker < 4; ++worker) allowed += health.may_try(now) ? 1 : 0;
    if (tries > 0) CHECK(allowed <= 1);
    if (allowed == 0) {
      const Time next = health.ask_again_at(now);
      REQUIRE(next > now);
      CHECK(next - now <= 15s + 10ms);
      now = next;
      continue;
    }
    if (now >= back) break;
    ++tries;
    const auto failed = health.failed(kAway, 1, random(), now, wall(now), "buffering continues");
    CHECK(failed.decision.whole_destination);
    CHECK(failed.decision.delay <= 15s);
    if (failed.line) lines.push_back(*failed.line);
    CHECK(health.view().state == DestinationState::down);
    CHECK(health.view().since_us == wall(start));
    CHECK(health.view().last_error_us == wall(now));
  }
  CHECK(now - back <= 15s + 10ms);
  // The mean pause is half of 15 s.
  CHECK(tries > 240);
  CHECK(tries < 960);
  REQUIRE(lines.size() >= 5);
  CHECK(lines.size() <= 6);  // at once, then one in ten minutes
  CHECK(lines[0] == "cannot connect: Connection refused; destination is down, buffering continues");
  CHECK_THAT(lines[1], Catch::Contains("(repeated ") && Catch::Contains(" times in 10 min)"));
  CHECK(health.landed(false, now, wall(now)));
  CHECK(health.well());
  CHECK(health.view().state == DestinationState::ok);
  CHECK(health.view().since_us == wall(now));
  CHECK(health.view().last_error.empty());
  for (int worker = 0; worker < 4; ++worker) CHECK(health.may_try(now));
}

TEST_CASE("a destination that flaps does not fill the log, and one that fails anew after a while is told") {
  DestinationHealth health;
  int down = 0;
  int up = 0;
  Time now{};
  for (int second = 0; second < 605; ++second) {
    now += 1s;
    if (health.failed(kAway, 1, 7, now, wall(now), "buffering continues").line) ++down;
    if (health.landed(false, now, wall(now))) ++up;
  }
  CHECK(down == 2);   // the second after ten minutes
  CHECK(up == down);  // each "is down" has its "is back"
  now += DestinationHealth::kSettled;
  CHECK(health.failed(kAway, 1, 7, now, wall(now), "buffering continues").line);
  CHECK(health.landed(false, now, wall(now)));
}

TEST_CASE("causes in turns are each told once") {
  RepeatedLines lines;
  int told = 0;
  Time now{};
  for (int i = 0; i < 500; ++i) {
    now += 1s;
    told += lines.tell(i % 2 == 0 ? "a" : "b", now) ? 1 : 0;
  }
  CHECK(told == 2);
  const auto again = lines.tell("a", now + RepeatedLines::kAgain);
  REQUIRE(again);
  CHECK(*again == "a (repeated 250 times in 18 min)");
  CHECK(lines.tell("12 s ahead", now));
  CHECK_FALSE(lines.tell("13 s ahead", now));
}

TEST_CASE("workers that fail of one outage together are one failure, and take no one's turn") {
  DestinationHealth health;
  Time now{};
  const auto first = health.failed(kAway, 1, ~0ULL >> 1, now, wall(now), "");
  const Time next = health.ask_again_at(now);
  for (int worker = 0; worker < 3; ++worker) health.failed(kAway, 1, ~0ULL >> 1, now, wall(now), "");
  CHECK(health.ask_again_at(now) == next);
  CHECK_FALSE(health.may_try(next - 1ms));
  CHECK(health.may_try(next));
  CHECK_FALSE(health.may_try(next));  // taken
  CHECK(first.decision.delay <= 100ms);
  health.pass();
  CHECK(health.may_try(next));
}

TEST_CASE("a batch's own trouble degrades a destination that is well, and does not make one that is away well") {
  DestinationHealth health;
  const Time now{};
  CHECK(health.landed(false, now, 1) == false);
  CHECK_FALSE(health.failed(kDeadlock, 1, 0, now, 2, "").decision.whole_destination);
  CHECK(health.view().state == DestinationState::degraded);
  CHECK(health.view().since_us == 2);
  CHECK(health.may_try(now));
  health.failed(kAway, 1, 0, now, 3, "");
  health.failed(kDeadlock, 1, 0, now, 4, "");
  CHECK(health.view().state == DestinationState::down);
  CHECK(health.view().since_us == 3);
  health.landed(true, now, 5);
  CHECK(health.view().state == DestinationState::degraded);
  CHECK_FALSE(health.view().last_error.empty());
}

TEST_CASE("a destination that takes nothing for three intervals is never called ok") {
  SyncStatus s;
  s.destination_state = DestinationState::ok;
  s.destination_since_us = 1;
  s.last_sync_us = 900'000'000;
  s.oldest_pending_s = 90;
  add_progress(s, 30s, 1'000'000'000);
  CHECK(s.destination_state == DestinationState::ok);
  s.oldest_pending_s = 95;
  add_progress(s, 30s, 1'000'000'000);
  CHECK(s.destination_state == DestinationState::degraded);
  CHECK(s.destination_since_us == 995'000'000);
  CHECK(
      s.last_error ==
      "nothing has landed for 100 s, and the oldest row has waited for 95 s, longer than three sync intervals (90 s)");
  SyncStatus untried;
  untried.oldest_pending_s = 95;
  add_progress(untried, 30s, 1'000'000'000);
  CHECK(untried.destination_state == DestinationState::degraded);
  CHECK_THAT(untried.last_error, Catch::Contains("nothing has landed yet"));
  SyncStatus down;
  down.destination_state = DestinationState::down;
  down.last_error = "cause";
  down.oldest_pending_s = 95;
  add_progress(down, 30s, 1'000'000'000);
  CHECK(down.destination_state == DestinationState::down);
  CHECK(down.last_error == "cause");
}
