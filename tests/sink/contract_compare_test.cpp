#include <filesystem>
#include <limits>
#include <map>
#include <random>

#include "engine/destination.hpp"
#include "sink/contract.hpp"
#include "sink/sink.hpp"

// Looking what is there, and changing nothing.
namespace forebay::test {
namespace {

Compared compared(Comparer& comparer, const Stream& stream, const RowSet& keys) {
  const CompareOutcome outcome = comparer.compare(stream, keys);
  if (const auto* failure = std::get_if<Failure>(&outcome))
    FAIL(to_string(failure->failure_class) << ": " << failure->message);
  return std::get<Compared>(outcome);
}

Failure comparison_refused(Comparer& comparer, const Stream& stream, const RowSet& keys) {
  const CompareOutcome outcome = comparer.compare(stream, keys);
  REQUIRE(std::holds_alternative<Failure>(outcome));
  return std::get<Failure>(outcome);
}

void add_key(RowSet& keys, std::int64_t version, const std::vector<Value>& values) {
  keys.begin_row(keys.size() + 1, version);
  for (const Value& v : values) keys.push(v);
}

RowSet one_key(std::int64_t version = 1) {
  RowSet keys(2);
  add_key(keys, version, {Value::integer(1), Value::text("/a")});
  return keys;
}

void check_counts(const Compared& c, std::uint64_t absent, std::uint64_t older, std::uint64_t equal,
                  std::uint64_t newer) {
  CHECK(c.absent == absent);
  CHECK(c.older == older);
  CHECK(c.equal == equal);
  CHECK(c.newer == newer);
}

SINK_CONTRACT("rows are told apart by what the destination has of them, and nothing changes there") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  const auto destination = fixture.destination();
  RangeMaker there(stream, "b", 1);
  for (int i = 0; i < 10; ++i) there.add(100, small_row(1, "/" + std::to_string(i), i, "there"));
  there.add(100, small_row(2, "/0", 0, "of another set"));
  written(*destination->make_sink({&stream}), {there.range()});
  const std::string everything = "SELECT * FROM small_files ORDER BY set_id, path";
  const std::string ledger = "SELECT * FROM sync_batches";
  const Rows before = fixture.query(everything);
  const Rows ledger_before = fixture.query(ledger);

  RowSet keys(2);
  const auto key = [&](std::int64_t set, std::string_view path, std::int64_t version) {
    add_key(keys, version, {Value::integer(set), Value::text(path)});
  };
  key(1, "/new", 1);
  key(3, "/0", 1000);
  key(1, "/0 ", 1);
  for (const char* path : {"/1", "/2"}) key(1, path, 101);
  for (const char* path : {"/3", "/4", "/5", "/6"}) key(1, path, 100);
  key(1, "/7", 99);
  const auto comparer = destination->make_comparer();
  check_counts(compared(*comparer, stream, keys), 3, 2, 4, 1);
  check_counts(compared(*comparer, stream, RowSet(2)), 0, 0, 0, 0);
  CHECK(fixture.query(everything) == before);
  CHECK(fixture.query(ledger) == ledger_before);
}

SINK_CONTRACT("comparing with a destination that has no tables finds all rows absent and creates nothing") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream small = small_stream();
  const Stream files = backup_files_stream();
  const auto comparer = fixture.destination()->make_comparer();
  RowSet keys(2);
  for (const char* path : {"/a", "/b"}) add_key(keys, 1, {Value::integer(1), Value::text(path)});
  check_counts(compared(*comparer, small, keys), 2, 0, 0, 0);
  check_counts(compared(*comparer, files, keys), 2, 0, 0, 0);
  if constexpr (std::is_same_v<TestType, SqliteFixture>) {
    CHECK(std::filesystem::is_empty(fixture.folder()));
  } else {
    CHECK(fixture.one("SELECT count(*) FROM pg_class WHERE relnamespace = '" + fixture.schema() + "'::regnamespace") ==
          "0");
  }
}

