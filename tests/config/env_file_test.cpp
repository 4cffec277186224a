#include "config/env_file.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "forebay/error.hpp"
#include "support/temporary_directory.hpp"

namespace forebay {
namespace {

std::string value_of(std::string_view line) {
  const auto entries = parse_env_text(line, ".env");
  REQUIRE(entries.size() == 1);
  return entries[0].value;
}

std::string refusal_of(std::string_view text) {
  try {
    parse_env_text(text, ".env");
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::usage);
    return e.what();
  }
  return "(accepted)";
}

TEST_CASE("lines of a .env are read as people write them") {
  CHECK(value_of("A=1") == "1");
  CHECK(value_of("export A=1\n") == "1");
  CHECK(value_of("export=1\n") == "1");  // a variable may have that name
  CHECK(value_of("  A = two words  # why\n") == "two words");
  CHECK(value_of("A=pass#word\n") == "pass#word");
  CHECK(value_of("A=# nothing\n").empty());
  CHECK(value_of("A=\n").empty());
  CHECK(value_of("A='it is # \\n $x \"'  # comment") == "it is # \\n $x \"");
  CHECK(value_of("A=\"a\\n\\t\\\"\\\\\\$ # b\"") == "a\n\t\"\\$ # b");
  CHECK(value_of("A=x=y") == "x=y");
  CHECK(value_of("A=\xff\xfe") == "\xff\xfe");  // bytes of a path need not be UTF-8
}

TEST_CASE("CRLF line ends and a byte order mark do not become part of anything") {
  const auto entries = parse_env_text(
      "\xef\xbb\xbf"
      "A=1\r\n\r\n# c\r\nB='2'\r\nC=3\r",
      ".env");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].name == "A");
  CHECK(entries[0].value == "1");
  CHECK(entries[1].value == "2");
  CHECK(entries[1].line == 4);
  CHECK(entries[2].value == "3");
}

TEST_CASE("a quoted value may go on over lines, and lines are still counted right") {
  const auto entries = parse_env_text("A=\"one\ntwo\"\nB='x\n\ny'\nC=1\n", ".env");
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].value == "one\ntwo");
  CHECK(entries[1].line == 3);
  CHECK(entries[2].line == 6);
}

TEST_CASE("a malformed line is refused with line and column, and without what it holds") {
  CHECK(refusal_of("A=1\nsecret-canary\n") == ".env:2:7: expected '=' after the name");
  CHECK(refusal_of("1A=1\n").starts_with(".env:1:1: expected a name"));
  CHECK(refusal_of("export A\n") == ".env:1:9: expected '=' after the name");
  CHECK(refusal_of("=canary\n").starts_with(".env:1:1: expected a name"));
  CHECK(refusal_of("A='canary\nB=1\n") == ".env:1:3: the quote is never closed");
  CHECK(refusal_of("A=1\nB=\"canary\n") == ".env:2:3: the quote is never closed");
  CHECK(refusal_of("A='x'canary\n") == ".env:1:6: nothing but a comment may follow the closing quote");
  CHECK(refusal_of("A='x'# c\n").starts_with(".env:1:6:"));
  CHECK(refusal_of("A=\"\\q\"\n").starts_with(".env:1:4: in double quotes only"));
  CHECK(refusal_of("\xff\xfe"
                   "A\0=\0")
            .find("UTF-16") != std::string::npos);
  CHECK(refusal_of(std::string_view("A=1\0002\n", 6)).find("NUL") != std::string::npos);
  for (const char* text : {"A='canary", "canary!", "A='x' canary", "A=\"\\canary\""}) {
    CHECK(refusal_of(text).find("canary") == std::string::npos);
  }
}

TEST_CASE("a line end that editors know and this is none of is refused with its line, wherever it stands") {
  CHECK(refusal_of("A=1\rB=canary\r").starts_with(".env:1:4: a carriage return without a line feed"));
  CHECK(refusal_of("A=1\r\nB=2\rC=3\r\n").starts_with(".env:2:4:"));
  CHECK(refusal_of("# c\rA=1\n").starts_with(".env:1:4:"));
  CHECK(refusal_of("A='x\ry'\n").starts_with(".env:1:5:"));
  CHECK(refusal_of("A=1\n\rB=2\n").starts_with(".env:2:1:"));
  CHECK(refusal_of("A=ä\u2028B=canary\n").starts_with(".env:1:4: a line end that is neither LF nor CRLF"));
  CHECK(refusal_of("A=1 # c\u2029B=2\n").starts_with(".env:1:8:"));
  CHECK(refusal_of("A=1\u0085B=2\n").starts_with(".env:1:4:"));
  CHECK(value_of("A='x\u2028y'") == "x\u2028y");  // as it stands
  CHECK(value_of("A=\"x\\ry\"") == "x\ry");
}

TEST_CASE("columns are counted in characters") { CHECK(refusal_of("A='ümläut' x\n").starts_with(".env:1:12:")); }

TEST_CASE("every cut of a good file is either read or refused") {
  const std::string text = "# c\nexport A='x y'\nB=\"q\\\"\\n\" # d\r\nC=plain # e\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string outcome = refusal_of(text.substr(0, cut));
    CHECK((outcome == "(accepted)" || outcome.starts_with(".env:")));
  }
}

TEST_CASE("a value that other readers would expand is marked") {
  const auto entries = parse_env_text("A=${HOME}/x\nB=\"${HOME}\"\nC='${HOME}'\nD=\"\\${HOME}\"\nE=$HOME\n", ".env");
  REQUIRE(entries.size() == 5);
  CHECK(entries[0].has_reference);
  CHECK(entries[1].has_reference);
  CHECK_FALSE(entries[2].has_reference);
  CHECK_FALSE(entries[3].has_reference);
  CHECK_FALSE(entries[4].has_reference);
  for (const bool bare : {entries[0].has_bare_dollar, entries[1].has_bare_dollar, entries[4].has_bare_dollar}) {
    CHECK(bare);
  }
  for (const bool bare : {entries[2].has_bare_dollar, entries[3].has_bare_dollar}) CHECK_FALSE(bare);
}

TEST_CASE("a settings file that is missing, a folder or far too large is refused by name") {
  const test::TemporaryDirectory directory;
  const auto refusal = [](const std::filesystem::path& file) -> std::string {
    try {
      read_env_file(file);
    } catch (const Error& e) {
      return e.what();
    }
    return "(accepted)";
  };
  CHECK(refusal(directory / "no.env").find("No such file") != std::string::npos);
  CHECK(refusal(directory.path()).find("directory") != std::string::npos);
  CHECK(refusal(directory.write("big", std::string(1 << 20, '#') + "\nA=1\n")).find("1 MiB") != std::string::npos);
}

TEST_CASE("a folder named .env is nobody's settings") {
  const test::TemporaryDirectory directory;
  CHECK_FALSE(default_env_file(directory.path()));
  std::filesystem::create_directory(directory / ".env");
  CHECK_FALSE(default_env_file(directory.path()));
  std::filesystem::remove(directory / ".env");
  directory.write(".env", "");
  CHECK(default_env_file(directory.path()) == directory / ".env");
}

TEST_CASE("a FIFO in the place of ./.env is refused instead of waited for") {
  const test::TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory / ".env").c_str(), 0600) == 0);
  CHECK_THROWS_AS(default_env_file(directory.path()), Error);
}

}  // namespace
}  // namespace forebay
