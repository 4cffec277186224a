#include <cmath>
#include <limits>

#include "sink/contract.hpp"

// What is sent comes back as it was sent.
namespace forebay::test {
namespace {

constexpr std::int64_t kLeastPostgresTime = -210'866'803'200'000'000;  // 4714-11-24 BC
constexpr std::int64_t kLateTime = 9'000'000'000'000'000'000;          // in the year 287,166

SINK_CONTRACT("values of every type come back exactly, from first copies and from replaced rows") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = all_types_stream();
  const auto sink = fixture.destination()->make_sink({&stream});
  const auto row = [](std::string_view key, std::int64_t integer, double real, std::string_view text, bool boolean,
                      std::int64_t time, std::string_view json, std::string_view bytes) {
    return std::vector<Value>{Value::text(key),        Value::integer(integer), Value::real(real), Value::text(text),
                              Value::boolean(boolean), Value::timestamp(time),  Value::json(json), Value::bytes(bytes)};
  };
  using Integers = std::numeric_limits<std::int64_t>;
  using Reals = std::numeric_limits<double>;
  // Twice: first by the quick way for new rows, then as newer versions of rows that are there.
  for (std::int64_t version = 1; version <= 2; ++version) {
    RangeMaker rows(stream, "b", static_cast<std::uint64_t>(version));
    rows.add(version, row("least", Integers::min(), Reals::lowest(), "", false, kLeastPostgresTime, "null", ""));
    rows.add(version, row("most", Integers::max(), Reals::denorm_min(), "\xf0\x9f\x97\x84 ä", true, kLateTime,
                          R"({"a": [1, "\"x\\", null]})", std::string_view("\0\xff\\x'\n", 6)));
    rows.add(version, row("usual", -7, 0.1, "x", true, -1, "[]", "\x01"));
    rows.add(version, row("infinite", 0, Reals::infinity(), "NULL", false, 0, "\"\"", "\\N"));
    rows.add(version, {Value::text("nothing"), Value(), Value(), Value(), Value(), Value(), Value(), Value()});
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == 5);

    const Rows got =
        fixture.query("SELECT sensor, number, level, label, CASE WHEN valid THEN 1 WHEN NOT valid THEN 0 END, " +
                      fixture.as_microseconds("seen_at") + ", details, " + fixture.as_hex("raw") +
                      ", sync_version FROM readings ORDER BY sensor");
    REQUIRE(got.size() == 5);
    const auto& infinite = got[0];
    const auto& least = got[1];
    const auto& most = got[2];
    const auto& nothing = got[3];
    const auto& usual = got[4];
    CHECK(least[1] == std::to_string(Integers::min()));
    CHECK(std::stod(least[2]) == Reals::lowest());
    CHECK(least[3].empty());
    CHECK(least[4] == "0");
    CHECK(least[5] == std::to_string(kLeastPostgresTime));
    CHECK(least[6] == "null");
    CHECK(least[7].empty());
    CHECK(most[1] == std::to_string(Integers::max()));
    CHECK(std::strtod(most[2].c_str(), nullptr) == Reals::denorm_min());
    CHECK(most[3] == "\xf0\x9f\x97\x84 ä");
    CHECK(most[4] == "1");
    CHECK(most[5] == std::to_string(kLateTime));
    CHECK(most[6] == R"({"a": [1, "\"x\\", null]})");
    CHECK(most[7] == "00ff5c78270a");
    CHECK(std::stod(usual[2]) == 0.1);
    CHECK(usual[5] == "-1");
    CHECK(usual[8] == std::to_string(version));
    CHECK(std::isinf(std::strtod(infinite[2].c_str(), nullptr)));
    CHECK(infinite[3] == "NULL");
    CHECK(infinite[7] == "5c4e");
    for (std::size_t c = 1; c <= 7; ++c) CHECK(nothing[c] == kNull);
  }
}

SINK_CONTRACT("hostile strings come back byte for byte") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream stream = small_stream("Odd \"table\"");
  const auto sink = fixture.destination()->make_sink({&stream});
  std::vector<std::string> hostile = {"/a\nb",
                                      "/a\tb",
                                      "/a\\b",
                                      "/\\.",
                                      "\\.",
                                      "/quote'quote\"",
                                      "/'; DROP TABLE x; --",
                                      "/{a,b}",
                                      "/\x01",
                                      "/ trailing ",
                                      "/\\N",
                                      "/NULL",
                                      "/$1",
                                      "/?1",
                                      "/%s",
                                      "/\r\n",
                                      "-rf",
                                      "/a,b;c",
                                      "/\xe2\x80\xae"
                                      "rtl",
                                      "",
                                      "/\x7f"};
  for (std::int64_t version = 1; version <= 2; ++version) {
    RangeMaker rows(stream, "b'\"\\{}", static_cast<std::uint64_t>(version));
    for (const std::string& h : hostile) rows.add(version, small_row(1, h, version, h));
    CHECK(written(*sink, {rows.range()}).ranges.at(0).synced == hostile.size());
    Rows got = fixture.query("SELECT path, note FROM \"Odd \"\"table\"\"\"");
    REQUIRE(got.size() == hostile.size());
    for (const std::string& h : hostile) CHECK(std::count(got.begin(), got.end(), std::vector<std::string>{h, h}) == 1);
  }
  CHECK(fixture.one("SELECT count(*) FROM sync_batches WHERE buffer = 'b''\"\\{}'") == "2");
}

SINK_CONTRACT("a built-in file record comes back, and the copier's columns outlive a rescan") {
  TestType fixture;
  if (!fixture.available()) return;
  const Stream& stream = backup_files_stream();
  const auto sink = fixture.destination()->make_sink({&stream, &backup_sets_stream()});
  const auto file = [&](std::int64_t size) {
    std::vector<Value> v(stream.columns.size());
    const auto set = [&](const char* name, Value value) { v[stream.column_index(name)] = value; };
    set("backup_set_id", Value::integer(42));
    set("file_path", Value::text("/etc/passwd"));
    set("file_name", Value::text("passwd"));
    set("file_type", Value::text("file"));
    set("file_size", Value::integer(size));
    set("backup_time", Value::timestamp(1'700'000'000'000'000));
    return v;
  };
  CHECK(written(*sink, {RangeMaker(stream, "b", 1).add(5, file(100)).range()}).ranges.at(0).synced == 1);
  CHECK(fixture.one("SELECT coalesce(checksum, 'none') FROM backup_files") == "none");
  fixture.exec("UPDATE backup_files SET checksum = 'abc', chunk_number = 7, is_copy_success = (1 = 1)");
  CHECK(written(*sink, {RangeMaker(stream, "b", 2).add(6, file(200)).range()}).ranges.at(0).synced == 1);
  CHECK(fixture.query("SELECT file_size, checksum, chunk_number, CASE WHEN is_copy_success THEN 1 END, sync_version "
                      "FROM backup_files") == Rows{{"200", "abc", "7", "1", "6"}});
}

}  // namespace
}  // namespace forebay::test
