#include "base/stream_registry.hpp"

#include <catch2/catch.hpp>
#include <functional>

#include "forebay/error.hpp"

using namespace forebay;

namespace {

Stream declared() {
  return {.name = "readings",
          .table = "readings",
          .columns = {{"sensor", ColumnType::text, true}, {"value", ColumnType::real}},
          .key = {"sensor"},
          .version_column = "sync_version",
          .touched_column = "touched_at"};
}

}  // namespace

TEST_CASE("a stream is known by its name, and its address stays while others come") {
  StreamRegistry streams({declared()});
  const Stream* first = streams.find("readings");
  REQUIRE(first != nullptr);
  for (int i = 0; i < 100; ++i) {
    Stream more = declared();
    more.name = "more" + std::to_string(i);
    streams.declare(more);
    CHECK(streams.find(more.name)->name == more.name);
  }
  CHECK(streams.find("readings") == first);
  CHECK(streams.find("none") == nullptr);
}

TEST_CASE("what differs from a known declaration is named") {
  struct Case {
    std::function<void(Stream&)> change;
    std::string differs;
  };
  const std::vector<Case> cases = {
      {[](Stream& s) { s.table = "lab.readings"; }, "its table is 'readings', not 'lab.readings'"},
      {[](Stream& s) { s.columns[1].type = ColumnType::integer; }, "column 2 is 'value' (real), not 'value' (integer)"},
      {[](Stream& s) { s.columns[1].not_null = true; }, "column 2 is 'value' (real), not 'value' (real, not null)"},
      {[](Stream& s) {
         s.columns.push_back({"at", ColumnType::timestamp});
       },
       "it has no column 'at' (timestamp)"},
      {[](Stream& s) { s.columns.pop_back(); }, "it also has the column 'value' (real)"},
      {[](Stream& s) {
         s.columns.insert(s.columns.begin(), {"lab", ColumnType::text, true});
         s.key = {"lab", "sensor"};
       },
       "column 1 is 'sensor' (text, not null), not 'lab' (text, not null)"},
      {[](Stream& s) { s.version_column = "row_version"; }, "its version column is 'sync_version', not 'row_version'"},
      {[](Stream& s) { s.touched_column.clear(); }, "its touched column is 'touched_at', not none"},
  };
  StreamRegistry streams({declared()});
  CHECK_NOTHROW(streams.declare(declared()));
  for (const Case& c : cases) {
    Stream other = declared();
    c.change(other);
    CHECK_THROWS_WITH(streams.declare(other), "stream readings is declared already, and differs: " + c.differs +
                                                  "; declare it as it is, or under another name");
  }
  Stream keys = declared();
  keys.columns.push_back({"lab", ColumnType::text, true});
  streams.declare([&] {
    Stream s = keys;
    s.name = "keys";
    return s;
  }());
  keys.name = "keys";
  keys.key = {"lab"};
  CHECK_THROWS_WITH(streams.declare(keys), Catch::Contains("its key is (sensor), not (lab)"));
  CHECK_THROWS_WITH(StreamRegistry({declared(), declared()}), "stream readings is declared twice");
}

TEST_CASE("journals may hold a name in another declaration, which a later one can make known") {
  StreamRegistry streams({});
  const Stream* held = streams.same_as(declared());
  CHECK(streams.find("readings") == nullptr);
  CHECK(streams.declared_as(declared()) == held);

  Stream wider = declared();
  wider.columns.push_back({"at", ColumnType::timestamp});
  CHECK(streams.declared_as(wider) == nullptr);
  streams.declare(wider);
  CHECK(streams.find("readings") != held);
  CHECK(streams.same_as(declared()) == held);

  StreamRegistry alike({});
  const Stream* adopted = alike.same_as(declared());
  alike.declare(declared());
  CHECK(alike.find("readings") == adopted);
}

TEST_CASE("streams in use come in the order in which they were declared") {
  Stream other = declared();
  other.name = "other";
  StreamRegistry streams({declared(), other});
  CHECK(streams.in_use().empty());
  streams.use(streams.find("other"));
  streams.use(streams.find("readings"));
  streams.use(streams.find("other"));
  CHECK(streams.in_use() == std::vector{streams.find("readings"), streams.find("other")});
}
