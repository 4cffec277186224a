#include <algorithm>
#include <catch2/catch.hpp>

#include "sink/contract.hpp"

// Rows that PostgreSQL refuses in ways of its own: what COPY names, and what only a search finds.
namespace forebay::test {
namespace {

Stream readings_stream() {
  Stream s;
  s.name = "readings";
  s.table = "readings";
  s.columns = {{"sensor", ColumnType::text, true},
               {"number", ColumnType::integer, false},
               {"label", ColumnType::text, false},
               {"details", ColumnType::json, false}};
  s.key = {"sensor"};
  s.version_column = "row_version";
  return s;
}

constexpr const char* kVersionColumn = ", row_version bigint NOT NULL DEFAULT 0";

struct Given {
  const char* name;
  std::vector<std::string> setup;  // statements, the last of which makes the table
  std::vector<Value> bad;          // number, label, details
  const char* sqlstate;
};

std::vector<Given> cases() {
  const std::string columns = "sensor text PRIMARY KEY, number bigint, label text, details jsonb";
  const auto table = [&](const std::string& c) { return "CREATE TABLE readings (" + c + kVersionColumn + ")"; };
  const Value none{};
  const auto number = [](std::int64_t n) { return std::vector<Value>{Value::integer(n), Value::text("l"), Value()}; };
  return {
      {"CHECK", {table(columns + ", CONSTRAINT bound CHECK (number < 1000)")}, number(1000), "23514"},
      {"a CHECK that fails itself",
       {table(columns + ", CHECK (1 / (number - 1000) IS NOT NULL)")},
       number(1000),
       "22012"},
      {"NOT NULL",
       {table("sensor text PRIMARY KEY, number bigint, label text NOT NULL, details jsonb")},
       {Value::integer(1), none, none},
       "23502"},
      {"a narrower type",
       {table("sensor text PRIMARY KEY, number smallint, label text, details jsonb")},
       number(70'000),
       "22003"},
      {"a shorter type",
       {table("sensor text PRIMARY KEY, number bigint, label varchar(5), details jsonb")},
       {Value::integer(1), Value::text("too long"), none},
       "22001"},
      {"bytes that are not UTF-8", {table(columns)}, {Value::integer(1), Value::text("\xff\xfe"), none}, "22021"},
      {"a NUL", {table(columns)}, {Value::integer(1), Value::text(std::string_view("a\0b", 3)), none}, "22021"},
      {"a NUL in JSON",
       {table(columns)},
       {Value::integer(1), Value::text("l"), Value::json(R"({"a":"\u0000"})")},
       "22P05"},
      {"broken JSON", {table(columns)}, {Value::integer(1), Value::text("l"), Value::json("{")}, "22P02"},
      {"a domain",
       {"CREATE DOMAIN small AS bigint CHECK (VALUE < 1000)",
        table("sensor text PRIMARY KEY, number small, label text, details jsonb")},
       number(1000),
       "23514"},
      {"an enum",
       {"CREATE TYPE mood AS ENUM ('l', 'sad')",
        table("sensor text PRIMARY KEY, number bigint, label mood, details jsonb")},
       {Value::integer(1), Value::text("happy"), none},
       "22P02"},
      {"a foreign key",
       {"CREATE TABLE known (number bigint PRIMARY KEY)", "INSERT INTO known SELECT generate_series(0, 999)",
        table(columns + ", FOREIGN KEY (number) REFERENCES known")},
       number(1000),
       "23503"},
      {"another unique index", {table(columns + ", CONSTRAINT one_number UNIQUE (number)")}, number(0), "23505"},
      {"a trigger",
       {"CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.number >= 1000 THEN RAISE "
        "EXCEPTION 'the number % is of sensor %', NEW.number, NEW.sensor; END IF; RETURN NEW; END $$",
        table(columns), "CREATE TRIGGER judged BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION judge()"},
       number(1000),
       "P0001"},
      {"a trigger after all rows",
       {"CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.number >= 1000 THEN RAISE "
        "EXCEPTION 'the number % is of sensor %', NEW.number, NEW.sensor; END IF; RETURN NULL; END $$",
        table(columns), "CREATE TRIGGER judged AFTER INSERT ON readings FOR EACH ROW EXECUTE FUNCTION judge()"},
       number(1000),
       "P0001"},
      {"no partition",
       {"CREATE TABLE readings (sensor text PRIMARY KEY, number bigint, label text, details jsonb" +
            std::string(kVersionColumn) + ") PARTITION BY RANGE (sensor)",
        "CREATE TABLE low PARTITION OF readings FOR VALUES FROM ('a') TO ('s0250')",
        "CREATE TABLE high PARTITION OF readings FOR VALUES FROM ('s0250') TO ('s9')",
        "ALTER TABLE low ADD CONSTRAINT bound CHECK (number < 1000)",
        "ALTER TABLE high ADD CONSTRAINT bound CHECK (number < 1000)"},
       number(1000),
       "23514"},
      {"an index that cannot hold it",
       {table(columns), "CREATE INDEX ON readings ((1 / (number - 1000)))"},
       number(1000),
       "22012"},
  };
}

/// By the three ways: straight into the table, by staging, by arrays.
enum class Way { direct, staged, arrays };

void check_refused(const Given& given, Way way) {
  INFO(given.name);
  const Stream stream = readings_stream();
  const std::unique_ptr<PostgresFixture> fixture =
      way == Way::arrays ? std::make_unique<PostgresNoTempFixture>() : std::make_unique<PostgresFixture>();
  if (!fixture->available()) return;
  for (const std::string& sql : given.setup) fixture->exec(sql);
  fixture->hand_over("readings");
  if (way == Way::arrays && std::string(given.name) == "a foreign key")
    fixture->exec("GRANT SELECT ON known TO PUBLIC");
  const auto sink = fixture->destination()->make_sink({&stream});
  const auto row = [](std::string_view sensor, const std::vector<Value>& rest) {
    std::vector<Value> values = {Value::text(sensor)};
    values.insert(values.end(), rest.begin(), rest.end());
    return values;
  };
  const auto name = [](int i) { return "s" + std::to_string(10'000 + i).substr(1); };
  const bool known_first = way != Way::direct;
  if (known_first) {  // a key that is there already: the batch goes by staging
    RangeMaker first(stream, "b", 1);
    first.add(1, row(name(0), {Value::integer(0), Value::text("l"), Value()}));
    written(*sink, {first.range()});
  }
  RangeMaker rows(stream, "b", 2);
  const std::vector<int> bad = {3, 200, 201, 499};
  for (int i = 0; i < 500; ++i) {
    const bool is_bad = std::find(bad.begin(), bad.end(), i) != bad.end();
    rows.add(2, row(name(i), is_bad ? given.bad : std::vector<Value>{Value::integer(i), Value::text("l"), Value()}));
  }
  Kept kept;
  Batch batch(Reason::end, {rows.range()});
  const WriteOutcome outcome = sink->write(batch, kept.keep());
  if (const auto* failure = std::get_if<Failure>(&outcome)) FAIL(failure->message);
  const RangeResult result = std::get<Written>(outcome).ranges.at(0);
  CHECK(result.synced == 496);
  CHECK(result.quarantined == 4);
  REQUIRE(kept.rows.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(kept.rows[i].number == static_cast<std::uint64_t>(bad[i]) + 1);
    // A NUL ends the text that arrays are sent as.
    const bool cut = way == Way::arrays && std::string(given.name) == "a NUL";
    CHECK(kept.rows[i].sqlstate == (cut ? "22P02" : given.sqlstate));
    CHECK_THAT(kept.rows[i].message, !Catch::Contains("s0003") && !Catch::Contains("happy"));
  }
  CHECK(fixture->one("SELECT count(*) FROM readings") == "496");
}

TEST_CASE("whatever PostgreSQL refuses a row for, it is found on the way straight into the table",
          "[postgres][threads]") {
  for (const Given& given : cases()) check_refused(given, Way::direct);
}
TEST_CASE("whatever PostgreSQL refuses a row for, it is found on the staging way", "[postgres][threads]") {
  for (const Given& given : cases()) check_refused(given, Way::staged);
}
TEST_CASE("whatever PostgreSQL refuses a row for, it is found on the way by arrays", "[postgres][threads]") {
  for (const Given& given : cases()) check_refused(given, Way::arrays);
}

TEST_CASE("a row whose parent comes later in its batch lands, and one without a parent does not",
          "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = readings_stream();
  fixture.exec(
      "CREATE TABLE readings (sensor text PRIMARY KEY, number bigint, label text REFERENCES readings, details jsonb, "
      "row_version bigint NOT NULL DEFAULT 0)");
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  const auto add = [&](std::string_view sensor, std::string_view parent) {
    rows.add(1, {Value::text(sensor), Value(), parent.empty() ? Value() : Value::text(parent), Value()});
  };
  add("a", "c");
  add("b", "nowhere");
  add("c", "d");
  add("d", "");
  Kept kept;
  Batch batch(Reason::end, {rows.range()});
  const WriteOutcome outcome = sink->write(batch, kept.keep());
  REQUIRE(std::holds_alternative<Written>(outcome));
  REQUIRE(kept.rows.size() == 1);
  CHECK(kept.rows[0].number == 2);
  CHECK(fixture.query("SELECT sensor FROM readings ORDER BY 1") == Rows{{"a"}, {"c"}, {"d"}});
}

TEST_CASE("a constraint that is checked at COMMIT refuses its row at the second try", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = readings_stream();
  fixture.exec("CREATE TABLE known (number bigint PRIMARY KEY)");
  fixture.exec("INSERT INTO known VALUES (1)");
  fixture.exec(
      "CREATE TABLE readings (sensor text PRIMARY KEY, number bigint REFERENCES known DEFERRABLE INITIALLY DEFERRED, "
      "label text, details jsonb, row_version bigint NOT NULL DEFAULT 0)");
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  for (const int number : {1, 2, 1}) {
    rows.add(1, {Value::text(std::to_string(rows.range().last_row)), Value::integer(number), Value(), Value()});
  }
  Kept kept;
  Batch first(Reason::end, {rows.range()});
  const WriteOutcome outcome = sink->write(first, kept.keep());
  REQUIRE(std::holds_alternative<Failure>(outcome));
  CHECK(std::get<Failure>(outcome).failure_class == FailureClass::retry_batch);
  Batch second(Reason::end, {rows.range()});
  CHECK(std::holds_alternative<Written>(sink->write(second, kept.keep())));
  REQUIRE(kept.rows.size() == 1);
  CHECK(kept.rows[0].number == 2);
  CHECK(fixture.one("SELECT count(*) FROM readings") == "2");
}

TEST_CASE("a connection that is lost during the search quarantines nothing", "[postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = readings_stream();
  fixture.exec(
      "CREATE FUNCTION judge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.number = 1 THEN RAISE EXCEPTION "
      "'refused'; END IF; IF NEW.number = 2 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); "
      "END IF; RETURN NEW; END $$");
  fixture.exec(
      "CREATE TABLE readings (sensor text PRIMARY KEY, number bigint, label text, details jsonb, row_version bigint "
      "NOT NULL DEFAULT 0)");
  fixture.exec("CREATE TRIGGER judged BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION judge()");
  const auto sink = fixture.destination()->make_sink({&stream});
  RangeMaker rows(stream, "b", 1);
  for (int i = 0; i < 20; ++i) {
    rows.add(1, {Value::text("s" + std::to_string(10 + i)),
                 Value::integer(i == 3    ? 1
                                : i == 15 ? 2
                                          : 0),
                 Value(), Value()});
  }
  Kept kept;
  Batch batch(Reason::end, {rows.range()});
  const WriteOutcome outcome = sink->write(batch, kept.keep());
  REQUIRE(std::holds_alternative<Failure>(outcome));
  CHECK(std::get<Failure>(outcome).failure_class == FailureClass::reconnect);
  CHECK(kept.rows.empty());
  CHECK(fixture.one("SELECT count(*) FROM readings") == "0");
}

}  // namespace
}  // namespace forebay::test
