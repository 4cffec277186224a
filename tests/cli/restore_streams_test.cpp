#include "cli/commands/restore_streams.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "forebay/error.hpp"
#include "support/streams.hpp"

namespace forebay::cli {
namespace {

using test::measurements;

TEST_CASE("alike declarations of several files are one stream, different ones of one name are two") {
  RestoreStreams streams;
  Stream wider = measurements();
  wider.columns.push_back({"note", ColumnType::text});
  Stream older_sets = backup_sets_stream();
  older_sets.columns.pop_back();
  const Stream& first = streams.sent_as(measurements(), "a.db");
  CHECK(first.name == "measurements");
  CHECK(&streams.sent_as(measurements(), "b.db") == &first);
  const Stream& second = streams.sent_as(wider, "c.db");
  CHECK(second.name == "measurements (2)");
  CHECK(second.table == "measurements");
  CHECK(second.columns.size() == first.columns.size() + 1);
  CHECK(streams.sent_as(backup_sets_stream(), "a.db").name == "backup_sets");
  CHECK(streams.sent_as(older_sets, "b.db").name == "backup_sets (2)");
  CHECK(streams.sent_as(backup_files_stream(), "b.db").name == "backup_files");
  std::vector<std::string> declared;
  for (const Stream& s : streams.besides_built_in()) declared.push_back(s.name);
  std::sort(declared.begin(), declared.end());
  CHECK(declared == std::vector<std::string>{"backup_sets (2)", "measurements", "measurements (2)"});
  CHECK(RestoreStreams::missing_columns(older_sets) == std::vector<std::string>{"finished_at"});
  CHECK(RestoreStreams::missing_columns(measurements()).empty());
}

TEST_CASE("an older declaration of a built-in stream never takes that stream's name") {
  RestoreStreams streams;
  Stream older = backup_files_stream();
  older.columns.pop_back();
  CHECK(streams.sent_as(older, "a.db").name == "backup_files (2)");
  CHECK(streams.sent_as(backup_files_stream(), "a.db").name == "backup_files");
}

TEST_CASE("a declaration that is none is refused with the file's name") {
  RestoreStreams streams;
  Stream keyless = measurements();
  keyless.key.clear();
  try {
    streams.sent_as(keyless, "a.db");
    FAIL("not refused");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::damaged);
    CHECK_THAT(e.what(), Catch::Contains("a.db") && Catch::Contains("it has no key"));
  }
}

TEST_CASE("the set of a row is its backup_set_id, of a set's own row its id") {
  CHECK(set_column(backup_files_stream()) == std::size_t{0});
  CHECK(set_column(backup_sets_stream()) == std::size_t{0});
  CHECK_FALSE(set_column(measurements()));
  Stream of_sets = measurements();
  of_sets.columns.push_back({"backup_set_id", ColumnType::text});
  CHECK_FALSE(set_column(of_sets));
  of_sets.columns.back().type = ColumnType::integer;
  CHECK(set_column(of_sets) == of_sets.columns.size() - 1);
}

}  // namespace
}  // namespace forebay::cli
