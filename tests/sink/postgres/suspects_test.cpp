#include <algorithm>
#include <catch2/catch.hpp>

#include "sink/contract.hpp"

// Rows that a table will refuse, found by a query: few of them are tried, and none is taken for refused that lands.
namespace forebay::test {
namespace {

RangeResult send(Sink& sink, const BatchRange& range, Kept& kept) {
  Batch batch(Reason::end, {range});
  const WriteOutcome outcome = sink.write(batch, kept.keep());
  if (const auto* failure = std::get_if<Failure>(&outcome)) FAIL(failure->message);
  return std::get<Written>(outcome).ranges.at(0);
}

std::string path_of(int i) { return "/" + std::to_string(10'000 + i); }

TEST_CASE("of many rows that a table refuses for the same reasons few are tried, and each has its own reason",
          "[postgres][threads]") {
  OpenGaussFixture fixture(kOpenGauss6PG);  // which hears what is refused
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.exec("ALTER TABLE small_files ALTER note SET NOT NULL, ADD CONSTRAINT bound CHECK (size < 1000)");
  fixture.exec("ALTER TABLE small_files ADD CONSTRAINT even CHECK (size % 2 = 0)");
  fixture.server().keeps_heard = true;
  constexpr int kRows = 1000;
  for (std::uint64_t batch = 1; batch <= 2; ++batch) {
    RangeMaker rows(stream, "b", batch);
    std::vector<std::string> wanted;
    for (int i = 0; i < kRows; ++i) {
      const bool null = i % 7 == 0;
      const bool large = i % 5 == 0;
      const bool odd = i % 11 == 0;
      const std::int64_t size = (large ? 5000 : 10) + (odd ? 1 : 0);
      rows.add(static_cast<std::int64_t>(batch),
               {Value::integer(1), Value::text(path_of(i)), Value::integer(size), null ? Value() : Value::text("n")});
      // As PostgreSQL goes: NOT NULL first, then CHECKs by their names.
      if (null || large || odd) wanted.emplace_back(null ? "23502" : large ? "23514 bound" : "23514 even");
    }
    Kept kept;
    const RangeResult result = send(*sink, rows.range(), kept);
    CHECK(result.quarantined == wanted.size());
    CHECK(result.synced == kRows - wanted.size());
    std::vector<std::string> told;
    for (const auto& row : kept.rows)
      told.push_back(row.sqlstate + (row.constraint.empty() || row.sqlstate == "23502" ? "" : " " + row.constraint));
    CHECK(told == wanted);
    const std::vector<Heard> heard = fixture.server().take_heard();
    const auto tried = std::count_if(heard.begin(), heard.end(), [](const Heard& h) { return h.type == 'E'; });
    // Straight into the table at first: nine until that is given up. Seven kinds of rows, and the whole stage.
    CHECK(tried <= 9 + 7 + 1);
    CHECK(tried >= 7);
  }
  CHECK(fixture.one("SELECT count(*) FROM small_files WHERE size >= 1000 OR size % 2 = 1") == "0");
}

TEST_CASE("a row that a trigger or its column makes fit its CHECK lands beside those that are refused",
          "[postgres][threads]") {
  const bool by_trigger = GENERATE(true, false);
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  opens(*sink);
  fixture.exec(
      "ALTER TABLE small_files ALTER note TYPE varchar(3), ADD CHECK (size < 1000), ADD CHECK (length(note) < 4)");
  if (by_trigger) {
    fixture.exec(
        "CREATE FUNCTION mend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.size = 2000 THEN NEW.size = 2; END "
        "IF; RETURN NEW; END $$");
    fixture.exec("CREATE TRIGGER mend BEFORE INSERT ON small_files FOR EACH ROW EXECUTE FUNCTION mend()");
  }
  for (std::uint64_t batch = 1; batch <= 2; ++batch) {
    RangeMaker rows(stream, "b", batch);
    for (int i = 0; i < 200; ++i) {
      // Every tenth is refused; of the others, some are mended on their way in.
      const std::int64_t size = i % 10 == 0 ? 5000 : by_trigger && i % 3 == 0 ? 2000 : 1;
      const std::string note = !by_trigger && i % 3 == 0 ? "abc    " : "abc";
      rows.add(static_cast<std::int64_t>(batch), small_row(1, path_of(i), size, note));
    }
    Kept kept;
    const RangeResult result = send(*sink, rows.range(), kept);
    CHECK(result.quarantined == 20);
    CHECK(result.synced == 180);
    CHECK(std::all_of(kept.rows.begin(), kept.rows.end(),
                      [](const auto& row) { return (row.number - 1) % 10 == 0 && row.sqlstate == "23514"; }));
    CHECK(fixture.one("SELECT count(*) FROM small_files WHERE note = 'abc' AND size <= 2 AND row_version = " +
                      std::to_string(batch)) == "180");
  }
}

}  // namespace
}  // namespace forebay::test
