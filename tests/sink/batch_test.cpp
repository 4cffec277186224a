#include "sink/batch.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "sink/test_streams.hpp"

namespace forebay {
namespace {

using test::RangeMaker;

std::vector<Value> row(std::int64_t set, std::string_view path, std::int64_t size = 0) {
  return {Value::integer(set), Value::text(path), Value::integer(size), Value()};
}

TEST_CASE("a batch holds the newest version of each key, in key order, across its ranges") {
  const Stream stream = test::small_stream();
  RangeMaker a(stream, "b", 1);
  a.add(10, row(1, "/x", 1)).add(12, row(1, "/a")).add(9, row(-1, "/z"));
  RangeMaker b(stream, "b", 2);
  b.add(11, row(1, "/x", 2)).add(12, row(1, "/a", 7));
  Batch batch(Reason::end, {a.range(), b.range()});
  batch.build();

  REQUIRE(batch.parts.size() == 1);
  const auto& rows = batch.parts[0].rows;
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].values[0].as_integer() == -1);  // by value, not by bit pattern
  CHECK(rows[1].values[1].as_chars() == "/a");
  CHECK(rows[1].values[2].as_integer() == 7);  // equal versions: the later row
  CHECK(rows[1].range == 1);
  CHECK(rows[2].values[2].as_integer() == 2);
  CHECK(rows[2].version == 11);
  CHECK(rows[2].number == 1);
  CHECK(batch.superseded == std::vector<std::uint64_t>{2, 0});
}

TEST_CASE("an older version that arrives later does not win within a batch") {
  const Stream stream = test::small_stream();
  RangeMaker a(stream, "b", 1);
  a.add(20, row(1, "/x", 1)).add(10, row(1, "/x", 2));
  Batch batch(Reason::end, {a.range()});
  batch.build();
  REQUIRE(batch.parts.at(0).rows.size() == 1);
  CHECK(batch.parts[0].rows[0].version == 20);
  CHECK(batch.superseded == std::vector<std::uint64_t>{1});
}

TEST_CASE("rows of landed spans are left out and the gaps told") {
  const Stream stream = test::small_stream();
  RangeMaker a(stream, "b", 1, 101);
  for (int i = 0; i < 10; ++i) a.add(i + 1, row(1, "/" + std::to_string(i)));
  Batch batch(Reason::end, {a.range(true)});
  using Spans = std::vector<Batch::Span>;
  const auto spans_are = [&](const Spans& expected) {
    REQUIRE(batch.gaps.at(0).size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(batch.gaps[0][i].first_row == expected[i].first_row);
      CHECK(batch.gaps[0][i].last_row == expected[i].last_row);
    }
  };

  batch.build();
  spans_are({{101, 110}});
  CHECK(batch.parts.at(0).rows.size() == 10);

  batch.build({{{104, 105}, {1, 101}, {110, 500}, {104, 104}}});
  spans_are({{102, 103}, {106, 109}});
  REQUIRE(batch.parts.at(0).rows.size() == 6);
  CHECK(batch.parts[0].rows.front().number == 102);
  CHECK(batch.parts[0].rows.back().number == 109);

  batch.build({{{1, 1000}}});
  spans_are({});
  CHECK(batch.parts.empty());
}

TEST_CASE("a superseded row whose newer version has landed is sent again, for the destination's guard to judge") {
  const Stream stream = test::small_stream();
  RangeMaker a(stream, "b", 1);
  a.add(1, row(1, "/x")).add(2, row(1, "/x"));
  Batch batch(Reason::end, {a.range(true)});
  batch.build({{{2, 2}}});
  REQUIRE(batch.parts.at(0).rows.size() == 1);
  CHECK(batch.parts[0].rows[0].version == 1);
  CHECK(batch.superseded == std::vector<std::uint64_t>{0});
}

TEST_CASE("parts come by table, then by stream, whatever the order of the ranges") {
  const Stream z = test::small_stream("z_table");
  Stream a2 = test::small_stream("a_table");
  a2.name = "second";
  Stream a1 = a2;
  a1.name = "first";
  RangeMaker rz(z, "b", 1), ra2(a2, "b", 2), ra1(a1, "b", 3);
  rz.add(1, row(1, "/x"));
  ra2.add(1, row(1, "/x"));
  ra1.add(1, row(1, "/x"));
  Batch batch(Reason::end, {rz.range(), ra2.range(), ra1.range()});
  batch.build();
  REQUIRE(batch.parts.size() == 3);
  CHECK(batch.parts[0].stream == &a1);
  CHECK(batch.parts[1].stream == &a2);
  CHECK(batch.parts[2].stream == &z);
}

TEST_CASE("a batch of random rows equals what a map says") {
  const char* given = std::getenv("FOREBAY_TEST_SEED");
  const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  INFO("FOREBAY_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const Stream stream = test::small_stream();
  for (int round = 0; round < 60; ++round) {
    const std::size_t key_space = 1 + random() % 400;
    const std::size_t prefix = random() % 40;  // paths that are alike for longer than one piece of the sort
    std::vector<BatchRange> ranges;
    struct Best {
      std::int64_t version;
      std::size_t range, number;
    };
    std::map<std::pair<std::int64_t, std::string>, Best> newest;
    std::vector<std::uint64_t> rows_sent(4, 0), rows_total(4, 0);
    std::vector<std::vector<Batch::Span>> landed(4);
    for (std::size_t r = 0; r < 4; ++r) {
      RangeMaker maker(stream, "b", r);
      const std::size_t count = 1 + random() % 300;
      if (random() % 2 == 0) {
        const std::size_t first = 1 + random() % count;
        landed[r].push_back({first, first + random() % count});
      }
      for (std::size_t i = 1; i <= count; ++i) {
        std::string path(prefix, 'p');
        for (std::size_t k = random() % key_space; k != 0; k /= 3) path += static_cast<char>("\0/\xff"[k % 3]);
        const auto set = static_cast<std::int64_t>(random() % 3) - 1;
        const auto version = static_cast<std::int64_t>(random() % 50);
        maker.add(version, row(set, path));
        if (!landed[r].empty() && i >= landed[r][0].first_row && i <= landed[r][0].last_row) continue;
        ++rows_total[r];
        const auto [at, is_new] = newest.try_emplace({set, path}, Best{version, r, i});
        if (!is_new && version >= at->second.version) at->second = {version, r, i};
      }
      ranges.push_back(maker.range());
    }
    Batch batch(Reason::end, ranges);
    batch.build(landed);
    REQUIRE(batch.parts.size() == (newest.empty() ? 0 : 1));
    if (newest.empty()) continue;
    REQUIRE(batch.parts[0].rows.size() == newest.size());
    auto expected = newest.begin();  // std::string compares as unsigned bytes: key order
    for (const BatchRow& sent : batch.parts[0].rows) {
      REQUIRE(sent.values[0].as_integer() == expected->first.first);
      REQUIRE(sent.values[1].as_chars() == expected->first.second);
      REQUIRE(sent.version == expected->second.version);
      REQUIRE(sent.range == expected->second.range);
      REQUIRE(sent.number == expected->second.number);
      ++rows_sent[sent.range];
      ++expected;
    }
    for (std::size_t r = 0; r < 4; ++r) REQUIRE(rows_sent[r] + batch.superseded[r] == rows_total[r]);
  }
}

}  // namespace
}  // namespace forebay
