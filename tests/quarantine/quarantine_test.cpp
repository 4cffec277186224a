#include "quarantine/quarantine.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <limits>

#include "forebay/error.hpp"
#include "quarantine/file.hpp"
#include "sqlite/statement.hpp"
#include "support/in_child.hpp"
#include "support/sqlite_number.hpp"
#include "support/streams.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

using RowsByStream = std::map<std::string, std::uint64_t>;

SegmentRefusals refusals(std::uint64_t segment, std::vector<Refusal> refused, RowSpan sent = {1, 100}) {
  return {"b-1", segment, &measurements(), false, {sent}, std::move(refused)};
}
Refusal refusal(std::uint64_t row, std::span<const Value> values, const std::string& message = "a CHECK refuses it") {
  return {row, 1000 + static_cast<std::int64_t>(row), values, "23514", "positive", message};
}

}  // namespace

TEST_CASE("a quarantine gives back values of every type as they were, to another process, too") {
  const TemporaryDirectory dir;
  const std::string text("\xef\xbb\xbf'\\\n\t\x01 text");
  const std::string bytes("\0\xff\x80", 3);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::vector<Value>> rows = {
      {Value::text(text), Value::integer(std::numeric_limits<std::int64_t>::min()), Value::real(-0.0),
       Value::boolean(true), Value::timestamp(std::numeric_limits<std::int64_t>::max()), Value::json("{\"a\": [1]}"),
       Value::bytes(bytes)},
      {Value::text(""), Value::integer(0), Value::real(kNan), Value::boolean(false), Value::timestamp(-1), Value(),
       Value::bytes("")},
      {Value::text("k"), Value::integer(7), Value(), Value(), Value(), Value(), Value()}};
  {
    Quarantine quarantine(dir.path(), "b-1");
    CHECK_FALSE(std::filesystem::exists(dir / kQuarantineName));
    std::vector<Refusal> refused;
    for (std::size_t i = 0; i < rows.size(); ++i) refused.push_back(refusal(i + 1, rows[i]));
    quarantine.keep({refusals(1, refused)});
  }
  struct stat st = {};
  REQUIRE(::stat((dir / kQuarantineName).c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0600);
  Quarantine quarantine(dir.path(), "b-1");
  CHECK(quarantine.rows() == RowsByStream{{"measurements", 3}});
  std::uint64_t unreadable = 0;
  const auto retries = quarantine.begin_retries("", 100, unreadable);
  CHECK(unreadable == 0);
  REQUIRE(retries.size() == 1);
  REQUIRE(retries[0].rows == 3);
  CHECK(retries[0].stream.columns.size() == measurements().columns.size());
  const RowSet read = quarantine.read_retry(retries[0], 1, 3);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    CHECK(read.row(r).version == 1001 + static_cast<std::int64_t>(r));
    for (std::size_t c = 0; c < rows[r].size(); ++c) {
      const Value& was = rows[r][c];
      const Value& is = read.values(r)[c];
      CAPTURE(r, c);
      REQUIRE(is.is_null() == was.is_null());
      if (was.is_null()) continue;
      REQUIRE(is.type() == was.type());
      if (was.holds_chars()) {
        CHECK(is.as_chars() == was.as_chars());
      } else {
        CHECK(is.as_integer() == was.as_integer());  // of a real: its bits
      }
    }
  }
}

TEST_CASE("what a batch sent again is refused takes the place of what an earlier try left") {
  const TemporaryDirectory dir;
  Quarantine quarantine(dir.path(), "b-1");
  const Measurement row("a", 1);
  quarantine.keep({refusals(1, {refusal(1, row), refusal(2, row), refusal(30, row)}), refusals(2, {refusal(1, row)})});
  CHECK(quarantine.rows().empty());  // all in doubt
  // Rows 1 … 10 are sent again: row 2 is refused, row 1 is not; the rest had landed.
  quarantine.keep({refusals(1, {refusal(2, row, "again")}, {1, 10})});
  CHECK(sqlite_number(dir / kQuarantineName, "SELECT count(*) FROM entries") == 3);
  CHECK(sqlite_number(dir / kQuarantineName,
                      "SELECT count(*) FROM entries WHERE segment = 1 AND row = 2 AND message = 'again'") == 1);
  quarantine.drop("b-1", 2, false, {{1, 10}});  // taken this time
  quarantine.settle("b-1", 2);
  CHECK(quarantine.rows().empty());
  quarantine.settle("b-1", 1);
  CHECK(quarantine.rows() == RowsByStream{{"measurements", 2}});
  quarantine.drop("b-1", 1, false, {{1, 100}});  // settled: none of it goes this way
  CHECK(quarantine.rows() == RowsByStream{{"measurements", 2}});
}

