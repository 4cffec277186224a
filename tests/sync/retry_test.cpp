#include "sync/retry.hpp"

#include <catch2/catch.hpp>
#include <limits>

using namespace forebay;
using namespace std::chrono_literals;

TEST_CASE("delays grow with each failure up to their limit, and jitter never exceeds it") {
  for (const auto failure : {FailureClass::retry_batch, FailureClass::reconnect, FailureClass::unfit_for_now,
                             FailureClass::login_or_target, FailureClass::schema, FailureClass::other}) {
    std::chrono::milliseconds before{0};
    for (std::uint32_t attempt = 1; attempt < 64; ++attempt) {
      const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
      std::chrono::milliseconds longest{0};
      for (const std::uint64_t random : {std::uint64_t{0}, std::uint64_t{12345}, most}) {
        const auto d = decide_retry(failure, attempt, random);
        CHECK(d.delay > 0ms);
        CHECK(d.delay <= 60s);
        longest = std::max(longest, decide_retry(failure, attempt, 0).delay * 2);
      }
      CHECK(longest >= before);
      before = longest;
    }
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
