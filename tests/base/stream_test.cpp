#include "forebay/stream.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "forebay/error.hpp"

using namespace forebay;

namespace {

Stream good() {
  return {
      .name = "readings",
      .table = "lab.readings",
      .columns = {{"sensor", ColumnType::text, true}, {"at", ColumnType::timestamp, true}, {"value", ColumnType::real}},
      .key = {"sensor", "at"},
      .version_column = "reading_version",
      .touched_column = "touched_at"};
}

}  // namespace

TEST_CASE("the built-in streams are sound") {
  CHECK_NOTHROW(backup_files_stream().check());
  CHECK_NOTHROW(backup_sets_stream().check());
  CHECK(backup_files_stream().key_indexes() == std::vector<std::size_t>{0, 1});
  CHECK(backup_files_stream().column_index("full_path") == 15);
}

TEST_CASE("a stream finds its columns by name") {
  const Stream stream = good();
  CHECK_NOTHROW(stream.check());
  CHECK(stream.column_index("value") == 2);
  CHECK(stream.key_indexes() == std::vector<std::size_t>{0, 1});
  CHECK_THROWS_WITH(stream.column_index("valve"), "stream 'readings': there is no column 'valve'");
}

TEST_CASE("a stream that cannot work is refused with what is wrong") {
  struct Case {
    std::function<void(Stream&)> spoil;
    std::string says;
  };
  const std::string long_name(64, 'x');
  const Case cases[] = {
      {[](Stream& s) { s.name.clear(); }, "no name"},
      {[](Stream& s) { s.name = "\xFF"; }, "not UTF-8"},
      {[](Stream& s) { s.table.clear(); }, "table has no name"},
      {[](Stream& s) { s.table = "lab."; }, "table has no name"},
      {[](Stream& s) { s.table = ".readings"; }, "schema has no name"},
      {[](Stream& s) { s.table = "a.b.c"; }, "more than one dot"},
      {[](Stream& s) { s.columns.clear(); }, "no columns"},
      {[](Stream& s) { s.columns[2].name = "at"; }, "column 'at' is there twice"},
      {[](Stream& s) { s.columns[2].name.clear(); }, "column 3 has no name"},
      {[&](Stream& s) { s.columns[2].name = long_name; }, "longer than 63 bytes"},
      {[](Stream& s) { s.key.clear(); }, "no key"},
      {[](Stream& s) { s.key = {"valve"}; }, "no column 'valve'"},
      {[](Stream& s) {
         s.key = {"sensor", "sensor"};
       },
       "named twice"},
      {[](Stream& s) { s.columns[1].not_null = false; }, "key column 'at' may be null"},
      {[](Stream& s) { s.columns[1].type = ColumnType::real; }, "is real"},
      {[](Stream& s) { s.columns[1].type = ColumnType::json; }, "is json"},
      {[](Stream& s) { s.version_column.clear(); }, "version column has no name"},
      {[](Stream& s) { s.version_column = "value"; }, "among its columns"},
      {[](Stream& s) { s.touched_column = "value"; }, "touched column 'value'"},
      {[](Stream& s) { s.touched_column = s.version_column; }, "touched column"},
  };
  for (const Case& c : cases) {
    Stream stream = good();
    c.spoil(stream);
    try {
      stream.check();
      FAIL("accepted; expected: " << c.says);
    } catch (const Error& e) {
      CHECK_THAT(e.what(), Catch::Contains(c.says));
      CHECK(e.code() == ErrorCode::usage);
    }
  }
}
