#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>

#include "base/text.hpp"

using forebay::printable;

TEST_CASE("what a terminal would obey is shown instead") {
  CHECK(printable("plain name.txt") == "plain name.txt");
  CHECK(printable("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(printable("\x1B[31mred\x1B[0m\x07\x7F") == "\\x1B[31mred\\x1B[0m\\x07\\x7F");
  CHECK(printable("caf\xE9") == "caf\\xE9");
  CHECK(printable("\xED\xA0\x80") == "\\xED\\xA0\\x80");                  // an encoded surrogate
  CHECK(printable("invoice\u202Efdp.exe") == "invoice\\u{202E}fdp.exe");  // reads "invoiceexe.pdf" on a terminal
  CHECK(printable("a\u200Bb\uFEFF\U000E0041") == "a\\u{200B}b\\u{FEFF}\\u{E0041}");
  CHECK(printable("\u0085\u009B31m\u2028") == "\\u{85}\\u{9B}31m\\u{2028}");  // C1: next line, CSI
  CHECK(printable(std::string("nul\0nul", 7)) == "nul\\x00nul");
}

TEST_CASE("letters of every script stay as they are") {
  const std::string s = "Grüße 日本語 العربية עברית ไทย 😀 e\u0301";
  CHECK(printable(s) == s);
}

TEST_CASE("a backslash is doubled, so that no name can pass for an escape") {
  CHECK(printable("a\\nb") == "a\\\\nb");
  CHECK(printable("a\\nb") != printable("a\nb"));
}

TEST_CASE("it is known whether a name looks as it is") {
  std::string to = "kept: ";
  CHECK_FALSE(forebay::append_printable(to, "same"));
  CHECK_FALSE(forebay::append_printable(to, "é"));
  CHECK(forebay::append_printable(to, "\n"));
  CHECK(to == "kept: sameé\\n");
}

TEST_CASE("different names are shown differently") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::string alphabet = "a\\nx0u{}\n\t\x01\x80\xC2\x9B\xE2\x80\xAE";
  std::map<std::string, std::string> origin;
  for (int i = 0; i < 50'000; ++i) {
    std::string name;
    for (auto left = random() % 8; left > 0; --left) name += alphabet[random() % alphabet.size()];
    const auto [at, added] = origin.emplace(printable(name), name);
    REQUIRE(at->second == name);
  }
}

TEST_CASE("JSON shows invisible code points as its own escapes, and says the same") {
  using forebay::printable_json;
  const std::string plain = R"({"name":"Grüße \n \\ 日本語 😀"})";
  CHECK(printable_json(plain) == plain);
  CHECK(printable_json("\"a\u202Eb\u009B31m\u007F\"") == R"("a\u202Eb\u009B31m\u007F")");
  CHECK(printable_json("\"\U000E0041\"") == R"("\uDB40\uDC41")");
}
