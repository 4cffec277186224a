#include "sink/refusals.hpp"

#include <catch2/catch.hpp>

#include "sink/sqlstate.hpp"
#include "sink/test_streams.hpp"

namespace forebay {
namespace {

RefusedByReason of(std::uint64_t rows) { return {{{"23514", "positive"}, rows}}; }

TEST_CASE("more than half of at least 100 rows is a schema problem, fewer are not") {
  RefusalRate rate;
  CHECK(rate.over(100, of(51)));
  CHECK_FALSE(rate.over(100, of(50)));
  CHECK_FALSE(rate.over(99, of(99)));
  CHECK_FALSE(rate.over(100, {{{"23514", "a"}, 50}, {{"23514", "b"}, 50}}));
}

TEST_CASE("small batches count together, and a failed one may be judged again") {
  RefusalRate rate;
  for (int batch = 0; batch < 9; ++batch) {
    CHECK_FALSE(rate.over(10, of(10)));
    rate.landed(10, of(10));
  }
  CHECK(rate.over(10, of(10)));
  CHECK(rate.over(10, of(10)));
  CHECK_FALSE(rate.over(10, {}));
  rate.landed(10, {});  // mended: the count starts anew
  CHECK_FALSE(rate.over(10, of(10)));
}

TEST_CASE("a table that refuses about half is judged once, not batch by batch") {
  RefusalRate rate;
  rate.landed(5000, of(2500));
  CHECK_FALSE(rate.over(5000, of(2501)));
  CHECK_FALSE(rate.over(5000, of(3750)));
  CHECK(rate.over(5000, of(3751)));                      // it refuses about half no longer
  CHECK(rate.over(5000, {{{"23514", "other"}, 2501}}));  // another reason
  RefusalRate first;
  CHECK(first.over(5000, of(2501)));
}

TEST_CASE("COPY's context names the row, whatever the table is called") {
  CHECK(copy_line("COPY t, line 57", "t") == 57U);
  CHECK(copy_line("COPY t, line 57, column size", "t") == 57U);
  CHECK(copy_line("COPY t, Zeile 7, Spalte x9", "t") == 7U);
  CHECK(copy_line("COPY t, line 2, column 5, line 9, line 3", "t, line 2, column 5") == 9U);
  CHECK(copy_line("PL/pgSQL function f() line 3 at RAISE\nCOPY t, line 12", "t") == 12U);
  CHECK_FALSE(copy_line("PL/pgSQL function f() line 3 at RAISE", "t"));
  CHECK_FALSE(copy_line("COPY other, line 5", "t"));
  CHECK_FALSE(copy_line("COPY t, line", "t"));
  CHECK_FALSE(copy_line("COPY t, line 99999999999999999999999", "t"));
  CHECK_FALSE(copy_line("", "t"));
}

TEST_CASE("a refused row's message is without its content") {
  const auto said = [](const char* text) { return parse_server_message(text).text; };
  CHECK(said("ERROR:  23514: new row for relation \"t\" violates check constraint \"positive\"\n"
             "DETAIL:  Failing row contains (1, /secret, -1).\nSCHEMA NAME:  s\nCONSTRAINT NAME:  positive\n") ==
        "new row for relation \"t\" violates check constraint \"positive\"");
  CHECK(said("ERROR:  P0001: /secret is bad\nCONTEXT:  PL/pgSQL function f() line 3 at RAISE\n") ==
        "refused by PL/pgSQL function f() line 3 at RAISE");
  CHECK(said("ERROR:  23514: /secret is bad\nCONTEXT:  PL/pgSQL function f() line 3 at RAISE\n") ==
        "refused by PL/pgSQL function f() line 3 at RAISE");
  CHECK(said("ERROR:  P0001: /secret is bad\n") == "refused by a function");
  CHECK(said("ERROR:  22P02: invalid input value for enum mood: \"/secret\"\n") ==
        "invalid input value for enum mood: \"…\"");
}

TEST_CASE("of a refused row the next older one of its key is tried, and the ledger counts each row once") {
  const Stream stream = test::small_stream();
  test::RangeMaker rows(stream, "b", 1);
  const auto row = [](std::string_view path) {
    return std::vector<Value>{Value::integer(1), Value::text(path), Value::integer(0), Value()};
  };
  rows.add(1, row("/a")).add(2, row("/a")).add(3, row("/a")).add(4, row("/b")).add(9, row("/a"));
  Batch batch(Reason::end, {rows.range()});
  batch.build();
  LedgerEntries ledger(batch);
  std::vector<std::int64_t> tried;
  const std::vector<RefusedRow> refused = send_parts(batch, ledger, [&](const BatchPart& part, bool) {
    std::vector<PartRefusal> bad;
    for (std::size_t i = 0; i < part.rows.size(); ++i) {
      tried.push_back(part.rows[i].version);
      if (part.rows[i].version == 9 || part.rows[i].version == 3) bad.push_back({i, "23514", "c", "refused"});
    }
    return bad;
  });
  CHECK(tried == std::vector<std::int64_t>{9, 4, 3, 2});
  REQUIRE(refused.size() == 2);
  CHECK(refused[0].number == 5);
  CHECK(refused[1].number == 3);
  CHECK(ledger.entries().at(0).synced() == 2);
  CHECK(ledger.entries().at(0).superseded() == 1);
  CHECK(ledger.entries().at(0).quarantined == 2);
}

TEST_CASE("a row that misses another one of its batch is sent again when that is in") {
  const Stream stream = test::small_stream();
  test::RangeMaker rows(stream, "b", 1);
  for (const char* path : {"/a", "/b", "/c"}) {
    rows.add(1, {Value::integer(1), Value::text(path), Value::integer(0), Value()});
  }
  Batch batch(Reason::end, {rows.range()});
  batch.build();
  LedgerEntries ledger(batch);
  int sends = 0;
  const auto refused = send_parts(batch, ledger, [&](const BatchPart& part, bool again) {
    CHECK(again == (sends > 0));
    // Each needs the one behind it, the last one nothing: one more gets in with each send.
    std::vector<PartRefusal> bad;
    ++sends;
    for (std::size_t i = 0; i < part.rows.size(); ++i) {
      const std::size_t at = static_cast<std::size_t>(part.rows[i].number);
      if (at + static_cast<std::size_t>(sends) < 4) bad.push_back({i, "23503", "parent", "refused"});
    }
    return bad;
  });
  CHECK(refused.empty());
  CHECK(sends == 3);
  CHECK(ledger.entries().at(0).synced() == 3);
}

}  // namespace
}  // namespace forebay