TEST_CASE("a retry takes its rows out of quarantine when it has landed, but those refused again") {
  const TemporaryDirectory dir;
  const Measurement row("a", 1);
  std::uint64_t unreadable = 0;
  std::vector<Retry> begun;
  {
    Quarantine quarantine(dir.path(), "b-1");
    quarantine.keep({refusals(1, {refusal(1, row), refusal(2, row), refusal(3, row)}), refusals(2, {refusal(9, row)})});
    quarantine.settle("b-1", 1);
    CHECK(quarantine.begin_retries("others", 2, unreadable).empty());
    begun = quarantine.begin_retries("measurements", 2, unreadable);
    REQUIRE(begun.size() == 2);  // three rows, two at once; the fourth is in doubt
    CHECK(begun[0].rows == 2);
    CHECK(begun[1].rows == 1);
    CHECK(begun[1].segment > begun[0].segment);
    CHECK(quarantine.begin_retries("", 2, unreadable).empty());  // under way already
  }
  // The process died. Another one finds them under their numbers.
  Quarantine quarantine(dir.path(), "b-1");
  quarantine.expect("b-1", 2);
  const auto found = quarantine.retries();
  REQUIRE(found.size() == 2);
  CHECK(found[0].segment == begun[0].segment);
  SegmentRefusals again{"b-1", found[0].segment, &measurements(), true, {{1, 2}}, {refusal(2, row, "still")}};
  quarantine.keep({again});
  quarantine.keep({again});  // its COMMIT failed; once more
  quarantine.finish_retry(found[0].segment);
  CHECK(quarantine.rows() == RowsByStream{{"measurements", 2}});
  CHECK(sqlite_number(dir / kQuarantineName, "SELECT attempts FROM entries WHERE row = 2 AND segment = 1") == 2);
  CHECK(sqlite_number(dir / kQuarantineName,
                      "SELECT count(*) FROM entries WHERE row = 2 AND message = 'still' AND retry IS NULL") == 1);
  // Refused in a try whose COMMIT failed, then taken.
  quarantine.keep({SegmentRefusals{"b-1", found[1].segment, &measurements(), true, {{1, 1}}, {refusal(1, row)}}});
  quarantine.drop("b-1", found[1].segment, true, {{1, 1}});
  quarantine.finish_retry(found[1].segment);
  CHECK(quarantine.rows() == RowsByStream{{"measurements", 1}});
  CHECK(quarantine.retries().empty());
  const auto next = quarantine.begin_retries("", 100, unreadable);
  REQUIRE(next.size() == 1);
  CHECK(next[0].segment > found[1].segment);
  quarantine.finish_retry(next[0].segment);
  CHECK_FALSE(quarantine.remove_if_empty());  // the row in doubt
  quarantine.drop("b-1", 2, false, {{1, 100}});
  CHECK(quarantine.remove_if_empty());
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("a quarantine that is damaged, foreign or newer is told as such and left as it is") {
  const TemporaryDirectory dir;
  const Measurement row("a", 1);
  { Quarantine(dir.path(), "b-1").keep({refusals(1, {refusal(1, row)})}); }
  const std::filesystem::path file = dir / kQuarantineName;
  const auto code = [&] {
    try {
      Quarantine(dir.path(), "b-1").rows();
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::usage;
  };
  SECTION("a newer format") {
    SqliteConnection(file.string()).exec("PRAGMA user_version = 2");
    CHECK(code() == ErrorCode::not_built_yet);
  }
  SECTION("another database") {
    SqliteConnection(file.string()).exec("PRAGMA application_id = 7");
    CHECK(code() == ErrorCode::damaged);
  }
  SECTION("no database") {
    std::ofstream(file, std::ios::trunc) << std::string(5000, 'x');
    CHECK(code() == ErrorCode::damaged);
  }
  SECTION("pages that are not in order") {
    std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(4096) << std::string(4096, '\xff');
    CHECK(code() == ErrorCode::damaged);
  }
  SECTION("a symlink") {
    std::filesystem::rename(file, dir / "elsewhere");
    std::filesystem::create_symlink(dir / "elsewhere", file);
    CHECK(code() == ErrorCode::local);
  }
  CHECK(std::filesystem::exists(file));
}

TEST_CASE("a record that is damaged in quarantine is not sent, and the others are") {
  const TemporaryDirectory dir;
  const Measurement row("a", 1);
  { Quarantine(dir.path(), "b-1").keep({refusals(1, {refusal(1, row), refusal(2, row)})}); }
  SqliteConnection((dir / kQuarantineName).string())
      .exec(
          "UPDATE entries SET record = CAST(substr(record, 1, 20) || x'00' || substr(record, 22) AS BLOB) "
          "WHERE row = 1");
  Quarantine quarantine(dir.path(), "b-1");
  std::uint64_t unreadable = 0;
  const auto retries = quarantine.begin_retries("", 100, unreadable);
  CHECK(unreadable == 1);
  REQUIRE(retries.size() == 1);
  CHECK(retries[0].rows == 1);
  CHECK(quarantine.read_retry(retries[0], 1, 1).row(0).version == 1002);
}

TEST_CASE("a quarantine that the disk does not take is an error, and what it held before stays", "[threads]") {
  const TemporaryDirectory dir;
  const std::string failure = in_child([&] {
    const Measurement row("a", 1);
    Quarantine quarantine(dir.path(), "b-1");
    quarantine.keep({refusals(1, {refusal(1, row)})});
    quarantine.settle("b-1", 1);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{64 << 10, 64 << 10};
    expect(::setrlimit(RLIMIT_FSIZE, &small) == 0, "a limit");
    const std::string large(200'000, 'x');
    const Measurement big(large, 1);
    expect_error([&] { quarantine.keep({refusals(2, {refusal(1, big)})}); }, "quarantine.db");
    expect(quarantine.rows() == RowsByStream{{"measurements", 1}}, "the first row alone");
    quarantine.keep({refusals(3, {refusal(1, row)})});
  });
  CHECK(failure.empty());
  CAPTURE(failure);
  CHECK(sqlite_number(dir / kQuarantineName, "SELECT count(*) FROM entries") == 2);
}
