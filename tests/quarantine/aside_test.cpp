#include "quarantine/aside.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "support/file_bytes.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

TEST_CASE("a quarantine is set aside with SQLite's journal of it, under one number that nothing has") {
  const TemporaryDirectory folder;
  CHECK(set_aside_problem(folder.path()).empty());
  for (const char* name : {"quarantine.db", "quarantine.db-journal"}) std::ofstream(folder / name) << "first";
  CHECK(set_quarantine_aside(folder.path()) == "quarantine.db.damaged");
  CHECK(bytes_of(folder / "quarantine.db-journal.damaged") == "first");
  CHECK_FALSE(std::filesystem::exists(folder / "quarantine.db"));
  CHECK(set_aside_problem(folder.path()) ==
        (folder / "quarantine.db.damaged").string() +
            " was damaged, and its rows cannot be sent again; look at what you need of it, then remove the folder");

  for (const char* name : {"quarantine.db", "quarantine.db-journal"}) std::ofstream(folder / name) << "second";
  CHECK(set_quarantine_aside(folder.path()) == "quarantine.db.2.damaged");
  CHECK(bytes_of(folder / "quarantine.db.2.damaged") == "second");
  CHECK(bytes_of(folder / "quarantine.db-journal.2.damaged") == "second");
  CHECK(bytes_of(folder / "quarantine.db.damaged") == "first");
  CHECK(bytes_of(folder / "quarantine.db-journal.damaged") == "first");
  CHECK(set_aside_quarantines(folder.path()) ==
        std::vector<std::string>{"quarantine.db.damaged", "quarantine.db.2.damaged"});
}

TEST_CASE("a quarantine whose journal was set aside before a kill gets that journal's number") {
  const TemporaryDirectory folder;
  std::ofstream(folder / "quarantine.db-journal.damaged") << "its own";
  std::ofstream(folder / "quarantine.db") << "x";
  CHECK(set_quarantine_aside(folder.path()) == "quarantine.db.damaged");
  CHECK(bytes_of(folder / "quarantine.db-journal.damaged") == "its own");
}

TEST_CASE("of ten quarantines that were set aside the tenth is named last") {
  const TemporaryDirectory folder;
  for (int i = 0; i < 10; ++i) {
    std::ofstream(folder / "quarantine.db") << i;
    set_quarantine_aside(folder.path());
  }
  const auto names = set_aside_quarantines(folder.path());
  REQUIRE(names.size() == 10);
  CHECK(names.front() == "quarantine.db.damaged");
  CHECK(names[1] == "quarantine.db.2.damaged");
  CHECK(names.back() == "quarantine.db.10.damaged");
}

}  // namespace
}  // namespace forebay::test
