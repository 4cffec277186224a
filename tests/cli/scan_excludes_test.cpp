// Patterns and exclude files as users and their editors write them: read rightly or refused, never half.

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/scan_site.hpp"

namespace forebay::test {
namespace {

/// Ten files f00 … f09.
class TenFiles {
 public:
  TenFiles() {
    for (int i = 0; i < 10; ++i) tree.file("f0" + std::to_string(i));
  }
  /// How many files a scan leaves out with the exclude file `content`; fails the test when it does not end with 0.
  int left_out(const std::string& content) const {
    site.directory().write("globs", content);
    const auto result = site.run({"scan", tree.path(), "--dry-run", "--json", "--exclude-from", "globs"});
    CAPTURE(result.err);
    CHECK(result.status == 0);
    return 11 - summary_of(result).at("scanned").get<int>();
  }
  /// What is said of an exclude file that is refused; nothing is scanned then.
  std::string refusal(const std::string& file) const {
    const auto result = site.run({"scan", tree.path(), "--dry-run", "--json", "--exclude-from", file});
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK(says(result.err, "--exclude-from: " + file));
    return result.err;
  }
  std::string refusal_of(const std::string& content) const {
    site.directory().write("globs", content);
    return refusal("globs");
  }

  ScanSite site;
  Tree tree;
};

TEST_CASE("an exclude file with a byte order mark, CR LF, or no line end at its end leaves out what it names",
          "[threads][field][field-15]") {
  const TenFiles ten;
  CHECK(ten.left_out("\xEF\xBB\xBF"
                     "f07\nf08\n") == 2);
  CHECK(ten.left_out("\xEF\xBB\xBF# of another editor\r\nf07\r\n\r\nf08\r\n") == 2);
  CHECK(ten.left_out("f07\nf08") == 2);
  CHECK(ten.left_out("f07\r\nf08\r") == 2);
  CHECK(ten.left_out("") == 0);
  CHECK(ten.left_out("\xEF\xBB\xBF") == 0);
  CHECK(ten.left_out("caf\xE9\nf07\n") == 1);  // a pattern is bytes
}

TEST_CASE("an exclude file that cannot be read whole is refused with what is wrong with it",
          "[threads][field][field-15]") {
  const TenFiles ten;
  std::filesystem::create_directory(ten.site.directory() / "folder");
  CHECK(says(ten.refusal("folder"), "it is a directory; name a file with a pattern on each line"));
  CHECK(says(ten.refusal("/proc/self/mem"), "cannot be read: Input/output error"));
  CHECK(says(ten.refusal("not-there"), "cannot be read: No such file or directory"));
  using namespace std::string_literals;
  CHECK(says(ten.refusal_of("\xFF\xFE"
                            "f\0"
                            "0\0"
                            "7\0\n\0"s),
             "UTF-16 or UTF-32; save it as UTF-8"));
  CHECK(says(ten.refusal_of("\xFE\xFF\0f\0"
                            "0\0"
                            "7\0\n"s),
             "UTF-16 or UTF-32; save it as UTF-8"));
  CHECK(says(ten.refusal_of("f\0"
                            "0\0"
                            "7\0\n\0"s),
             "line 1: has a NUL byte"));
  CHECK(says(ten.refusal_of("\0\0\xFE\xFF\0\0\0f"s), "line 1: has a NUL byte"));
  CHECK(says(ten.refusal_of("f06\n\nf07\rf08\r"), "line 3: has a carriage return in it that no line feed follows"));
  CHECK(says(ten.refusal_of("f06\nsome/where\n"), "line 2: exclude pattern 'some/where' can match no path"));
}

TEST_CASE("a pattern for a name with a carriage return is written with a ?, as the refusal says", "[threads]") {
  const TenFiles ten;
  ten.tree.file("odd\rname");
  CHECK(ten.left_out("odd?name\n") == 0);  // one more was there, and is left out
}

TEST_CASE("an exclude file of 20 MB is read whole, from a pipe as well", "[threads]") {
  const TenFiles ten;
  std::string content;
  for (int i = 0; content.size() < 20'000'000; ++i) content += "not-here-" + std::to_string(i) + "\n";
  CHECK(ten.left_out(content + "f07\n") == 1);

  CommandLine line = ten.site.line({"scan", ten.tree.path(), "--dry-run", "--json", "--exclude-from", "/dev/stdin"});
  line.standard_input = "f07\nf08\n";
  CHECK(summary_of(run_command(line)).at("scanned") == 9);
}

TEST_CASE("a ? in a pattern is one character of a name, not one byte", "[threads][field][field-28]") {
  const ScanSite site;
  const Tree tree;
  for (const char* name : {"café", "cafe", "caf\xE9", "caféé", "日本"}) tree.file(name);
  const auto kept = [&](const std::string& pattern) {
    return summary_of(site.run({"scan", tree.path(), "--dry-run", "--json", "--exclude", pattern})).at("scanned");
  };
  CHECK(kept("caf?") == 3);
  CHECK(kept("caf[!e]") == 4);
  CHECK(kept("??") == 5);
  CHECK(kept("*[本]") == 5);
  CHECK(kept(tree / "caf?") == 3);
}

}  // namespace
}  // namespace forebay::test
