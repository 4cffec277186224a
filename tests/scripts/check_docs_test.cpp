// scripts/check_docs.py finds what it is there for, in a copy of this tree that was spoiled.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/places.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

namespace forebay::test {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;

/// A copy of what the checks read.
class Copy {
 public:
  Copy() {
    for (const char* name : {"docs", "include", "src", "scripts", "sql", "config", "tests", "bench", "README.md",
                             "README.zh-CN.md", ".env.example"}) {
      const fs::path from = fs::path(source_directory()) / name;
      if (fs::exists(from)) fs::copy(from, root_ / name, fs::copy_options::recursive);
    }
    // Pages beside README.md, to which others lead.
    for (const auto& entry : fs::directory_iterator(source_directory())) {
      if (entry.is_regular_file() && !fs::exists(root_ / entry.path().filename().string())) {
        fs::copy_file(entry.path(), root_ / entry.path().filename().string());
      }
    }
  }

  void append(const std::string& file, const std::string& line) {
    std::ofstream(root_ / file, std::ios::app) << line << '\n';
  }

  CommandResult check() {
    CommandLine line;
    line.program = "/usr/bin/python3";
    line.arguments = {root_ / "scripts/check_docs.py"};
    return run_command(line);
  }

 private:
  TemporaryDirectory root_;
};

TEST_CASE("a tree as it is kept passes the checks of its pages and includes", "[threads]") {
  Copy copy;
  const CommandResult result = copy.check();
  CHECK(result.out == "");
  CHECK(result.status == 0);
}

TEST_CASE("components that include one another are named, each cycle by itself", "[threads]") {
  Copy copy;
  copy.append("src/scan/glob.cpp", "#include \"scan/excludes.hpp\"");
  copy.append("src/control/frame.hpp", "#include \"control/protocol.hpp\"");
  copy.append("src/control/protocol.hpp", "#include \"control/frame.hpp\"");
  const CommandResult result = copy.check();
  CHECK(result.status == 1);
  CHECK(result.out ==
        "src/: components include one another in a cycle: control/frame, control/protocol\n"
        "src/: components include one another in a cycle: scan/excludes, scan/glob\n");
}

TEST_CASE("an include upwards, a cycle of folders, and a library where it has no place are named", "[threads]") {
  Copy copy;
  copy.append("src/base/escape.cpp", "#include \"sync/scheduler.hpp\"");
  copy.append("src/scan/glob.cpp", "#include <sqlite3.h>");
  copy.append("docs/architecture.md", "\n| `scan/` | | `cli/` |");
  const CommandResult result = copy.check();
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("src/base/escape.cpp: includes \"sync/scheduler.hpp\", which its folder may not"));
  CHECK_THAT(result.out, Contains("src/scan/glob.cpp: includes <sqlite3.h>, which only src/sqlite/ may"));
  CHECK_THAT(result.out, Contains("the folders cli, engine, scan include one another in a cycle"));
}

TEST_CASE("a link to nowhere, and a path that is not there, are named", "[threads]") {
  Copy copy;
  copy.append("docs/library.md", "\n[here](nowhere.md), [there](settings.md#no-such-heading), `src/nowhere/x.cpp`");
  const CommandResult result = copy.check();
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("docs/library.md: link to nowhere.md, which does not exist"));
  CHECK_THAT(result.out, Contains("docs/library.md: link to settings.md#no-such-heading: no such heading"));
  CHECK_THAT(result.out, Contains("docs/library.md: names src/nowhere/x.cpp, which does not exist"));
}

}  // namespace
}  // namespace forebay::test
