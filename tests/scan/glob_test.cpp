// Patterns, held against a shell's in a UTF-8 locale.
#include "scan/glob.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <sstream>
#include <vector>

#include "scan/excludes.hpp"
#include "support/run_command.hpp"
#include "support/temporary_directory.hpp"

using namespace forebay;
using namespace forebay::test;

namespace {

/// What a shell's patterns match in a UTF-8 locale: a line for each pattern, with a 1 for each name that it matches.
/// (find -name is no measure: where characters do not match, glibc's fnmatch() tries the bytes as well.)
std::vector<std::string> matched_by_bash(const std::vector<std::string>& patterns,
                                         const std::vector<std::string>& names) {
  const TemporaryDirectory directory;
  const auto list = [&](const char* file, const std::vector<std::string>& texts) {
    std::string all;
    for (const std::string& text : texts) all += text + '\n';
    return directory.write(file, all).string();
  };
  const auto result = run_command({.arguments = {"-c",
                                                 "mapfile -t p <\"$0\"; mapfile -t n <\"$1\"\n"
                                                 "for a in \"${p[@]}\"; do s=\n"
                                                 "for b in \"${n[@]}\"; do [[ $b == $a ]] && s+=1 || s+=0; done\n"
                                                 "echo $s; done",
                                                 list("patterns", patterns), list("names", names)},
                                   .environment = {{"LC_ALL", "C.UTF-8"}},
                                   .directory = {},
                                   .standard_input = {},
                                   .program = "/bin/bash"});
  REQUIRE(result.status == 0);
  std::vector<std::string> answers;
  std::istringstream out(result.out);
  for (std::string line; std::getline(out, line);) answers.push_back(line);
  return answers;
}

bool match(const std::string& pattern, const std::string& text) { return Glob(pattern).matches(text); }

}  // namespace

TEST_CASE("patterns match what a shell matches in a UTF-8 locale, whatever the names and patterns", "[threads]") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto drawn = [&](const std::vector<std::string>& pieces, int most) {
    std::string text;
    for (int n = 1 + static_cast<int>(random() % static_cast<unsigned>(most)); n > 0; --n)
      text += pieces[random() % pieces.size()];
    return text;
  };
  const std::vector<std::string> characters = {"a", "b", "c", "é", "ß", "日", "😀", "-", "]", "[", "\\", "!", " ", ".x"};
  const std::vector<std::string> pieces = {
      "a",     "b",     "é",       "日",     "*",     "*",     "?",    "?",       "??",
      "[a-c]", "[é]",   "[!é]",    "[^a-b]", "[]a]",  "[!]a]", "[a-]", "[à-ü]",   "[[:alpha:]]",
      "[",     "]",     "\\*",     "\\é",    "[\\]]", "[b-a]", "**",   "[[.-.]]", "[![:alpha:]]",
      "[a",    "[日😀]", "[a\\-é]", "-",      "[!-a]", ".",     "[a-",  "[-",      "[[:alpha:]-"};
  std::vector<std::string> names, patterns;
  for (int i = 0; i < 300; ++i) names.push_back(drawn(characters, 5));
  for (int i = 0; i < 300; ++i) patterns.push_back(drawn(pieces, 4));
  const std::vector<std::string> expected = matched_by_bash(patterns, names);
  REQUIRE(expected.size() == patterns.size());
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    for (std::size_t n = 0; n < names.size(); ++n) {
      if (match(patterns[i], names[n]) == (expected[i][n] == '1')) continue;
      FAIL_CHECK("pattern " << patterns[i] << ", name " << names[n] << ": bash says " << expected[i][n]);
    }
  }
}

TEST_CASE("a byte that is not UTF-8 counts as one character, beside characters of several bytes") {
  CHECK(match("caf?", "caf\xE9"));
  CHECK(match("??", "é\xE9"));
  CHECK_FALSE(match("?", "\xE9\xE9"));
  CHECK(match("caf\xE9", "caf\xE9"));
  CHECK(match("caf[\xE9]", "caf\xE9"));
  CHECK(match("[!a]", "\xFF"));
  CHECK_FALSE(match("caf[\xE9]", "café"));
  CHECK_FALSE(match("*\xA9", "x"));
  CHECK(match("?", "\xC3"));            // cut short
  CHECK(match("??", "\xC0\xAF"));       // overlong
  CHECK(match("???", "\xED\xA0\x80"));  // a surrogate
  CHECK_FALSE(match("[[:alpha:]]", "\xE9"));
}

TEST_CASE("what shells differ about is judged as fnmatch() does") {
  CHECK(match("[[=a=]]", "a"));
  CHECK_FALSE(match("[[=a=]]", "["));
  CHECK_FALSE(match("a\\", "a\\"));  // nothing follows that a backslash could stand before
  CHECK_FALSE(match("[[:none:]]", "a"));
  CHECK(match("[a", "[a"));
  CHECK_FALSE(match("[a-", "[a-"));  // a range that does not end
  CHECK(match("*", ".hidden"));
  CHECK(match("/srv/*/x", "/srv/a/b/x"));
}

TEST_CASE("a pattern that can match nothing is refused, and one that may is not") {
  for (const char* nothing : {"[[:alfa:]]", "foo\\", "x[[:nix:]]*", "[[.ab.]]", "[a-", ""}) {
    INFO(nothing);
    CHECK_FALSE(why_no_pattern(nothing).empty());
  }
  for (const char* something : {"[", "[a", "[[:alpha:]]", "foo\\\\", "*.tmp", "cache/", "[b-ax]"}) {
    INFO(something);
    CHECK(why_no_pattern(something).empty());
  }
}

TEST_CASE("a star between many characters ends soon where nothing matches") {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "a*";
  CHECK_FALSE(match(pattern + "b", std::string(4000, 'a')));
  CHECK(match(pattern + "b", std::string(4000, 'a') + "b"));
}

TEST_CASE("a long list of plain names and paths is looked up, and wildcards in it hold") {
  std::vector<std::string> globs;
  for (int i = 0; i < 200'000; ++i) globs.push_back("name-" + std::to_string(i));
  globs.insert(globs.end(), {"/srv/data", "*.tmp", "/srv/*/cache", "only/", "a\\*b"});
  const Excludes excludes(globs);
  for (int i = 0; i < 200'000; ++i) {
    const std::string name = "name-" + std::to_string(i);
    if (!excludes.matches(name, "/x/" + name, false)) FAIL(name);
  }
  CHECK_FALSE(excludes.matches("name-200000", "/x/name-200000", false));
  CHECK(excludes.matches("data", "/srv/data", true));
  CHECK_FALSE(excludes.matches("data", "/srv/a/data", true));
  CHECK(excludes.matches("x.tmp", "/x.tmp", false));
  CHECK(excludes.matches("cache", "/srv/a/b/cache", true));
  CHECK(excludes.matches("a*b", "/a*b", false));
  CHECK_FALSE(excludes.matches("axb", "/axb", false));
}
