#include "sink/postgres/row_search.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <vector>

namespace forebay {
namespace {

struct Found {
  std::vector<std::size_t> refused;
  std::vector<bool> in;
  std::size_t sends = 0;
  std::size_t rows_sent = 0;
};

enum class Names { none, right, sometimes_wrong };

/// A table that refuses the rows in `bad`, and names them or not.
Found search(std::size_t rows, const std::set<std::size_t>& bad, Names names, std::mt19937& random) {
  Found found;
  found.in.assign(rows, false);
  RowSearch s(rows);
  while (!s.done()) {
    const RowSearch::Range range = s.range();
    REQUIRE(range.begin < range.end);
    REQUIRE(range.end <= rows);
    ++found.sends;
    found.rows_sent += range.size();
    const auto first = bad.lower_bound(range.begin);
    std::optional<std::size_t> row;
    if (first == bad.end() || *first >= range.end) {
      for (std::size_t i = range.begin; i < range.end; ++i) {
        REQUIRE(!found.in[i]);
        found.in[i] = true;
      }
      row = s.landed();
    } else {
      std::optional<std::uint64_t> line;
      if (names != Names::none) line = *first - range.begin + 1;
      if (names == Names::sometimes_wrong && random() % 2 == 0) line = random() % (range.size() + 2);
      row = s.refused(line, names == Names::right);
    }
    if (row) found.refused.push_back(*row);
  }
  return found;
}

TEST_CASE("the search finds each refused row, whichever they are, and lands each other row once") {
  const auto seed = GENERATE(take(40, random(0U, 1U << 30)));
  CAPTURE(seed);
  std::mt19937 random(seed);
  const std::size_t rows = 1 + random() % 300;
  std::set<std::size_t> bad;
  const std::size_t wanted = random() % (rows + 1);
  for (std::size_t i = 0; i < wanted; ++i) bad.insert(random() % rows);
  for (const Names names : {Names::none, Names::right, Names::sometimes_wrong}) {
    CAPTURE(static_cast<int>(names));
    const Found found = search(rows, bad, names, random);
    CHECK(found.refused == std::vector<std::size_t>(bad.begin(), bad.end()));
    for (std::size_t i = 0; i < rows; ++i) REQUIRE(found.in[i] != bad.contains(i));
  }
}

TEST_CASE("the search stays within its bounds: one row in 1,000, the first, the last, all but one, all") {
  std::mt19937 random(1);
  constexpr std::size_t kRows = 50'000;
  std::set<std::size_t> thousandth;
  for (std::size_t i = 500; i < kRows; i += 1000) thousandth.insert(i);
  const Found named = search(kRows, thousandth, Names::right, random);
  CHECK(named.sends <= thousandth.size() * 5);
  CHECK(named.rows_sent <= kRows * 3);
  const Found halved = search(kRows, thousandth, Names::none, random);
  CHECK(halved.sends <= thousandth.size() * 2 * 16);
  CHECK(halved.rows_sent <= kRows * 5);
  for (const std::size_t one : {std::size_t{0}, kRows - 1}) {
    CHECK(search(kRows, {one}, Names::right, random).sends <= 20);
    CHECK(search(kRows, {one}, Names::none, random).sends <= 40);
  }
  std::set<std::size_t> all;
  for (std::size_t i = 0; i < 1000; ++i) all.insert(i);
  CHECK(search(1000, all, Names::right, random).sends <= 1001);
  CHECK(search(1000, all, Names::none, random).sends <= 1020);
  all.erase(321);
  CHECK(search(1000, all, Names::none, random).sends <= 1025);
}

}  // namespace
}  // namespace forebay
