#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

#include "sync/destination_health.hpp"

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("delays are drawn from the whole of a limit that doubles up to its own, but for a small floor") {
  struct Row {
    FailureClass failure;
    std::uint64_t floor_ms, first_ms, most_ms;
  };
  const Row row = GENERATE(
      Row{FailureClass::retry_batch, 2, 20, 2'000}, Row{FailureClass::retry_half, 10, 100, 15'000},
      Row{FailureClass::reconnect, 10, 100, 15'000}, Row{FailureClass::in_doubt, 10, 100, 15'000},
      Row{FailureClass::unfit_for_now, 10, 100, 15'000}, Row{FailureClass::login_or_target, 1'000, 2'000, 60'000},
      Row{FailureClass::schema, 1'000, 2'000, 60'000}, Row{FailureClass::row_refused, 100, 1'000, 60'000},
      Row{FailureClass::other, 100, 1'000, 60'000});
  INFO(to_string(row.failure));
  std::uint64_t ceiling_ms = row.first_ms;
  for (std::uint32_t attempt = 1; attempt < 64; ++attempt) {
    const auto delay_ms = [&](std::uint64_t random) {
      return static_cast<std::uint64_t>(decide_retry(row.failure, attempt, random).delay.count());
    };
    CHECK(delay_ms(0) == row.floor_ms);
    CHECK(delay_ms(ceiling_ms - row.floor_ms) == ceiling_ms);
    CHECK(delay_ms(std::numeric_limits<std::uint64_t>::max()) <= ceiling_ms);
    ceiling_ms = std::min(2 * ceiling_ms, row.most_ms);
  }
}

TEST_CASE("only what concerns the whole destination stops the other batches") {
  CHECK(decide_retry(FailureClass::reconnect, 1, 0).whole_destination);
  CHECK(decide_retry(FailureClass::unfit_for_now, 1, 0).whole_destination);
  CHECK(decide_retry(FailureClass::login_or_target, 1, 0).whole_destination);
  CHECK(decide_retry(FailureClass::schema, 1, 0).whole_destination);
  CHECK_FALSE(decide_retry(FailureClass::retry_batch, 1, 0).whole_destination);
  CHECK_FALSE(decide_retry(FailureClass::row_refused, 1, 0).whole_destination);
}

TEST_CASE("what may have landed is asked of the ledger, what can't have is not") {
  CHECK(decide_retry(FailureClass::in_doubt, 1, 0).maybe_sent);
  CHECK(decide_retry(FailureClass::retry_half, 1, 0).maybe_sent);
  CHECK(decide_retry(FailureClass::retry_half, 1, 0).halve);
  CHECK_FALSE(decide_retry(FailureClass::reconnect, 1, 0).maybe_sent);
}

TEST_CASE("what a person must mend is called misconfigured, and tried slowly") {
  const auto login = decide_retry(FailureClass::login_or_target, 1, 0);
  CHECK(login.state == DestinationState::misconfigured);
  CHECK(login.delay >= 1s);
  CHECK(decide_retry(FailureClass::reconnect, 1, 0).state == DestinationState::down);
}
