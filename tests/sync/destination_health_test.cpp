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

TEST_CASE("a stream whose table is at fault is held by itself, and the destination goes on") {
  const Stream one = backup_files_stream();
  const Stream other = backup_sets_stream();
  const auto failure = [](const Stream& stream) {
    return Failure{.failure_class = FailureClass::schema,
                   .sqlstate = "42P01",
                   .message = "table " + stream.table + " is not there",
                   .stream = &stream};
  };
  DestinationHealth health;
  Time now{};
  REQUIRE(health.may_try(now));
  const auto first = health.failed(failure(one), 1, 0, now, wall(now), "buffering goes on");
  CHECK_FALSE(first.decision.whole_destination);
  CHECK(first.decision.delay == 1s);
  CHECK(first.line == "table backup_files is not there; destination is misconfigured, buffering goes on");
  CHECK(health.is_held(&one));
  CHECK(health.may_try(now));
  CHECK(health.may_try(now));  // by any number of workers
  CHECK(health.takes_some());
  CHECK(health.view().state == DestinationState::misconfigured);
  CHECK(health.view().last_error == "table backup_files is not there");

  // What had begun before the pause is no second failure.
  now += 400ms;
  CHECK(health.failed(failure(one), 1, 0, now, wall(now), "").decision.delay == 600ms);
  now += 600ms;
  CHECK(health.failed(failure(one), 1, ~std::uint64_t{0} - 1, now, wall(now), "").decision.delay > 1s);

  // What else lands changes nothing of that.
  CHECK_FALSE(health.landed(false, now, wall(now), {&other}));
  CHECK(health.view().state == DestinationState::misconfigured);
  CHECK(health.view().since_us == wall(Time{}));
  CHECK(health.view().last_error_us == wall(now));

  now += 1s;
  CHECK(health.failed(failure(other), 1, 0, now, wall(now), "").line);
  REQUIRE(health.held_streams().size() == 2);
  CHECK(health.held_streams()[0].name == "backup_files");
  CHECK(health.held_streams()[0].since_us == wall(Time{}));
  CHECK(health.held_streams()[1].error == "table backup_sets is not there");
  CHECK(health.view().last_error == "table backup_sets is not there");
  CHECK_FALSE(health.landed(false, now, wall(now), {&other}));
  CHECK(health.held_streams().size() == 1);
  CHECK(health.landed(false, now, wall(now), {&one}));  // the log said that it is not well
  CHECK(health.view().state == DestinationState::ok);
  CHECK(health.view().last_error.empty());
  CHECK_FALSE(health.takes_some());
}

TEST_CASE("a held stream is no news of a destination that is down, and answers for one that was") {
  const Stream one = backup_files_stream();
  const Failure held{.failure_class = FailureClass::schema, .sqlstate = "", .message = "no table", .stream = &one};
  DestinationHealth health;
  Time now{};
  REQUIRE(health.may_try(now));
  const auto away = health.failed(kAway, 1, ~std::uint64_t{0} - 1, now, wall(now), "");
  CHECK(away.decision.delay > 10ms);
  // By a worker that had begun before.
  health.failed(held, 1, 0, now, wall(now), "");
  CHECK(health.view().state == DestinationState::down);
  CHECK(health.view().last_error == kAway.message);
  CHECK_FALSE(health.may_try(now));

  now += away.decision.delay;
  REQUIRE(health.may_try(now));
  health.failed(held, 1, 0, now, wall(now), "");
  CHECK(health.well());
  CHECK(health.view().state == DestinationState::misconfigured);
  CHECK(health.view().last_error == "no table");
  CHECK(health.may_try(now));
}
