#include <catch2/catch.hpp>

#include "sink/postgres/table.hpp"

namespace forebay {
namespace {

TEST_CASE("batches that always conflict are tried directly ever more seldom") {
  DirectWay way;
  int tried = 0;
  for (int batch = 0; batch < 10'000; ++batch) {
    if (way.try_direct()) {
      ++tried;
      way = way.after_conflict();
    } else {
      way = way.after_staged();
    }
  }
  CHECK(tried > 10);
  CHECK(tried < 25);  // 11 while the pause doubles, then one in 1,025
}

TEST_CASE("one conflict among first copies costs one batch through staging") {
  DirectWay way = DirectWay{}.after_conflict();
  CHECK_FALSE(way.try_direct());
  way = way.after_staged();
  CHECK(way.try_direct());
  way = way.after_direct().after_conflict();
  CHECK(way.staged_left == 1);  // the pause starts anew
}

}  // namespace
}  // namespace forebay
