#include "base/width.hpp"

#include <catch2/catch.hpp>
#include <string>

namespace forebay {

// The widths are those of EastAsianWidth.txt and UnicodeData.txt (Unicode 14): W and F are two columns, Mn and Me none.
TEST_CASE("a line is as wide as its characters are on a terminal") {
  CHECK(width("") == 0);
  CHECK(width("plain \\ ascii") == 13);
  CHECK(width("文件") == 4);                // 6587 and 4EF6: W
  CHECK(width("ｆｕ") == 4);                // FF46 and FF55: F
  CHECK(width("ﾊﾝ") == 2);                  // FF8A and FF9D: H
  CHECK(width("한글") == 4);                // D55C and AE00: W
  CHECK(width("\u1112\u1161\u11ab") == 2);  // one syllable: 1112 is W, what follows is drawn into it
  CHECK(width("cafe\u0301") == 4);          // 0301: Mn
  CHECK(width("\u0915\u094d\u0937") == 2);  // 094D: Mn
  CHECK(width("é ß Ω …") == 7);             // N and A
  CHECK(width("😀") == 2);                   // 1F600: W
  CHECK(width("\U00020000") == 2);          // W
}

TEST_CASE("what is not UTF-8 has a width all the same") {
  CHECK(width("\xff\xfe") == 2);
  CHECK(width("文\xe6") == 3);
}

TEST_CASE("a line is cut between characters, and a character keeps its marks") {
  CHECK(within_width("文件名", 6) == "文件名");
  CHECK(within_width("文件名", 5) == "文件");
  CHECK(within_width("文件名", 1).empty());
  CHECK(within_width("e\u0301e\u0301", 1) == "e\u0301");
  CHECK(within_width("abc", 2) == "ab");
  CHECK(within_width("abc", 0).empty());
}

}  // namespace forebay
