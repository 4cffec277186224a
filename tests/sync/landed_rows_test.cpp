#include "sync/landed_rows.hpp"

#include <catch2/catch.hpp>
#include <stdexcept>

namespace forebay {
namespace {

const Stream kStream;

using Ledger = std::map<std::string, std::map<std::uint64_t, std::uint64_t>>;

LandedRows::AskLedger asking(const Ledger& ledger, int& times) {
  return [&](const std::string& buffer, std::uint64_t first, std::uint64_t last) {
    ++times;
    std::map<std::uint64_t, std::uint64_t> found;
    const auto of = ledger.find(buffer);
    if (of == ledger.end()) return found;
    for (const auto& [segment, rows] : of->second)
      if (segment >= first && segment <= last) found[segment] = rows;
    return found;
  };
}

TEST_CASE("rows that a ledger lacks of what landed are found by segment, and told once") {
  LandedRows landed;
  landed.add("a", 1, kStream, 10);
  landed.add("a", 2, kStream, 10);
  landed.add("a", 2, kStream, 5);
  landed.add("a", 3, kStream, 1);
  landed.add("b", 1, kStream, 7);
  int times = 0;
  // Of segment 2 the second part is gone; segment 3 is; of b's there is more, from a batch whose answer was lost.
  const Ledger ledger = {{"a", {{1, 10}, {2, 10}}}, {"b", {{1, 9}}}};
  const auto missing = landed.compare(asking(ledger, times));
  REQUIRE(missing.size() == 2);
  CHECK(missing[0].buffer == "a");
  CHECK(missing[0].segment == 2);
  CHECK(missing[0].rows == 5);
  CHECK(missing[1].segment == 3);
  CHECK(times == 2);
  CHECK(landed.compare(asking(ledger, times)).empty());

  landed.add("a", 2, kStream, 5);  // sent again, and not there
  CHECK(landed.compare(asking(ledger, times)).size() == 1);

  // Sent whole again: what of it had been there counts once.
  landed.forget("a", 2);
  landed.add("a", 2, kStream, 15);
  const Ledger whole = {{"a", {{1, 10}, {2, 15}}}, {"b", {{1, 9}}}};
  CHECK(landed.compare(asking(whole, times)).empty());
}

TEST_CASE("what is missing counts as synced no more") {
  Counts counts;
  counts.accepted = 30;
  counts.synced = 20;
  counts.superseded = 10;
  CHECK(without_missing(counts, 5).synced == 15);
  CHECK(without_missing(counts, 25).synced == 0);
  CHECK(without_missing(counts, 25).superseded == 5);
  CHECK(without_missing(counts, 25).accepted == 30);
}

TEST_CASE("the ledger is asked for some of many segments at a time, and one that does not answer changes nothing") {
  LandedRows landed;
  Ledger ledger;
  for (std::uint64_t segment = 1; segment <= 25'000; ++segment) {
    landed.add("a", segment, kStream, 2);
    ledger["a"][segment] = segment == 24'000 ? 1 : 2;
  }
  CHECK_THROWS(
      landed.compare([](auto&&...) -> std::map<std::uint64_t, std::uint64_t> { throw std::runtime_error("no"); }));
  int times = 0;
  const auto missing = landed.compare(asking(ledger, times));
  CHECK(times == 3);
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].segment == 24'000);
}

}  // namespace
}  // namespace forebay
