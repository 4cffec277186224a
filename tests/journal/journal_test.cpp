#include <catch2/catch.hpp>
#include <cstring>
#include <limits>

#include "base/io.hpp"
#include "forebay/error.hpp"
#include "journal/reader.hpp"
#include "journal/writer.hpp"
#include "support/file_bytes.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

/// A journal with rows 1 … rows of sensor "a", row n with tick n and version 100 + n.
std::string make_journal(const std::filesystem::path& path, int rows, bool sealed) {
  JournalWriter writer(create_posix_file, path, {"buffer-1", 7, measurements(), {}});
  for (int n = 1; n <= rows; ++n) writer.append(100 + n, Measurement("a", n));
  if (sealed) {
    writer.finish();
  } else {
    writer.commit();
  }
  return bytes_of(path);
}

/// Rows that are read must be those that were written, from the first on, and nothing else.
void check_prefix(const RowSet& rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Measurement written("a", static_cast<std::int64_t>(i) + 1);
    REQUIRE(rows.row(i).number == i + 1);
    REQUIRE(rows.row(i).version == static_cast<std::int64_t>(101 + i));
    for (std::size_t c = 0; c < rows.columns(); ++c) REQUIRE(same_value(rows.values(i)[c], written.values()[c]));
  }
}

JournalSummary read_all(const std::filesystem::path& path, RowSet& rows) {
  JournalReader reader(path);
  while (reader.next(rows, 2)) {
  }
  return reader.summary();
}

}  // namespace

TEST_CASE("a sealed journal gives back every row and its stream's declaration") {
  const TemporaryDirectory dir;
  make_journal(dir / "j", 5, true);
  RowSet rows(measurements().columns.size());
  const JournalSummary summary = read_all(dir / "j", rows);
  CHECK(summary.end == JournalEnd::sealed);
  CHECK(summary.rows == 5);
  CHECK(summary.header.buffer == "buffer-1");
  CHECK(summary.header.segment == 7);
  CHECK(stream_to_json(summary.header.stream) == stream_to_json(measurements()));
  REQUIRE(rows.size() == 5);
  check_prefix(rows);
}

TEST_CASE("a journal holds nulls, extremes and characters of every kind") {
  const TemporaryDirectory dir;
  const std::string hostile("\0\n\t\\\"\xff\x80 end", 11);
  const std::array<Value, 7> odd = {Value::text(hostile),
                                    Value::integer(std::numeric_limits<std::int64_t>::min()),
                                    Value::real(-std::numeric_limits<double>::infinity()),
                                    Value(),
                                    Value::timestamp(std::numeric_limits<std::int64_t>::max()),
                                    Value(),
                                    Value::bytes("")};
  {
    JournalWriter writer(create_posix_file, dir / "j", {"b", 1, measurements(), {}});
    writer.append(std::numeric_limits<std::int64_t>::max(), odd);
    writer.finish();
  }
  RowSet rows(7);
  CHECK(read_all(dir / "j", rows).end == JournalEnd::sealed);
  REQUIRE(rows.size() == 1);
  CHECK(rows.row(0).version == std::numeric_limits<std::int64_t>::max());
  for (std::size_t c = 0; c < 7; ++c) CHECK(same_value(rows.values(0)[c], odd[c]));
}

TEST_CASE("a journal cut at any byte gives its whole rows, and says how it ends") {
  const TemporaryDirectory dir;
  const bool sealed = GENERATE(true, false);
  const std::string whole = make_journal(dir / "j", 4, sealed);
  const auto path = dir / "cut";
  std::size_t header_end = 0;
  std::uint64_t seed = 0;
  decode_journal_header(whole, seed, header_end);
  std::uint64_t rows_before = 0;
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    write_bytes(path, whole.substr(0, cut));
    INFO("cut at byte " << cut);
    if (cut < header_end) {
      REQUIRE_THROWS_AS(JournalReader(path), Error);
      continue;
    }
    RowSet rows(measurements().columns.size());
    const JournalSummary summary = read_all(path, rows);
    REQUIRE((summary.end == JournalEnd::unsealed || summary.end == JournalEnd::torn_tail));
    REQUIRE(rows.size() >= rows_before);  // never fewer rows from more bytes
    rows_before = rows.size();
    check_prefix(rows);
  }
  CHECK(rows_before == (sealed ? 4 : 3));  // the last cut takes a byte of the trailer, or of the last row
}

TEST_CASE("a journal with any byte changed never gives a row that was not written, and never passes for whole") {
  const TemporaryDirectory dir;
  const std::string whole = make_journal(dir / "j", 4, true);
  const auto path = dir / "flipped";
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const unsigned bit : {0x01U, 0x80U}) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(static_cast<unsigned char>(flipped[at]) ^ bit);
      write_bytes(path, flipped);
      INFO("byte " << at << " changed");
      try {
        RowSet rows(measurements().columns.size());
        const JournalSummary summary = read_all(path, rows);
        REQUIRE(summary.end != JournalEnd::sealed);
        check_prefix(rows);
      } catch (const Error& e) {
        // A changed format number may be that of a newer release.
        REQUIRE((e.code() == ErrorCode::damaged || (at >= 8 && at < 12 && e.code() == ErrorCode::not_built_yet)));
      }
    }
  }
}

TEST_CASE("a bad record with good ones after it is damage, and says how many rows are lost at least") {
  const TemporaryDirectory dir;
  std::string whole = make_journal(dir / "j", 10, false);
  std::size_t header_end = 0;
  std::uint64_t seed = 0;
  decode_journal_header(whole, seed, header_end);
  const std::size_t record = (whole.size() - header_end) / 10;  // roughly: the third record is hit
  whole[header_end + 2 * record + record / 2] ^= 1;
  write_bytes(dir / "j", whole);
  const JournalSummary summary = JournalReader::summarize(dir / "j");
  CHECK(summary.end == JournalEnd::damaged);
  CHECK(summary.rows == 2);
  CHECK(summary.lost_rows_min == 7);
}

TEST_CASE("a journal of a newer format is refused by its reason") {
  const TemporaryDirectory dir;
  std::string whole = make_journal(dir / "j", 1, true);
  whole[8] = 2;
  write_bytes(dir / "j", whole);
  CHECK_THROWS_WITH(JournalReader(dir / "j"), Catch::Contains("newer"));
}

TEST_CASE("rows taken back before their group commit are not in the journal") {
  const TemporaryDirectory dir;
  {
    JournalWriter writer(create_posix_file, dir / "j", {"b", 1, measurements(), {}});
    writer.append(1, Measurement("gone", 1));
    writer.take_back_uncommitted();
    writer.append(101, Measurement("a", 1));
    writer.commit();
    writer.append(2, Measurement("gone", 2));
    writer.take_back_uncommitted();
    writer.append(102, Measurement("a", 2));
    writer.finish();
  }
  RowSet rows(7);
  CHECK(read_all(dir / "j", rows).end == JournalEnd::sealed);
  REQUIRE(rows.size() == 2);
  check_prefix(rows);
}
