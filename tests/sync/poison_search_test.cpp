#include "sync/poison_search.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <set>

namespace forebay::test {
namespace {

Failure cut_short(CutShort what) { return {FailureClass::retry_half, "57014", "cut short", what}; }

/// A table that cuts short whatever has one of these rows in it; `up` may end, and then it does so to every row.
struct Table {
  std::set<std::uint64_t> poison;
  std::uint64_t rows = 0;
  CutShort how = CutShort::statement;
  bool up = true;
  std::uint64_t landed = 0;  // rows
  std::set<std::uint64_t> given_up{};
  int cut = 0;  // statements, trials too

  bool takes(std::uint64_t first, std::uint64_t last) {
    const auto at = poison.lower_bound(first);
    const bool fine = up && (at == poison.end() || *at > last);
    cut += fine ? 0 : 1;
    return fine;
  }
  /// One batch of `batch_rows` at a time until all is sent, or `steps` are over. Returns the row that is next.
  std::uint64_t send(std::uint64_t batch_rows, int steps = 10'000, bool is_retry = false) {
    std::optional<PoisonSearch> search;
    std::uint64_t next = 1;
    while (next <= rows && steps-- > 0) {
      if (search && search->over(next)) search.reset();
      const auto step = search
                            ? search->next(next, landed)
                            : PoisonSearch::Step{PoisonSearch::What::send, next, std::min(rows, next + batch_rows - 1)};
      if (step.what == PoisonSearch::What::try_other) {
        search->other_went_in(takes(step.first_row, step.last_row));
      } else if (step.what == PoisonSearch::What::give_up) {
        given_up.insert(step.first_row);
        next = step.last_row + 1;
      } else if (takes(step.first_row, step.last_row)) {
        landed += step.last_row - step.first_row + 1;
        next = step.last_row + 1;
      } else {
        if (!search) search.emplace(rows, is_retry, 0);
        search->cut_short(step.first_row, step.last_row, cut_short(how), landed);
      }
    }
    return next;
  }
};

TEST_CASE("rows that end their statement are found wherever they stand, and all others land") {
  for (const CutShort how : {CutShort::statement, CutShort::session, CutShort::no_answer}) {
    for (const std::set<std::uint64_t>& poison :
         {std::set<std::uint64_t>{1}, {2}, {5'000}, {1, 2}, {4'999, 5'000}, {313, 2'000}, {1, 2, 3, 4, 5'000}}) {
      Table table{poison, 5'000, how};
      CHECK(table.send(5'000) == 5'001);
      CHECK(table.given_up == poison);
      CHECK(table.landed == 5'000 - poison.size());
    }
  }
}

TEST_CASE("one row of a batch is found with few statements cut short") {
  for (std::uint64_t row = 1; row <= 5'000; row += 7) {
    Table table{{row}, 5'000};
    table.send(5'000);
    REQUIRE(table.given_up.size() == 1);
    CHECK(table.cut <= 6);  // the batch, a sixteenth and one of that, and the row three times
  }
}

TEST_CASE("no row is given up while others do not go in either") {
  Table table{{}, 5'000};
  table.up = false;
  CHECK(table.send(5'000, 1'000) == 1);
  CHECK(table.given_up.empty());
  // When it is well again, all of them land.
  table.up = true;
  CHECK(table.send(5'000) == 5'001);
  CHECK(table.given_up.empty());

  Table alone{{1}, 1};  // it has no others to compare it with
  CHECK(alone.send(5'000, 1'000) == 1);
  CHECK(alone.given_up.empty());
}

TEST_CASE("a row that has no others in its segment is given up when other batches of its table land") {
  PoisonSearch search(1, false, 0);
  std::uint64_t landed = 100;
  int tries = 0;
  search.cut_short(1, 1, cut_short(CutShort::statement), landed);
  for (auto step = search.next(1, landed); step.what != PoisonSearch::What::give_up; step = search.next(1, landed)) {
    REQUIRE(step.what == PoisonSearch::What::send);
    REQUIRE(++tries < 10);
    landed += 50;
    search.next(1, landed);
    search.cut_short(1, 1, cut_short(CutShort::statement), landed);
  }
  CHECK(tries == 2);
  CHECK(search.reason().sqlstate == "57014");
}

TEST_CASE("tries of a row count only from one on after which others went in") {
  PoisonSearch search(2, false, 0);
  const auto fail = [&](std::uint64_t landed) {
    return search.cut_short(1, 1, cut_short(CutShort::statement), landed);
  };
  CHECK(fail(0));
  search.next(1, 1);
  CHECK(fail(1));
  CHECK_FALSE(fail(1));  // nobody went in since: it may be the server
  search.next(1, 2);
  CHECK(fail(2));
  CHECK(search.next(1, 2).what != PoisonSearch::What::give_up);
  search.next(1, 3);
  CHECK(fail(3));
  CHECK(search.next(1, 3).what == PoisonSearch::What::give_up);
}

TEST_CASE("a row of a retry goes back without others to compare it with") {
  Table table{{1, 2, 3}, 3};
  CHECK(table.send(5'000, 10'000, true) == 4);
  CHECK(table.given_up == table.poison);
}

}  // namespace
}  // namespace forebay::test