SINK_CONTRACT("a key may have columns of any type that has equality") {
  TestType fixture;
  if (!fixture.available()) return;
  Stream stream;
  stream.name = stream.table = "odd_keys";
  stream.columns = {
      {"note", ColumnType::text},           {"raw", ColumnType::bytes, true},  {"seen_at", ColumnType::timestamp, true},
      {"valid", ColumnType::boolean, true}, {"label", ColumnType::text, true}, {"number", ColumnType::integer, true}};
  stream.key = {"number", "label", "valid", "seen_at", "raw"};
  struct Key {
    std::int64_t number;
    std::string label;
    bool valid;
    std::int64_t seen_at;
    std::string raw;
  };
  std::vector<Key> kept = {
      {std::numeric_limits<std::int64_t>::min(), "", false, 0, ""},
      {std::numeric_limits<std::int64_t>::max(), "NULL", true, -1, std::string("\0\xff\\x", 4)},
      {0, "{\"a\",\\}", true, 253'402'300'799'999'999, "'"},
      {7, "tab\tnewline\n\"quote\" \\N \xe2\x80\xae", false, -2'208'988'800'000'001, "{}"},
  };
  RangeMaker rows(stream, "b", 1);
  RowSet same(5), moved(5);
  for (const Key& k : kept) {
    rows.add(5, {Value(), Value::bytes(k.raw), Value::timestamp(k.seen_at), Value::boolean(k.valid),
                 Value::text(k.label), Value::integer(k.number)});
    add_key(same, 5,
            {Value::integer(k.number), Value::text(k.label), Value::boolean(k.valid), Value::timestamp(k.seen_at),
             Value::bytes(k.raw)});
    add_key(moved, 5,
            {Value::integer(k.number), Value::text(k.label), Value::boolean(k.valid), Value::timestamp(k.seen_at + 1),
             Value::bytes(k.raw)});
  }
  const auto destination = fixture.destination();
  written(*destination->make_sink({&stream}), {rows.range()});
  const auto comparer = destination->make_comparer();
  check_counts(compared(*comparer, stream, same), 0, 0, 4, 0);
  check_counts(compared(*comparer, stream, moved), 4, 0, 0, 0);
}

SINK_CONTRACT("what comparing says is what writing then does") {
  TestType fixture;
  if (!fixture.available()) return;
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const Stream stream = small_stream();
  const auto destination = fixture.destination();
  const auto sink = destination->make_sink({&stream});
  const auto comparer = destination->make_comparer();
  std::map<std::int64_t, std::int64_t> model;  // newest version by key
  for (std::uint64_t round = 1; round <= 4; ++round) {
    RangeMaker rows(stream, "b", round);
    RowSet keys(2);
    Compared expected;
    for (std::int64_t key = 0; key < 3000; ++key) {
      if (random() % 2 == 0) continue;
      const auto version = static_cast<std::int64_t>(1 + random() % 3);
      const std::string path = "/" + std::to_string(key);
      rows.add(version, small_row(1, path, version));
      add_key(keys, version, {Value::integer(1), Value::text(path)});
      const auto [at, fresh] = model.try_emplace(key, version);
      ++(fresh                  ? expected.absent
         : at->second < version ? expected.older
         : at->second > version ? expected.newer
                                : expected.equal);
      at->second = std::max(at->second, version);
    }
    const Compared found = compared(*comparer, stream, keys);
    check_counts(found, expected.absent, expected.older, expected.equal, expected.newer);
    const auto result = written(*sink, {rows.range()}).ranges.at(0);
    CHECK(result.superseded == found.newer);
    CHECK(result.synced == found.absent + found.older + found.equal);
  }
}

SINK_CONTRACT("a table that does not fit is told by comparing as by writing") {
  TestType fixture;
  if (!fixture.available()) return;
  fixture.destination()->migrate_up();
  fixture.exec("CREATE TABLE small_files (set_id bigint, path text, row_version bigint NOT NULL)");
  fixture.hand_over("small_files");
  const Stream stream = small_stream();
  const Failure compare = comparison_refused(*fixture.destination()->make_comparer(), stream, one_key());
  const auto write = fixture.destination()->make_sink({&stream})->open();
  REQUIRE(write);
  CHECK(compare.failure_class == FailureClass::schema);
  CHECK(compare.message == write->message);
  CHECK(compare.message.find("\"size\" is missing") != std::string::npos);
}

TEST_CASE("comparing with a file that is no catalog is refused, and the file stays as it is", "[sink]") {
  SqliteFixture fixture;
  fixture.exec("CREATE TABLE notes (text)");
  const Stream stream = small_stream();
  const auto comparer = fixture.destination()->make_comparer();
  const Failure failure = comparison_refused(*comparer, stream, one_key());
  CHECK(failure.failure_class == FailureClass::login_or_target);
  CHECK(failure.message.find("not a forebay catalog") != std::string::npos);
  CHECK(fixture.one("SELECT count(*) FROM sqlite_schema") == "1");
}

TEST_CASE("comparing ends at the deadline of writing, and goes on when the server does", "[sink][postgres][threads]") {
  PostgresFixture fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream();
  DestinationOptions options;
  options.statement_timeout = std::chrono::seconds(1);
  const auto destination = make_destination(fixture.url() + "&application_name=" + fixture.schema(), options);
  RangeMaker rows(stream, "b", 1);
  rows.add(1, small_row(1, "/a"));
  written(*destination->make_sink({&stream}), {rows.range()});
  const auto comparer = destination->make_comparer();
  check_counts(compared(*comparer, stream, one_key()), 0, 0, 1, 0);

  fixture.exec("BEGIN");
  fixture.exec("LOCK TABLE small_files IN ACCESS EXCLUSIVE MODE");
  CHECK(comparison_refused(*comparer, stream, one_key()).failure_class == FailureClass::retry_batch);
  fixture.exec("ROLLBACK");
  check_counts(compared(*comparer, stream, one_key(2)), 0, 1, 0, 0);

  CHECK(fixture.end_backends("application_name = '" + fixture.schema() + "'") == "1");
  CHECK(comparison_refused(*comparer, stream, one_key()).failure_class == FailureClass::reconnect);
  check_counts(compared(*comparer, stream, one_key(0)), 0, 0, 0, 1);
}

}  // namespace
}  // namespace forebay::test
